/** Clients, providers and journals of the tests of whole calls, and what became of the calls. */
import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Journal } from '@tollgate/adapters/journal/journal.ts';
import type { JournalWrite } from '@tollgate/adapters/journal/journal-writes.ts';
import type { CallHouse } from './call-house.ts';

export const usage = { prompt_tokens: 30, completion_tokens: 12 };
const last = { delta: { content: 'four five' }, finish_reason: 'stop' };
export const CHUNK = `data: ${JSON.stringify({ choices: [last] })}\n\n`;
export const USAGE = `data: ${JSON.stringify({ choices: [], usage })}\n\n`;
export const DONE = 'data: [DONE]\n\n';

export function chat(fields: object = {}): string {
  const messages = [{ role: 'user', content: 'hi' }];
  return JSON.stringify({ model: 'm', messages, max_tokens: 10, ...fields });
}

/** Of such requests: a byte of them, or of framing, holds at least a token; 10 of output. */
export const HOLD = BigInt(chat().length) + 128n + 10n;
export const STREAM_HOLD = BigInt(chat({ stream: true }).length) + 128n + 10n;
/** What an event says of usage, as far as `ends` shows it. */
export const STATED = { source: 'provider', cost: '0.000000000042' };
export const UNUSED = { source: 'none', cost: '0.000000000000' };
export const UNKNOWN = { source: 'none', cost: null };

export function post({ url }: CallHouse, body = chat()): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body });
}

/** A client that reads only when it is told to. */
export async function connectRaw(
  { url }: CallHouse,
  body = chat({ stream: true }),
): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.pause();
  // A response that is destroyed resets its connection.
  socket.on('error', () => undefined);
  const head = [
    ...['POST /v1/chat/completions HTTP/1.1', 'host: x', 'content-type: application/json'],
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  return socket;
}

/** Resolves when the front has seen that the client has gone. */
export async function leave({ server }: CallHouse, socket: Socket): Promise<void> {
  const connections = () =>
    new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
  socket.destroy();
  while ((await connections()) > 0) await tick();
}

/** A promise and what resolves it. */
export function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: () => resolve() };
}

export const answering =
  (status: number, body: string, type = 'application/json'): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': type });
    response.end(body);
  };

export const startStream = (response: ServerResponse) =>
  response.writeHead(200, { 'content-type': 'text/event-stream' });

/** Lets a write of this kind wait until the gate is open. */
export const holdingUp =
  (op: JournalWrite['op'], waitsFor: Promise<void>) =>
  (journal: Journal): Journal['submit'] =>
  (write, done) => {
    if (write.op !== op) return journal.submit(write, done);
    void waitsFor.then(() => journal.submit(write, done));
  };

export const failingAt =
  (op: JournalWrite['op']) =>
  (journal: Journal): Journal['submit'] =>
  (write, done) => {
    if (write.op !== op) return journal.submit(write, done);
    setImmediate(() => done(new Error('the disk is full')));
  };

/** What became of the attempts: their events, and what the lease was charged in the end. */
export async function ends(house: CallHouse) {
  await house.idle();
  const lease = house.holds[0]?.[0]?.parts[0]?.lease;
  return {
    ops: house.writes.map(({ op }) => op),
    events: house.events().map((event) => ({
      attempt: event.attempt,
      status: event.status,
      http: event.http_status,
      error: event.error_type,
      source: event.usage_source,
      cost: event.cost,
    })),
    held: lease?.held,
    spent: lease?.spent,
  };
}

export function tick(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 20);
  });
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await tick();
}
