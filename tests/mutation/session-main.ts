/**
 * A process with one vitest, which transforms each file once and runs the tests that it is sent: a
 * child of `session.ts`.
 */
import { fileURLToPath } from 'node:url';
import { createVitest } from 'vitest/node';
import type { Reply, Request } from './plan.ts';

const vitest = await createVitest({
  watch: false,
  config: fileURLToPath(new URL('./vitest.config.ts', import.meta.url)),
});

process.on('message', (request: Request) => void run(request));
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function run(request: Request): Promise<void> {
  const reply: Reply = { unhandled: [] };
  try {
    const specifications = [];
    for (const { file, times } of request) {
      const [found] = await vitest.getRelevantTestSpecifications([file]);
      if (found === undefined) throw new Error(`vitest knows no test file ${file}`);
      specifications.push(...Array.from({ length: times }, () => found));
    }
    const { unhandledErrors } = await vitest.runTestSpecifications(specifications);
    reply.unhandled = unhandledErrors.map((error) => String((error as Error).message ?? error));
  } catch (error) {
    reply.unhandled.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  process.send?.(reply);
}
