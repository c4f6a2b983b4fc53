/**
 * What nobody caught is a line of the log like any other, with its stack in a field: a reader of JSON
 * lines never meets a raw text between them. The same for Node's own warnings.
 */
import type { JsonLogger } from './json-logger.ts';

/** An error that nobody caught still ends the process, with 1. */
export function logUncaught(logger: JsonLogger): void {
  process.on('uncaughtException', (error, origin) => {
    logger.error({ err: error, origin }, 'nobody caught an error; the process ends');
    process.exit(1);
  });
  process.removeAllListeners('warning');
  process.on('warning', (warning) => logger.warn({ err: warning }, 'a warning of Node'));
}
