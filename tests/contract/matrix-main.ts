/**
 * `npm run test:matrix`: every contract suite on every implementation of its port, as one table. Fails
 * if a test fails, which it names, or if an implementation that should be there ran no test.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const USAGE = `Usage: npm run test:matrix

Runs every contract suite on every implementation of its port: stores, logs, ledgers, warehouses. Takes
about two minutes. Those of Kafka need Java and Maven, those of Valkey a Valkey or Redis server.
`;

type TestResult = {
  ancestorTitles: string[];
  fullName: string;
  status: string;
  failureMessages: string[];
};
type Report = {
  testResults: { name: string; message: string; assertionResults: TestResult[] }[];
};
type Counts = { passed: number; failed: number; skipped: number };

/** Ports and their implementations, as the suites name them. */
const EXPECTED = [
  'Log contract: SQLite',
  'Log contract: Kafka',
  'Ledger contract: SQLite',
  'Ledger contract: EventStoreDB',
  'Warehouse contract: chDB',
  'Warehouse contract: ClickHouse over HTTP',
  'RateStore contract: embedded',
  'RateStore contract: Valkey',
  'AnswerCache contract: embedded',
  'AnswerCache contract: Valkey',
  'IdempotencyStore contract: SQLite',
  'IdempotencyStore contract: Valkey',
];
const SUITE = /^[A-Za-z]+ contract: /;

const { values } = parseArgs({
  options: { help: { type: 'boolean', short: 'h', default: false } },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), 'tollgate-matrix-'));
const file = join(folder, 'report.json');
const args = ['vitest', 'run', '--project=contract', '--reporter=json', `--outputFile=${file}`];
const { status } = spawnSync('npx', args, { stdio: ['ignore', 'ignore', 'inherit'] });
const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
rmSync(folder, { recursive: true, force: true });

const table = new Map<string, Counts>(
  EXPECTED.map((name) => [name, { passed: 0, failed: 0, skipped: 0 }]),
);
const others: Counts = { passed: 0, failed: 0, skipped: 0 };
const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
for (const { ancestorTitles, status: outcome } of results) {
  const suite = ancestorTitles.find((title) => SUITE.test(title));
  const known = [...table.keys()].find((name) => suite?.startsWith(name));
  const counts = known === undefined ? others : (table.get(known) as Counts);
  if (outcome === 'passed') counts.passed++;
  else if (outcome === 'failed') counts.failed++;
  else counts.skipped++;
}
console.table(
  Object.fromEntries([...table, ['promises of one implementation only', others] as const]),
);
for (const { fullName, status: outcome, failureMessages } of results) {
  if (outcome === 'failed') console.error(`failed: ${fullName}\n${failureMessages.join('\n')}`);
}
for (const { name, message, assertionResults } of report.testResults) {
  if (assertionResults.length === 0) console.error(`no test of ${name} ran\n${message}`);
}
const missing = [...table].filter(([, c]) => c.passed + c.failed + c.skipped === 0);
for (const [name] of missing) console.error(`${name}: no test ran`);
const sum = (key: keyof Counts) =>
  [...table.values(), others].reduce((total, counts) => total + counts[key], 0);
console.log(
  `${sum('passed')} passed, ${sum('failed') + missing.length} failed, ${sum('skipped')} skipped`,
);
process.exit(status === 0 && missing.length === 0 ? 0 : 1);
