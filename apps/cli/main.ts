/** `tollgate COMMAND`: what an operator does by hand. The commands are in `commands.ts`. */
import { makePrivateFiles } from '@tollgate/adapters/files/private-folder.ts';
import { processStreams } from './output/process-streams.ts';
import { INTERRUPTED, runCommandLine } from './run.ts';

makePrivateFiles();
const interrupted = new AbortController();
/** What a command has to put right on a terminal, it does at once. */
const END_MS = 300;
process.on('SIGINT', () => {
  interrupted.abort();
  setTimeout(() => process.exit(INTERRUPTED), END_MS);
});
const streams = processStreams(process);
const code = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  streams,
  signal: interrupted.signal,
});
await streams.out.drained();
process.exitCode = code;
if (interrupted.signal.aborted) process.exit(INTERRUPTED);
