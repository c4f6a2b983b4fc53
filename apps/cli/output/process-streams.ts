/** Standard output and standard error of this process. */
import { hasColours, painter } from './colours.ts';
import type { Sink, Streams } from './output.ts';

const WIDTH_DEFAULT = 80;
/** Narrower than this nothing can be read, however it is cut. */
const WIDTH_MIN = 20;

type Process = Pick<NodeJS.Process, 'stdout' | 'stderr' | 'env'>;

export function processStreams({ stdout, stderr, env }: Process): Streams {
  // The reader has left (`| head`): there is nobody to tell, and nothing went wrong.
  stdout.on('error', leaveQuietly);
  stderr.on('error', leaveQuietly);
  return { out: sinkOf(stdout, env), err: sinkOf(stderr, env) };
}

function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}

function sinkOf(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Sink {
  const isTerminal = stream.isTTY === true;
  return {
    isTerminal,
    write: (text) => void stream.write(text),
    drained: () =>
      new Promise((resolve) => {
        if (stream.writableNeedDrain) stream.once('drain', () => resolve());
        else resolve();
      }),
    get width() {
      const stated = Number(env['COLUMNS']);
      const columns = isTerminal ? stream.columns : Number.isInteger(stated) ? stated : undefined;
      return Math.max(WIDTH_MIN, columns !== undefined && columns > 0 ? columns : WIDTH_DEFAULT);
    },
    get height() {
      return isTerminal ? stream.rows : undefined;
    },
    paint: painter(hasColours(env, isTerminal)),
  };
}
