/**
 * Twenty kinds of hostile tenants, each at its own pace for as long as the run goes. Each says how often
 * it struck and what it got, so that a tenant who was not there is seen.
 */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { bodyOf } from '../bodies/grammar.ts';
import { bearer, CHAT, HOST, JSON_TYPE } from '../http/raw-attack.ts';
import { ATTACKERS_MODEL } from '../product/attacked-house.ts';
import { connected, exchange, firstBytes, flood, head, post } from '../wire.ts';

/** What a hostile tenant knows: addresses and keys, no more. */
export type Hostile = {
  proxyUrl: string;
  apiUrl: string;
  adminToken: string;
  secret: string;
  poorSecret: string;
  unknownSecret: string;
};

export type Kind = {
  name: string;
  /** Between two strikes of one worker, ms. */
  everyMs: number;
  workers: number;
  /** @returns what came back */
  strike(known: Hostile, n: number): Promise<string>;
};

const MIB = 2 ** 20;
const call = (fields: object, metadata: object = {}) =>
  JSON.stringify({
    ...{ model: ATTACKERS_MODEL, max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] },
    ...{ ...fields, metadata },
  });
const outcome = async (url: string, parts: Iterable<string | Buffer>, waitMs?: number) =>
  (await exchange(url, parts, waitMs)).outcome;

/** Made once: making them again would be the attackers' whole time. */
const bodies = new Map<string, { path: string; bytes: Buffer }>();
function body(shape: string, size: number) {
  const name = `${shape} ${size}`;
  const made = bodies.get(name) ?? bodyOf(shape, size);
  bodies.set(name, made);
  return made;
}
const withBody =
  (shape: string, size: number): Kind['strike'] =>
  ({ proxyUrl, secret }) => {
    const { path, bytes } = body(shape, size);
    return outcome(proxyUrl, [post(path, secret, bytes)], 60_000);
  };

/** Opens so many connections, says this on each, and holds them for so long. */
const holding =
  (count: number, holdMs: number, text: (known: Hostile) => string): Kind['strike'] =>
  async (known) => {
    const sockets: Socket[] = [];
    for (let n = 0; n < count; n++) {
      const socket = await connected(known.proxyUrl);
      socket.write(text(known));
      sockets.push(socket);
    }
    await sleep(holdMs);
    const open = sockets.filter((socket) => !socket.destroyed).length;
    for (const socket of sockets) socket.destroy();
    return `${open > count / 2 ? 'most' : 'few'} held`;
  };

const leaving =
  (fields: object, metadata: object, wait: (socket: Socket) => Promise<unknown>): Kind['strike'] =>
  async ({ proxyUrl, secret }) => {
    const socket = await connected(proxyUrl);
    socket.write(post(CHAT, secret, call(fields, metadata)));
    await wait(socket);
    socket.destroy();
    return 'left';
  };

/** Five seconds without reading anything. */
async function ignoring(socket: Socket): Promise<void> {
  await firstBytes(socket);
  socket.pause();
  await sleep(5_000);
}

const SQL: readonly string[] = [
  `WITH [${Array.from({ length: 1_000 }, (_, n) => n % 10)}] AS n SELECT arraySum(arrayMap(a ->
   arraySum(arrayMap(b -> arraySum(arrayMap(c -> a * b + c, n)), n)), n))`,
  `SELECT file('/etc/passwd')`,
  `SELECT toDateTime(0, 'file:/etc/passwd')`,
  `SELECT count() FROM usage_events AS a, usage_events AS b, usage_events AS c
   WHERE position(concat(a.id, b.id, c.id), 'zzz') > 0`,
];

const ask = async (url: string, token: string, body?: object): Promise<string> => {
  const answer = await fetch(url, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  });
  const code = /"code":"(\w+)"/.exec(await answer.text())?.[1];
  return code === undefined ? String(answer.status) : `${answer.status} ${code}`;
};

const garbage = Buffer.from(Array.from({ length: 4_096 }, (_, n) => (n * 7_919) % 256));

export const KINDS: readonly Kind[] = [
  kind('16 MB of numbers', 1, 1_000, withBody('floats to embed', 16 * MIB - 1_024)),
  kind('16 MB of text', 1, 1_000, withBody('long text', 16 * MIB - 1_024)),
  kind('2 MB of fields', 1, 500, withBody('many fields', 2 * MIB)),
  kind('2 MB of brackets', 1, 500, withBody('deep lists', 2 * MIB)),
  kind('bad tools, 256 KB', 1, 250, withBody('bad tools', 262_144)),
  kind(
    '200 bodies that crawl',
    1,
    500,
    holding(
      200,
      8_000,
      ({ secret }) =>
        `POST ${CHAT} HTTP/1.1\r\n${HOST}\r\n${JSON_TYPE}\r\n${bearer(secret)}\r\ncontent-length: 9000\r\n\r\n{`,
    ),
  ),
  kind(
    '200 heads that crawl',
    1,
    500,
    holding(200, 8_000, () => 'GET / HTTP/1.1\r\nx: '),
  ),
  kind(
    '1,000 sockets that say nothing',
    1,
    1_000,
    holding(1_000, 20_000, () => ''),
  ),
  kind(
    'readers that do not read',
    10,
    500,
    leaving({ stream: true }, { sim_output_tokens: '3', sim_fault: `huge:${MIB}` }, ignoring),
  ),
  kind(
    'clients that leave while they are served',
    4,
    250,
    leaving({ stream: true }, { sim_output_tokens: '30', sim_token_pace_ms: '5' }, firstBytes),
  ),
  kind(
    'clients that leave before they are served',
    4,
    250,
    leaving({}, { sim_latency_ms: '200', sim_output_tokens: '5' }, () => sleep(20)),
  ),
  kind('made-up keys', 4, 50, ({ proxyUrl, unknownSecret }) =>
    outcome(proxyUrl, [post(CHAT, unknownSecret, call({}))]),
  ),
  kind('15 MB without a key', 1, 500, ({ proxyUrl }) => {
    const lead = head(`POST ${CHAT} HTTP/1.1`, HOST, JSON_TYPE, `content-length: ${15 * MIB}`);
    return outcome(proxyUrl, [lead, ...flood(15 * MIB)]);
  }),
  kind('unknown paths', 2, 50, ({ proxyUrl, secret }, n) =>
    outcome(proxyUrl, [post(`/v1/files/${n}`, secret, call({}))]),
  ),
  kind('300 slow calls', 1, 1_000, async ({ proxyUrl, secret }) => {
    const slow = post(CHAT, secret, call({}, { sim_latency_ms: '10000', sim_output_tokens: '1' }));
    const all = Array.from({ length: 300 }, () => outcome(proxyUrl, [slow], 60_000));
    return [...new Set(await Promise.all(all))].toSorted().join(' or ');
  }),
  kind('calls that cannot be paid', 2, 50, ({ proxyUrl, poorSecret }) =>
    outcome(proxyUrl, [post(CHAT, poorSecret, call({}))]),
  ),
  kind('bytes that are no HTTP', 2, 100, ({ proxyUrl }) => outcome(proxyUrl, [garbage])),
  kind('a megabyte of headers', 1, 200, ({ proxyUrl }) => {
    const headers = Array.from({ length: 1_000 }, () => `x: ${'z'.repeat(1_000)}`);
    return outcome(proxyUrl, [head('GET /healthz HTTP/1.1', HOST, ...headers)]);
  }),
  kind('an admin’s SQL', 2, 500, ({ apiUrl, adminToken }, n) =>
    ask(`${apiUrl}/v1/sql`, adminToken, { sql: SQL[n % SQL.length] }),
  ),
  kind('an admin’s lists and customers', 2, 200, ({ apiUrl, adminToken }, n) =>
    n % 2 === 0
      ? ask(`${apiUrl}/v1/customers`, adminToken, { name: `hostile ${n}` })
      : ask(`${apiUrl}/v1/customers?limit=100`, adminToken),
  ),
];

function kind(name: string, workers: number, everyMs: number, strike: Kind['strike']): Kind {
  return { name, workers, everyMs, strike };
}

/** How often each answer came; the first bytes of a broken connection are no answer. */
export type Struck = Record<string, number>;

/** Strikes until it is told to stop. */
export async function strikeOn(
  { everyMs, workers, strike }: Kind,
  known: Hostile,
  isOver: () => boolean,
): Promise<Struck> {
  const struck: Struck = {};
  const work = async (worker: number) => {
    for (let n = worker; !isOver(); n += workers) {
      const said = await strike(known, n).catch((error: Error) => `failed: ${error.message}`);
      struck[said] = (struck[said] ?? 0) + 1;
      await sleep(everyMs);
    }
  };
  await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  return struck;
}
