/**
 * The tests by tier, one project each; their groups run one after another. `npm test` leaves out chaos,
 * browser and containers, which need more of a machine.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { LongestFirst } from './tests/house/longest-first.ts';
import { RunReporter } from './tests/house/run-reporter.ts';
import { TIERS, type Tier } from './tests/house/tiers.ts';

const NODE_MAJOR_MIN = 26;
if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR_MIN) {
  throw new Error(
    `The tests need Node ${NODE_MAJOR_MIN}, this is ${process.version}: run them with npx vitest.`,
  );
}

// chDB's queries occupy libuv's threads. The pool is sized once, when a process starts, so the
// forks must inherit the size; `test.env` would come too late.
process.env['UV_THREADPOOL_SIZE'] ??= '16';
// Tests start hundreds of processes of the product: each compiles its modules once, not every time.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(
  new URL('node_modules/.cache/compile', import.meta.url),
);

function project(tier: Tier): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name: tier.name,
      include: [`**/*.${tier.name}.test.ts`],
      testTimeout: tier.timeoutMs,
      hookTimeout: tier.timeoutMs,
      maxWorkers: tier.workers,
      isolate: tier.isolate,
      sequence: { groupOrder: tier.group },
    },
  };
}

export default defineConfig({
  test: {
    // Processes, not threads: chDB must not run in a worker thread.
    pool: 'forks',
    allowOnly: process.env['CI'] === undefined,
    reporters: ['default', new RunReporter()],
    sequence: { sequencer: LongestFirst },
    // Node loads the modules, as it does in production: vite would rewrite each of them, so that every
    // use of something imported became a look into an object, and V8 could keep no compiled code.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    projects: TIERS.map(project),
  },
});
