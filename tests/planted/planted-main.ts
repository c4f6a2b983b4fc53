/**
 * `npm run test:planted`: tests the tests. Plants one bug at a time at a seam of the product's source,
 * as it is loaded, and runs the one test that must go red for it. A test that stays green, a bug that
 * was never loaded, and a test that is red without any bug are failures.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { environmentOf, SEAM_PRELOAD } from '../seams/loading.ts';
import type { Plant } from './plant.ts';
import { plants } from './plants.ts';

const USAGE = `Usage: npm run test:planted -- [options]

Plants one bug at a time and runs the test that must go red for it.

  --only TEXT  only the bugs whose name contains TEXT
`;

/** A run that takes longer hangs, which is no proof of anything, ms: of one test, and of all without a bug. */
const RUN_TIMEOUT_MS = 240_000;
const SOUND_TIMEOUT_MS = 1_800_000;
const FIRST_LINE_LENGTH_MAX = 160;
const NO_MISTAKE = /^(ReferenceError|SyntaxError|TypeError): /;

type TestResult = { title: string; status: string; failureMessages: string[] };
type Report = { testResults: { name: string; assertionResults: TestResult[] }[] };

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tollgate-planted-'));

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Runs these tests alone. @returns their results by title, null if vitest wrote none */
async function runTests(
  tests: readonly Plant['test'][],
  environment: Record<string, string>,
  timeoutMs: number,
): Promise<Map<string, TestResult> | null> {
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const names = [...new Set(tests.map(({ name }) => escaped(name)))].join('|');
  const files = [...new Set(tests.map(({ file }) => file))];
  const command = ['node_modules/vitest/vitest.mjs', 'run', ...files, '-t', `(${names})$`];
  command.push('--config', 'tests/planted/vitest.config.ts');
  command.push('--reporter=json', `--outputFile=${report}`);
  const child = spawn(process.execPath, command, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: timeoutMs,
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  await new Promise((resolve) => child.on('close', resolve));
  if (!existsSync(report)) {
    console.error(said);
    return null;
  }
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  const ran = results.filter(({ status }) => status === 'passed' || status === 'failed');
  return new Map(ran.map((result) => [result.title, result]));
}

function firstLine(result: TestResult): string {
  const [line = 'failed without a word'] = (result.failureMessages[0] ?? '').split('\n');
  return line.length <= FIRST_LINE_LENGTH_MAX ? line : `${line.slice(0, FIRST_LINE_LENGTH_MAX)}…`;
}

/** @returns what the test said to the bug. @throws Error if that proves nothing */
async function tryPlant(plant: Plant): Promise<string> {
  const planted = join(folder, 'planted');
  rmSync(planted, { force: true });
  const environment = { ...environmentOf(plant.edits, planted), NODE_OPTIONS: SEAM_PRELOAD };
  const results = await runTests([plant.test], environment, RUN_TIMEOUT_MS);
  if (!existsSync(planted)) throw new Error('the bug was not planted: nothing loaded its file');
  const result = results?.get(plant.test.name);
  if (result === undefined) throw new Error('the test did not run');
  if (result.status !== 'failed') throw new Error('GREEN: the test does not notice');
  const said = firstLine(result);
  // The source around the seam has changed: the mistake is not the one that is meant any more.
  if (NO_MISTAKE.test(said)) throw new Error(`the planted code does not run: ${said}`);
  return said;
}

const chosen = plants.filter(({ bug }) => bug.includes(values.only));
let failed = 0;
try {
  const tests = chosen.map(({ test }) => test);
  console.log('All tests without any bug');
  const sound = await runTests(tests, {}, SOUND_TIMEOUT_MS);
  if (sound === null) throw new Error('the tests without any bug did not end by themselves');
  for (const [index, plant] of chosen.entries()) {
    const { bug, test } = plant;
    console.log(`${index + 1}/${chosen.length} ${bug}\n    ${test.file}: ${test.name}`);
    try {
      if (sound.get(test.name)?.status !== 'passed') {
        throw new Error('the test is not green without any bug');
      }
      console.log(`    red: ${await tryPlant(plant)}`);
    } catch (error) {
      failed++;
      console.log(`    FAILED: ${error instanceof Error ? error.message : error}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${chosen.length - failed} passed, ${failed} failed, 0 skipped`);
process.exit(failed === 0 && chosen.length > 0 ? 0 : 1);
