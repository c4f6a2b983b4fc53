/**
 * The proxy's app over real sockets with two keys of two customers, and no provider: a request that
 * was read whole is refused because nobody serves its model, so a test sees how it was taken in.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { JournalWrite } from '@tollgate/adapters/journal/journal-writes.ts';
import { formatKeySecret } from '@tollgate/domain/key/key-secret.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { buildProxy } from '../app.ts';
import { BodyReaders } from '../body/body-readers.ts';
import type { CallDeps } from '../call/call-deps.ts';
import { CallHandler } from '../call/call-handler.ts';
import { LedgerView } from '../ledger-view/ledger-view.ts';
import { type ProxyLimits, proxyLimits } from '../limits.ts';
import { newUuid } from '../random.ts';

export type GateHouse = {
  port: number;
  /** Of two customers. */
  secrets: readonly [string, string];
  handler: CallHandler;
  refused: string[];
  /** Refusals as usage events. */
  events: UsageEvent[];
  /** Bytes that the server has read from each connection, in the order in which they came. */
  bytesRead(): number[];
  close(): Promise<void>;
};

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

const ISSUED = {
  ...{ team_id: null, name: 'n', environment: 'live', tags: {}, last_four: 'abcd' },
  ...{ on_disconnect: 'drain', expires_at: null, pepper_version: 1 },
};

/** @param more what else calls find, in place of what is here */
export async function openGateHouse(
  changed: Partial<ProxyLimits> = {},
  more: object = {},
): Promise<GateHouse> {
  const limits = { ...proxyLimits, ...changed };
  const directory = new LedgerView(16);
  const secrets = [7, 9].map((byte) => formatKeySecret('live', new Uint8Array(32).fill(byte)));
  for (const [index, secret] of secrets.entries()) {
    const id = `key_0123456789ABCDEFGHJKMNPQR${index}`;
    directory.apply({
      ...{ id, type: 'KeyIssued', stream: `key-${id}`, revision: 0n, position: '' },
      ...{ recordedAtMs: 0 },
      data: { ...ISSUED, key_id: id, customer_id: `cus_${index}`, hash: hashOf(secret) },
    } as unknown as Parameters<LedgerView['apply']>[0]);
  }
  const refused: string[] = [];
  const events: UsageEvent[] = [];
  const bodies = new BodyReaders(limits);
  const deps = {
    ...{ instanceId: 'ins_1', limits, directory, bodies, newUuid },
    follower: { isFresh: () => true },
    secrets: {
      pepperVersions: [1],
      digestKey: (text: string) => ({ hash: hashOf(text), pepper_version: 1 }),
    },
    deployments: {
      ...{ providers: [], route: () => ({ code: 'model_not_found' }) },
      candidate: () => ({ code: 'model_not_found' }),
    },
    journal: {
      outboxRecords: () => 0,
      queuedWrites: () => 0,
      submit: (write: JournalWrite) => {
        if (write.op === 'recorded') events.push(JSON.parse(write.event) as UsageEvent);
      },
    },
    onRefused: (code: string) => refused.push(code),
    ...more,
  } as unknown as CallDeps;
  const handler = new CallHandler(deps);
  const logger = { error: (fields: object) => refused.push(`logged ${JSON.stringify(fields)}`) };
  const health = async () => ({ ready: true, checks: {} });
  const app = buildProxy({ deps, calls: handler, metrics: async () => '', health, logger });
  const sockets: Socket[] = [];
  app.server.on('connection', (socket: Socket) => sockets.push(socket));
  await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    port: (app.server.address() as AddressInfo).port,
    secrets: secrets as [string, string],
    ...{ handler, refused, events },
    bytesRead: () => sockets.map((socket) => socket.bytesRead),
    async close() {
      for (const socket of sockets) socket.destroy();
      await app.close();
      await bodies.close();
    },
  };
}

export type Sent = {
  method?: string;
  path?: string;
  secret?: string;
  /** Announced; the body's own if it is left out. */
  length?: number;
  body?: string | Buffer;
  /** Of the body. */
  encoding?: string;
};

/** Sends a request, and goes on sending whether or not it is read; resolves with what came back. */
export async function sendRaw(house: GateHouse, sent: Sent): Promise<string> {
  const { method = 'POST', path = '/v1/embeddings', secret, body = '' } = sent;
  const socket = connect(house.port, '127.0.0.1');
  // A server that does not read on resets the connection.
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  const head = [
    `${method} ${path} HTTP/1.1`,
    ...['host: x', 'content-type: application/json'],
    `content-length: ${sent.length ?? Buffer.byteLength(body)}`,
    ...(sent.encoding === undefined ? [] : [`content-encoding: ${sent.encoding}`]),
    ...(secret === undefined ? [] : [`authorization: Bearer ${secret}`]),
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  socket.write(body);
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes;
    // A connection that stays open has its whole answer by then.
    if (/connection: keep-alive/i.test(text)) socket.end();
  });
  await closed;
  return text;
}

export const statusOf = (answer: string): number => Number(answer.slice(9, 12));
export const codeOf = (answer: string): string | undefined => /"code":"(\w+)"/.exec(answer)?.[1];
