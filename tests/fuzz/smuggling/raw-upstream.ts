/**
 * A provider that reads what comes on its sockets byte by byte, as strictly as RFC 9112 lets it: it knows
 * how many requests it was really sent, and whether anything came that is part of none.
 */
import { createServer, type Socket } from 'node:net';

export type RawUpstream = {
  url: string;
  /** Bodies of requests, in the order in which they came. */
  bodies: string[];
  /** What no client may send a provider. */
  wrong: string[];
  close(): Promise<void>;
};

const REQUEST_LINE = /^POST \/v1\/[\w/.:%-]+(\?alt=sse)? HTTP\/1\.1$/;
const HEADER = /^[\w-]+: [\t\x20-\x7e]*$/;

const ANSWER = JSON.stringify({
  ...{ id: 'a', model: 'm', choices: [{ index: 0, message: { content: 'x' }, text: 'x' }] },
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});
const SENT = [
  'HTTP/1.1 200 OK',
  'content-type: application/json',
  `content-length: ${ANSWER.length}`,
].join('\r\n');

export async function openRawUpstream(): Promise<RawUpstream> {
  const bodies: string[] = [];
  const wrong: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let kept = '';
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (bytes) => {
      kept += bytes.toString('latin1');
      const end = kept.indexOf('\r\n\r\n');
      if (end < 0) return;
      const [requestLine = '', ...lines] = kept.slice(0, end).split('\r\n');
      const length = lengthOf(requestLine, lines, wrong);
      if (kept.length < end + 4 + length) return;
      bodies.push(kept.slice(end + 4, end + 4 + length));
      // The answer has not been sent yet: nothing may be behind the request.
      if (kept.length > end + 4 + length) wrong.push(`behind it: ${kept.slice(end + 4 + length)}`);
      kept = '';
      socket.write(`${SENT}\r\n\r\n${ANSWER}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    ...{ url: `http://127.0.0.1:${port}/v1`, bodies, wrong },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** How long its body is; what is wrong with its head is noted. */
function lengthOf(requestLine: string, lines: readonly string[], wrong: string[]): number {
  if (!REQUEST_LINE.test(requestLine)) wrong.push(`request line: ${requestLine}`);
  const odd = lines.filter((line) => !HEADER.test(line));
  if (odd.length > 0) wrong.push(`lines: ${JSON.stringify(odd)}`);
  const named = (name: string) => lines.filter((line) => line.toLowerCase().startsWith(`${name}:`));
  const lengths = named('content-length');
  if (lengths.length !== 1) wrong.push(`lengths: ${JSON.stringify(lengths)}`);
  for (const name of ['transfer-encoding', 'upgrade', 'expect', 'te', 'trailer']) {
    if (named(name).length > 0) wrong.push(`${name}: ${named(name)}`);
  }
  return Number(lengths[0]?.slice('content-length:'.length));
}
