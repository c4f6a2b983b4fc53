/** Reading a bill: whole lines of the first `end` bytes, in order, with where each one ends. */
import { createReadStream } from 'node:fs';
import { limits } from '../limits.ts';

type PlacedLine = {
  readonly text: string;
  /** Offset of the byte after its line feed. */
  readonly end: number;
};

const LINE_FEED = 10;

/** Yields every line that ends with a line feed; what follows the last one is not yielded. */
export async function* placedLines(path: string, end: number): AsyncGenerator<PlacedLine> {
  if (end === 0) return;
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  const chunks = createReadStream(path, { end: end - 1, highWaterMark: 1024 * 1024 });
  for await (const chunk of chunks as AsyncIterable<Buffer>) {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let at = data.indexOf(LINE_FEED); at >= 0; at = data.indexOf(LINE_FEED, from)) {
      offset += at + 1 - from;
      yield { text: data.toString('utf8', from, at), end: offset };
      from = at + 1;
    }
    rest = data.subarray(from);
    if (rest.length > limits.billLineBytesMax) throw new Error(`${path}: this is not a bill`);
  }
}
