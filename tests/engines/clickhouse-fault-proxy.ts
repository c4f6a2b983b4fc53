/**
 * An HTTP proxy in front of ClickHouse. It treats a request as a test tells it to: with faults of
 * the network, or with answers of a real server that the stand-in cannot give.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export type Fault =
  | 'none'
  /** The connection breaks before the server sees the request. */
  | 'cut'
  /** The server runs the request, and the connection breaks before the answer. */
  | 'lost'
  /** The server runs the request, and the connection breaks after half of the answer. */
  | 'torn'
  /** The server runs the request, and the client gets another answer. */
  | { status: number; headers: Record<string, string>; text: string };

export type ClickhouseFaultProxy = {
  url: string;
  /** Decides what happens to each request, by its statement. */
  on(decide: (sql: string) => Fault): void;
  /** Every statement that came, in order. */
  readonly statements: readonly string[];
  /** The most connections that were open at once. */
  readonly connectionsMost: number;
  close(): Promise<void>;
};

export async function startClickhouseFaultProxy(target: string): Promise<ClickhouseFaultProxy> {
  let decide: (sql: string) => Fault = () => 'none';
  let connectionsMost = 0;
  const statements: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((incoming, response) => {
    relay(target, incoming, response, (sql) => {
      statements.push(sql);
      return decide(sql);
    }).catch(() => response.destroy());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    connectionsMost = Math.max(connectionsMost, sockets.size);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    on(next) {
      decide = next;
    },
    statements,
    get connectionsMost() {
      return connectionsMost;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function relay(
  target: string,
  incoming: IncomingMessage,
  response: ServerResponse,
  decide: (sql: string) => Fault,
): Promise<void> {
  const body = await bytesOf(incoming);
  const url = new URL(incoming.url ?? '/', target);
  const fault = decide(url.searchParams.get('query') ?? body.toString());
  if (fault === 'cut') return void response.destroy();
  const answer = await forwarded(url, incoming, body);
  if (fault === 'lost') return void response.destroy();
  if (typeof fault === 'object') {
    response.writeHead(fault.status, fault.headers);
    return void response.end(fault.text);
  }
  const headers = { ...answer.headers, 'content-length': String(answer.bytes.length) };
  response.writeHead(answer.status, headers);
  if (fault === 'none') return void response.end(answer.bytes);
  response.write(answer.bytes.subarray(0, answer.bytes.length / 2), () => response.destroy());
}

async function forwarded(url: URL, incoming: IncomingMessage, body: Buffer) {
  const { 'transfer-encoding': _, ...headers } = incoming.headers;
  const { method = 'POST' } = incoming;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options = { method, headers: { ...headers, 'content-length': body.length } };
  const outgoing = request(url, options, resolve);
  outgoing.once('error', reject);
  outgoing.end(body);
  const answer = await promise;
  const { 'transfer-encoding': __, ...kept } = answer.headers;
  return { status: answer.statusCode ?? 500, headers: kept, bytes: await bytesOf(answer) };
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
