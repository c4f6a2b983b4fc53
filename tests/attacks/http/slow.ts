/** Connections that do nothing, or little, for long (items 2 and 3). */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack } from '../attack.ts';
import { ATTACKERS_MODEL, type AttackedHouse } from '../product/attacked-house.ts';
import { connected, exchange, firstBytes, outcomeOf, post } from '../wire.ts';
import { asAdmin, asStranger, CHAT, HOST, JSON_TYPE, rawAttack } from './raw-attack.ts';

/** Headers must have come within 10 s; the server looks every so often. */
const SLOW_HEADERS_MS = 45_000;

const slowHeaders = (['proxy', 'api'] as const).map((side) =>
  rawAttack({
    ...{ name: 'a head that never ends', item: 2 as const, sent: 'a request line, then silence' },
    ...{ side, expected: '408 request_timeout', waitMs: SLOW_HEADERS_MS },
    parts: () => [`GET /healthz HTTP/1.1\r\n${HOST}\r\nx: `],
  }),
);

/** So many connections to one side, open for so long; what then still works. */
function crowd(
  name: string,
  sent: string,
  count: number,
  holdMs: number,
  greet: (house: AttackedHouse) => string,
): Attack {
  return {
    ...{ name, item: 2, sent, expected: ['200'] },
    async run(house) {
      const { proxyUrl } = house.platform;
      const sockets: Socket[] = [];
      for (let n = 0; n < count; n++) {
        const socket = await connected(proxyUrl);
        socket.write(greet(house));
        sockets.push(socket);
      }
      await sleep(holdMs);
      const { status } = await fetch(`${proxyUrl}/healthz`);
      for (const socket of sockets) socket.destroy();
      return String(status);
    },
  };
}

const crowds = [
  crowd('1,000 sockets that say nothing', 'nothing', 1_000, 3_000, () => ''),
  crowd(
    '500 heads that crawl',
    'half a head',
    500,
    3_000,
    () => `GET / HTTP/1.1\r\n${HOST}\r\nx: `,
  ),
  crowd(
    '300 bodies that crawl, of one key',
    'a head and one byte',
    300,
    3_000,
    (house) =>
      `POST ${CHAT} HTTP/1.1\r\n${HOST}\r\n${JSON_TYPE}\r\n${asStranger(house)}\r\ncontent-length: 9000\r\n\r\n{`,
  ),
  crowd(
    '300 bodies that crawl, without a key',
    'a head and one byte',
    300,
    3_000,
    () => `POST ${CHAT} HTTP/1.1\r\n${HOST}\r\n${JSON_TYPE}\r\ncontent-length: 9000\r\n\r\n{`,
  ),
];

const MIB = 2 ** 20;

/** Ten bodies of 8 MB that stop before their ends: 80 MB of one key, which may hold 64. */
const heldBytes: Attack = {
  name: 'ten bodies of 8 MB that never end, of one key',
  ...{
    item: 2,
    sent: 'all but the last byte',
    expected: ['some 503 overloaded, and a body still fits'],
  },
  async run(house) {
    const { proxyUrl } = house.platform;
    const lead = `POST ${CHAT} HTTP/1.1\r\n${HOST}\r\n${JSON_TYPE}\r\n${asStranger(house)}\r\ncontent-length: ${8 * MIB + 1}\r\n\r\n`;
    const text = Buffer.concat([Buffer.from('"'), Buffer.alloc(8 * MIB - 1, 'x')]);
    const all = await Promise.all(
      Array.from({ length: 10 }, () => exchange(proxyUrl, [lead, text], 12_000)),
    );
    const refused = all.filter(({ outcome }) => outcome === '503 overloaded').length;
    const others = all.filter(({ outcome }) => !['503 overloaded', 'open'].includes(outcome));
    if (others[0] !== undefined) return others[0].outcome;
    await sleep(200);
    const { outcome } = await exchange(proxyUrl, [post(CHAT, house.stranger.secret, '{}')]);
    const fits = outcome === '400 invalid_request' ? 'a body still fits' : outcome;
    return `${refused > 0 && refused < 10 ? 'some' : refused} 503 overloaded, and ${fits}`;
  },
};

const call = (fields: object, more: object = {}) =>
  JSON.stringify({
    ...{ model: ATTACKERS_MODEL, max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] },
    ...{ ...more, metadata: fields },
  });

/** Clients that leave: served to the end by the policy of the key, and charged. */
const leavers: Attack = {
  name: '100 clients that leave while they are served',
  ...{ item: 3, sent: 'streams, cut at the first byte', expected: ['100 began'] },
  async run({ platform, caller }) {
    let began = 0;
    for (let n = 0; n < 10; n++) {
      const fields = { sim_output_tokens: '30', sim_token_pace_ms: '5' };
      const leave = async () => {
        const socket = await connected(platform.proxyUrl);
        socket.write(post(CHAT, caller.secret, call(fields, { stream: true })));
        if (outcomeOf(await firstBytes(socket)) === '200') began += 1;
        socket.destroy();
      };
      await Promise.all(Array.from({ length: 10 }, leave));
    }
    return `${began} began`;
  },
};

/** Between two of them, ms: the simulated provider makes 2 MB at once, and serves the others too. */
const READER_EVERY_MS = 100;

/** Readers that do not read hold no more than their buffers. */
const slowReaders: Attack = {
  name: '60 clients that do not read what they asked for',
  ...{ item: 3, sent: 'streams of 2 MB', expected: ['60 began'] },
  async run({ platform, caller }) {
    const fields = { sim_output_tokens: '3', sim_fault: `huge:${2 * MIB}` };
    const sockets = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        await sleep(n * READER_EVERY_MS);
        const socket = await connected(platform.proxyUrl);
        socket.write(post(CHAT, caller.secret, call(fields, { stream: true })));
        const status = outcomeOf(await firstBytes(socket));
        socket.pause();
        return { socket, status };
      }),
    );
    await sleep(4_000);
    const began = sockets.filter(({ status }) => status === '200').length;
    for (const { socket } of sockets) socket.destroy();
    return `${began} began`;
  },
};

/** More slow calls of one customer than there are connections to the provider. */
const SLOW_CALLS = 1_400;
const SLOW_CALL_MS = 12_000;

const oneKeyTakesAll: Attack = {
  name: `${SLOW_CALLS} slow calls of one key`,
  ...{
    item: 3,
    sent: `calls that take ${SLOW_CALL_MS / 1_000} s`,
    expected: ['served, and the rest refused'],
  },
  async run({ platform, caller }) {
    const body = call(
      { sim_output_tokens: '1', sim_latency_ms: String(SLOW_CALL_MS) },
      { max_tokens: 1 },
    );
    const all = await Promise.all(
      Array.from({ length: SLOW_CALLS }, async () => {
        const sent = [post(CHAT, caller.secret, body)];
        return (await exchange(platform.proxyUrl, sent, 60_000)).outcome;
      }),
    );
    const count = (outcome: string) => all.filter((one) => one === outcome).length;
    const served = count('200');
    const refused = count('429 too_many_calls') + count('503 overloaded');
    const other = all.find((one) => !['200', '429 too_many_calls', '503 overloaded'].includes(one));
    if (other !== undefined) return other;
    return served > 0 && refused > 0 ? 'served, and the rest refused' : `${served} served`;
  },
};

const budgets: Attack = {
  name: '500 calls of a key that cannot pay',
  ...{ item: 3, sent: 'calls above its budget', expected: ['500 × 402 budget_exceeded'] },
  async run({ platform, poor }) {
    const outcomes = new Map<string, number>();
    for (let n = 0; n < 500; n += 25) {
      const sent = [post(CHAT, poor.secret, call({}))];
      const all = Array.from({ length: 25 }, () => exchange(platform.proxyUrl, sent));
      for (const { outcome } of await Promise.all(all)) {
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    }
    return [...outcomes].map(([outcome, count]) => `${count} × ${outcome}`).join(', ');
  },
};

/** The admin API takes so many requests, and answers the others before their bodies. */
const apiCrowd: Attack = {
  name: 'api: 400 requests with bodies that crawl',
  ...{ item: 2, sent: 'a head and one byte', expected: ['144 × 503 overloaded, then 200'] },
  async run(house) {
    const { apiUrl } = house.platform;
    const lead = `POST /v1/customers HTTP/1.1\r\n${HOST}\r\n${JSON_TYPE}\r\n${asAdmin(house)}\r\ncontent-length: 900\r\n\r\n{`;
    const all = await Promise.all(
      Array.from({ length: 400 }, () => exchange(apiUrl, [lead], 4_000)),
    );
    const refused = all.filter(({ outcome }) => outcome === '503 overloaded').length;
    await sleep(500);
    const headers = { authorization: `Bearer ${house.platform.adminToken}` };
    const { status } = await fetch(`${apiUrl}/v1/customers`, { headers });
    return `${refused} × 503 overloaded, then ${status}`;
  },
};

export const slow: readonly Attack[] = [
  ...[...slowHeaders, ...crowds, heldBytes, leavers, slowReaders, budgets, apiCrowd],
];
export const takers: readonly Attack[] = [oneKeyTakesAll];
