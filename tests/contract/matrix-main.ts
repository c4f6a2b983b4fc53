/**
 * `npm run test:matrix`: every contract suite on every implementation of its port, as one table.
 * Fails if a test fails, or if an implementation that should be there ran no test.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Report = {
  testResults: {
    assertionResults: { ancestorTitles: string[]; status: string; failureMessages: string[] }[];
  }[];
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
];
const SUITE = /^(Log|Ledger|Warehouse) contract: /;

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
for (const { ancestorTitles, status: outcome } of report.testResults.flatMap(
  ({ assertionResults }) => assertionResults,
)) {
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
const missing = [...table].filter(([, c]) => c.passed + c.failed + c.skipped === 0);
for (const [name] of missing) console.error(`${name}: no test ran`);
const sum = (key: keyof Counts) =>
  [...table.values(), others].reduce((total, counts) => total + counts[key], 0);
console.log(
  `${sum('passed')} passed, ${sum('failed') + missing.length} failed, ${sum('skipped')} skipped`,
);
process.exit(status === 0 && missing.length === 0 ? 0 : 1);
