/** Nothing is buffered for a stranger, and nothing is served to one (items 2 and 9). */
import type { Attack } from '../attack.ts';
import type { AttackedHouse } from '../product/attacked-house.ts';
import { exchange, flood, head } from '../wire.ts';
import {
  asAdmin,
  asStranger,
  BODY,
  bearer,
  CHAT,
  HOST,
  JSON_TYPE,
  lines,
  rawAttack,
  type Side,
  shown,
  urlOf,
} from './raw-attack.ts';

const PATHS: readonly string[] = [
  ...['/', '/v1', '/v1/', '/v1/chat', `${CHAT}/`, '/V1/CHAT/COMPLETIONS', `/${CHAT}`],
  ...['/v1/./chat/completions', '/v1/../v1/chat/completions', '/v1/chat%2fcompletions'],
  ...['/v1/chat/completions%00', '/v1/chat/completions;x=1', '/v1/chat/completions/..'],
  ...['/v1/images/variations', '/v1/files', '/v1/realtime', '/v1/messages/batches', '/v1/videos'],
  ...['/v1/fine_tuning/jobs', '/sim/bill', '/sim/knobs', '/admin', '/.env', '/.git/config'],
  ...['/metrics/', '/readyz/../metrics', '/%zz', '/%ff%fe', '/__proto__'],
];

const unknownPaths = PATHS.map((path) =>
  rawAttack({
    name: `path ${path}`,
    ...{ item: 2 as const, sent: 'POST with a good key and a body' },
    expected: '404 unknown_endpoint',
    parts: (house) => [
      `POST ${path} HTTP/1.1\r\n${HOST}\r\n${JSON_TYPE}\r\n${asStranger(house)}\r\n`,
      `content-length: ${BODY.length}\r\nconnection: close\r\n\r\n${BODY}`,
    ],
  }),
);

const WRONG = ['405 method_not_allowed'];
const UNKNOWN = ['404 unknown_endpoint', ...WRONG];
const NONE = ['400 malformed_request'];

const METHODS: readonly (readonly [method: string, expected: readonly string[]])[] = [
  ...['GET', 'PUT', 'PATCH', 'DELETE'].map((method) => [method, WRONG] as const),
  ...['OPTIONS', 'TRACE', 'PROPFIND', 'PURGE', 'QUERY', 'LOCK'].map(
    (method) => [method, UNKNOWN] as const,
  ),
  ...['BREW', 'post', 'P OST', 'GET\t', '\u0001'].map((method) => [method, NONE] as const),
];

const methods = METHODS.map(([method, expected]) =>
  rawAttack({
    name: `method ${JSON.stringify(method)}`,
    ...{ item: 9 as const, sent: `on ${CHAT} with a good key`, expected },
    parts: lines(`${method} ${CHAT} HTTP/1.1`, HOST, asStranger, 'content-length: 0'),
  }),
);

const MALFORMED = '401 malformed_api_key';
const REPEATED = '400 repeated_header';

type Keys = readonly [
  name: string,
  headers: (house: AttackedHouse) => string[],
  expected: string | readonly string[],
];

const flipped = (secret: string) => secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A');

const KEYS: readonly Keys[] = [
  ['no key', () => [], '401 missing_api_key'],
  ['an empty key', () => ['authorization: '], ['401 missing_api_key', MALFORMED]],
  ['a scheme without a key', () => ['authorization: Bearer'], [MALFORMED, '401 missing_api_key']],
  ['another scheme', () => ['authorization: Basic dGc6dGc='], [MALFORMED, '401 missing_api_key']],
  ['the key of a provider', () => [bearer('sk-abcdef')], MALFORMED],
  ['a wrong checksum', (h) => [bearer(flipped(h.stranger.secret))], MALFORMED],
  ['a made-up key', (h) => [bearer(h.unknownSecret)], '401 invalid_api_key'],
  ['a revoked key', (h) => [bearer(h.revoked.secret)], '401 revoked_api_key'],
  ['the admin token', (h) => [bearer(h.platform.adminToken)], MALFORMED],
  ['a key in capitals', (h) => [bearer(h.stranger.secret.toUpperCase())], MALFORMED],
  [
    'two keys in one header',
    (h) => [`${asStranger(h)}, Bearer ${h.honest.secret}`],
    [MALFORMED, '401 missing_api_key'],
  ],
  ['a key and more', (h) => [`${asStranger(h)}x`], MALFORMED],
  ['a key with a zero byte', (h) => [`${asStranger(h)}\u0000`], '400 malformed_request'],
  ['a key of 10 KB', () => [bearer('tg_live_'.padEnd(10_000, 'a'))], MALFORMED],
  ['two Authorization headers', (h) => [asStranger(h), bearer(h.honest.secret)], REPEATED],
  ['one key twice', (h) => [asStranger(h), asStranger(h)], REPEATED],
  ['two keys of Anthropic’s kind', (h) => Array(2).fill(`x-api-key: ${h.poor.secret}`), REPEATED],
  [
    'a folded header',
    (h) => [`authorization:\r\n Bearer ${h.stranger.secret}`],
    '400 malformed_request',
  ],
  [
    'a name with a space',
    (h) => [`authorization : Bearer ${h.stranger.secret}`],
    '400 malformed_request',
  ],
  [
    'a broken line in a key',
    (h) => [`authorization: Bearer ${h.stranger.secret}\rx: y`],
    '400 malformed_request',
  ],
  ['the honest tenant’s id as a key', (h) => [bearer(h.honest.id)], MALFORMED],
  ['__proto__ as a key', () => [bearer('__proto__')], MALFORMED],
];

const keys = KEYS.map(([name, headers, expected]) =>
  rawAttack({
    name,
    ...{ item: 2 as const, sent: 'POST a call', expected },
    parts: (house) => [
      head(
        `POST ${CHAT} HTTP/1.1`,
        HOST,
        JSON_TYPE,
        ...headers(house),
        `content-length: ${BODY.length}`,
      ),
      BODY,
    ],
  }),
);

const MIB = 2 ** 20;
/** What the sockets of both sides hold while nobody reads: more was read. */
const TAKEN_BYTES_MAX = 8 * MIB;

/** Announces 15 MB and sends them for as long as they are taken. */
function unread(
  name: string,
  side: Side,
  requestLine: string,
  expected: string,
  headers: (house: AttackedHouse) => string[] = () => [],
): Attack {
  return {
    ...{ name: `${side}: ${name}, 15 MB behind it`, item: 2, sent: 'a body that goes on and on' },
    // Who goes on sending may never read the answer: the connection is closed under them.
    expected: [expected, 'closed', ...(side === 'api' ? ['413 request_too_large'] : [])].map(
      (outcome) => `${outcome}, most of it untaken`,
    ),
    async run(house) {
      const length = 15 * MIB;
      const lead = head(
        requestLine,
        HOST,
        JSON_TYPE,
        ...headers(house),
        `content-length: ${length}`,
      );
      const parts = [lead, ...flood(length)];
      const { outcome, text, sentBytes } = await exchange(urlOf(house, side), parts);
      const taken = sentBytes < TAKEN_BYTES_MAX ? 'most of it untaken' : `${sentBytes} bytes taken`;
      return `${outcome}${shown(house, text)}, ${taken}`;
    },
  };
}

const unreadBodies = [
  unread('no key', 'proxy', `POST ${CHAT} HTTP/1.1`, '401 missing_api_key'),
  unread('a made-up key', 'proxy', `POST ${CHAT} HTTP/1.1`, '401 invalid_api_key', (h) => [
    bearer(h.unknownSecret),
  ]),
  unread('a revoked key', 'proxy', `POST ${CHAT} HTTP/1.1`, '401 revoked_api_key', (h) => [
    bearer(h.revoked.secret),
  ]),
  unread('an unknown path', 'proxy', 'POST /v1/files HTTP/1.1', '404 unknown_endpoint', (h) => [
    asStranger(h),
  ]),
  unread('a wrong method', 'proxy', `PUT ${CHAT} HTTP/1.1`, '405 method_not_allowed', (h) => [
    asStranger(h),
  ]),
  unread('two keys', 'proxy', `POST ${CHAT} HTTP/1.1`, REPEATED, (h) => [
    asStranger(h),
    asStranger(h),
  ]),
  unread('no token', 'api', 'POST /v1/events HTTP/1.1', '401 missing_token'),
  unread('a wrong token', 'api', 'POST /v1/events HTTP/1.1', '401 invalid_token', (h) => [
    asStranger(h),
  ]),
  unread('an unknown path', 'api', 'POST /v1/files HTTP/1.1', '404 unknown_path'),
  unread(
    'more than a body may have',
    'api',
    'POST /v1/events HTTP/1.1',
    '413 request_too_large',
    (h) => [asAdmin(h)],
  ),
];

export const strangers: readonly Attack[] = [...unknownPaths, ...methods, ...keys, ...unreadBodies];
