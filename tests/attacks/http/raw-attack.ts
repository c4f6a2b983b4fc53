/** Attacks that are bytes on a connection. */
import type { Attack, Item } from '../attack.ts';
import type { AttackedHouse } from '../product/attacked-house.ts';
import { exchange, head } from '../wire.ts';

export type Side = 'proxy' | 'api';

export const urlOf = ({ platform }: AttackedHouse, side: Side): string =>
  side === 'proxy' ? platform.proxyUrl : platform.apiUrl;

export const HOST = 'host: 127.0.0.1';
export const JSON_TYPE = 'content-type: application/json';
export const CHAT = '/v1/chat/completions';

export type RawAttack = {
  name: string;
  item: Item;
  sent: string;
  expected: string | readonly string[];
  side?: Side;
  parts(house: AttackedHouse): Iterable<string | Buffer>;
  waitMs?: number;
};

export function rawAttack(raw: RawAttack): Attack {
  const { name, item, sent, expected, side = 'proxy', parts, waitMs } = raw;
  return {
    ...{ name: `${side}: ${name}`, item, sent },
    expected: typeof expected === 'string' ? [expected] : expected,
    run: async (house) => {
      const { outcome, text } = await exchange(urlOf(house, side), parts(house), waitMs);
      return `${outcome}${shown(house, text)}`;
    },
  };
}

/** What an answer must never show, whatever was asked. */
export function shown(house: AttackedHouse, text: string): string {
  const found = house.secrets().filter((secret) => text.includes(secret));
  if (found.length > 0) return ` AND SHOWS ${found.length} SECRETS`;
  if (text.includes(house.data)) return ' AND SHOWS A PATH';
  return /\bat .+\.ts:\d+/.test(text) ? ' AND SHOWS A STACK' : '';
}

export const bearer = (secret: string) => `authorization: Bearer ${secret}`;

/** A request of these lines and no body. */
export const lines =
  (...all: (string | ((house: AttackedHouse) => string))[]) =>
  (house: AttackedHouse) => [
    head(...all.map((line) => (typeof line === 'string' ? line : line(house)))),
  ];

export const BODY = JSON.stringify({
  ...{ model: 'sim-small', max_tokens: 5 },
  messages: [{ role: 'user', content: 'hi' }],
});

/** An attack on a known key, refused all the same. */
export const asStranger = ({ stranger }: AttackedHouse) => bearer(stranger.secret);
export const asAdmin = ({ platform }: AttackedHouse) => bearer(platform.adminToken);
