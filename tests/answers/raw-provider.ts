/** A provider on a bare socket: it sends the bytes of a case as they are, whatever is asked. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { ProviderScript } from './answer-case.ts';

const CHUNK_END = '\r\n';

export type RawProvider = { url: string; close(): Promise<void> };

/** @param scriptOf by the `user` of the request's body */
export async function startRawProvider(
  scriptOf: (user: string) => ProviderScript | undefined,
): Promise<RawProvider> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    let received: Buffer = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      const body = bodyOf(received);
      if (body === null) return;
      received = Buffer.alloc(0);
      const { user } = JSON.parse(body) as { user: string };
      void play(socket, scriptOf(user));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The body of the request, once all of it has come. */
function bodyOf(received: Buffer): string | null {
  const end = received.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const head = received.toString('latin1', 0, end);
  const length = Number(/content-length: *(\d+)/i.exec(head)?.[1]);
  const body = received.subarray(end + 4);
  return body.length < length ? null : body.toString();
}

async function play(socket: Socket, script: ProviderScript | undefined): Promise<void> {
  if (script === undefined) {
    socket.destroy();
    return;
  }
  const { headers, pieces, whole = false, after = 'keep', dripMs = 0 } = script;
  const length = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0);
  const framing = whole ? `content-length: ${length}` : 'transfer-encoding: chunked';
  socket.write(
    `${[`HTTP/1.1 ${script.status ?? '200 OK'}`, ...headers, framing].join('\r\n')}\r\n\r\n`,
  );
  for (const piece of pieces) {
    if (dripMs > 0) await wait(dripMs);
    if (socket.destroyed) return;
    const bytes = Buffer.from(piece);
    if (!whole) socket.write(bytes.length.toString(16) + CHUNK_END);
    socket.write(bytes);
    if (!whole) socket.write(CHUNK_END);
  }
  if (!whole && script.unfinished !== true) socket.write(`0${CHUNK_END}${CHUNK_END}`);
  if (after === 'close') socket.end();
  // What was sent must be read first: a reset throws it away.
  if (after === 'reset') setTimeout(() => socket.resetAndDestroy(), 200);
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
