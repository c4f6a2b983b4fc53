/** The stores' contracts on containers (`*.containers.test.ts`), as steps of the run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command } from './command.ts';
import { KAFKA_IMAGE } from './local-images.ts';
import type { Podman } from './podman.ts';
import type { Steps } from './steps.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Kafka's start, a pull that is not answered, and the suites themselves, ms. */
const RUN_TIMEOUT_MS = 600_000;

type Report = { numPassedTests: number; numFailedTests: number; numPendingTests: number };

/** @param ownKafka whether the local image of Kafka was built */
export async function runContracts(
  steps: Steps,
  podman: Podman,
  folder: string,
  ownKafka: boolean,
  signal: AbortSignal,
): Promise<void> {
  const file = join(folder, 'contracts.json');
  const env = {
    ...podman.env,
    FORCE_COLOR: '0',
    // Its cleaning container cannot be pulled: what a killed run leaves goes with our podman.
    TESTCONTAINERS_RYUK_DISABLED: 'true',
    TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1',
    ...(ownKafka ? { TOLLGATE_KAFKA_IMAGE: KAFKA_IMAGE } : {}),
  };
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const args = ['vitest', 'run', '--project=containers', ...reporters];
  let printed = '';
  const print = (text: string) => {
    printed += text;
  };
  const done = await steps.run(
    'the contracts of log and ledger through testcontainers',
    async () => {
      await command('npx', args, { timeoutMs: RUN_TIMEOUT_MS, cwd: ROOT, env, signal, print });
    },
  );
  if (signal.aborted) return;
  if (!done) return console.log(printed);
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  steps.count({ passed: report.numPassedTests, failed: report.numFailedTests, skipped: 0 });
  console.log(`         ${report.numPassedTests} tests passed, ${report.numPendingTests} skipped`);
  const reasons = new Set(printed.match(/NOT TESTED: .*/g));
  const [reason, ...more] = reasons;
  if (report.numPendingTests > 0) {
    const why = [reason, ...more].join('; ').replaceAll('NOT TESTED: ', '');
    steps.skip(`${report.numPendingTests} tests of the contracts`, why, report.numPendingTests);
  }
}
