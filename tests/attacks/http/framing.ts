/** Requests that two readers could take for different ones, and requests that are none (item 9). */
import type { Attack } from '../attack.ts';
import type { AttackedHouse } from '../product/attacked-house.ts';
import { asStranger, BODY, bearer, CHAT, HOST, JSON_TYPE, rawAttack } from './raw-attack.ts';

const BAD = '400 malformed_request';
const REFUSED = [BAD, 'closed'];

/** Behind the first lines of a call, `raw` is all the rest. */
const call = (raw: string) => (house: AttackedHouse) => [
  `POST ${CHAT} HTTP/1.1\r\n${HOST}\r\n${JSON_TYPE}\r\n${asStranger(house)}\r\n${raw}`,
];
const CLOSE = 'connection: close\r\n';
const CHUNKED = 'transfer-encoding: chunked\r\n';
/** A second request that an intermediary would not have seen. */
const SMUGGLED = `GET /metrics HTTP/1.1\r\n${HOST}\r\n\r\n`;
const length = (text: string) => `content-length: ${text}\r\n${CLOSE}\r\n${BODY}`;

type Framed = readonly [name: string, raw: string, expected: string | readonly string[]];

const LENGTHS: readonly Framed[] = [
  ['length and chunks', `content-length: 5\r\n${CHUNKED}\r\n0\r\n\r\n${SMUGGLED}`, BAD],
  ['chunks and length', `${CHUNKED}content-length: 5\r\n\r\n0\r\n\r\n${SMUGGLED}`, BAD],
  ['two lengths', `content-length: 5\r\ncontent-length: 6\r\n\r\n${BODY}`, BAD],
  ['one length twice', `content-length: 5\r\ncontent-length: 5\r\n\r\n${BODY}`, BAD],
  ...['-1', '+5', '5, 6', '5 5', '0x5', '1e3', '5.0', '٥', '', '99999999999999999999'].map(
    (text): Framed => [`length ${JSON.stringify(text)}`, length(text), BAD],
  ),
];

const ENCODINGS: readonly Framed[] = [
  ['chunked twice', `transfer-encoding: chunked, chunked\r\n${CLOSE}\r\n0\r\n\r\n`, BAD],
  ['two encodings', `${CHUNKED}${CHUNKED}${CLOSE}\r\n0\r\n\r\n`, BAD],
  ['an encoding with a space', `transfer-encoding : chunked\r\n${CLOSE}\r\n0\r\n\r\n`, BAD],
  ['an encoding nobody knows', `transfer-encoding: xchunked\r\n${CLOSE}\r\n0\r\n\r\n`, BAD],
  ['chunked and identity', `transfer-encoding: chunked, identity\r\n${CLOSE}\r\n0\r\n\r\n`, BAD],
  ['identity', `transfer-encoding: identity\r\n${CLOSE}\r\n${BODY}`, BAD],
  ['an encoding behind a tab', `transfer-encoding:\tchunked, x\r\n${CLOSE}\r\n0\r\n\r\n`, BAD],
];

const CHUNKS: readonly Framed[] = [
  ...['-1', 'zz', '0x5', 'FFFFFFFFFFFFFFFFF', '5 ', ' 5', '+5'].map(
    (size): Framed => [
      `a chunk of ${size}`,
      `${CHUNKED}${CLOSE}\r\n${size}\r\nhello\r\n0\r\n\r\n`,
      BAD,
    ],
  ),
  [
    'a long chunk extension',
    `${CHUNKED}${CLOSE}\r\n5;${'e'.repeat(40_000)}\r\nhello\r\n0\r\n\r\n`,
    ['413 request_too_large', '431 headers_too_large', BAD],
  ],
  ['a chunk that ends elsewhere', `${CHUNKED}${CLOSE}\r\n5\r\nhelloX\r\n0\r\n\r\n`, BAD],
  ['a chunk behind a bare LF', `${CHUNKED}${CLOSE}\r\n5\nhello\r\n0\r\n\r\n`, BAD],
  [
    'a key in a trailer',
    `${CHUNKED}trailer: authorization\r\n${CLOSE}\r\n2\r\n{}\r\n0\r\nauthorization: Bearer x\r\n\r\n`,
    '400 invalid_request',
  ],
  [
    'a bomb of trailers',
    `${CHUNKED}${CLOSE}\r\n2\r\n{}\r\n0\r\nx: ${'t'.repeat(40_000)}\r\n\r\n`,
    ['431 headers_too_large', BAD],
  ],
];

/** Not even a first line. */
const NO_HTTP: readonly (readonly [string, string, string | readonly string[]])[] = [
  ['a method and nothing', 'GET\r\n\r\n', BAD],
  ['HTTP/0.9', 'GET /v1/keys\r\n\r\n', [BAD, '404 unknown_endpoint', '401 missing_token']],
  ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', BAD],
  ['a version of the future', `GET / HTTP/3.7\r\n${HOST}\r\n\r\n`, BAD],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', BAD],
  ['SSH', 'SSH-2.0-OpenSSH_9.7\r\n', BAD],
  ['SMTP', 'EHLO example.com\r\nMAIL FROM:<a@b>\r\n', BAD],
  ['bare line feeds', `GET /v1/models HTTP/1.1\n${HOST}\n\n`, [BAD, '401 missing_api_key']],
  ['bare carriage returns', `GET /v1/models HTTP/1.1\r${HOST}\r\r`, BAD],
  ['a header without a colon', `GET / HTTP/1.1\r\n${HOST}\r\nnonsense\r\n\r\n`, BAD],
  ['a header without a name', `GET / HTTP/1.1\r\n${HOST}\r\n: x\r\n\r\n`, BAD],
  ['a zero byte in a header', `GET / HTTP/1.1\r\n${HOST}\r\nx: a\0b\r\n\r\n`, BAD],
  ['a zero byte in a path', `GET /\0 HTTP/1.1\r\n${HOST}\r\n\r\n`, BAD],
  [
    'garbage',
    Buffer.from(Array.from({ length: 4_096 }, (_, n) => (n * 7919) % 256)).toString('latin1'),
    REFUSED,
  ],
  ['a first line that does not end', 'G'.repeat(100_000), [BAD, '431 headers_too_large']],
  [
    'a tunnel',
    'CONNECT 127.0.0.1:22 HTTP/1.1\r\nhost: 127.0.0.1:22\r\n\r\n',
    [...REFUSED, '404 unknown_endpoint', '405 method_not_allowed', '404 unknown_path'],
  ],
  [
    'another protocol',
    `GET / HTTP/1.1\r\n${HOST}\r\nconnection: upgrade\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\r\n`,
    ['404 unknown_endpoint', '404 unknown_path', 'closed', BAD],
  ],
];

const noHttp = (['proxy', 'api'] as const).flatMap((side) =>
  NO_HTTP.map(([name, text, expected]) =>
    rawAttack({
      ...{ name, item: 9 as const, sent: JSON.stringify(text.slice(0, 40)), expected, side },
      parts: () => [Buffer.from(text, 'latin1')],
      waitMs: 13_000,
    }),
  ),
);

const framed = [...LENGTHS, ...ENCODINGS, ...CHUNKS].map(([name, raw, expected]) =>
  rawAttack({
    ...{ name, item: 9 as const, sent: JSON.stringify(raw.slice(0, 60)), expected },
    parts: call(raw),
  }),
);

/** Several requests on a connection: each is answered for the key that it names. */
const pipelined = [
  rawAttack({
    ...{ name: 'a second request behind a body', item: 9, sent: 'one key, then none' },
    expected: '400 invalid_request + 401 missing_api_key',
    parts: (house) => [
      `POST ${CHAT} HTTP/1.1\r\n${HOST}\r\n${JSON_TYPE}\r\n${asStranger(house)}\r\ncontent-length: 2\r\n\r\n{}`,
      `POST ${CHAT} HTTP/1.1\r\n${HOST}\r\n${JSON_TYPE}\r\n${CLOSE}content-length: 2\r\n\r\n{}`,
    ],
  }),
  rawAttack({
    ...{ name: 'a call for two tenants', item: 9, sent: 'a revoked key, then a good one' },
    expected: ['401 revoked_api_key', '401 revoked_api_key + 400 invalid_request'],
    parts: (house) => [
      `POST ${CHAT} HTTP/1.1\r\n${HOST}\r\n${JSON_TYPE}\r\n${bearer(house.revoked.secret)}\r\ncontent-length: 2\r\n\r\n{}`,
      `POST ${CHAT} HTTP/1.1\r\n${HOST}\r\n${JSON_TYPE}\r\n${asStranger(house)}\r\n${CLOSE}content-length: 2\r\n\r\n{}`,
    ],
  }),
  rawAttack({
    ...{ name: 'a request in the body of a GET', item: 9, sent: 'GET with a length' },
    expected: ['401 missing_api_key', '400 malformed_request'],
    parts: () => [
      `GET /v1/models HTTP/1.1\r\n${HOST}\r\n${CLOSE}content-length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
    ],
  }),
  rawAttack({
    ...{ name: 'an expectation nobody can meet', item: 9, sent: 'Expect: the impossible' },
    expected: ['417', '400 invalid_request', '417 malformed_request'],
    parts: call(`expect: the impossible\r\ncontent-length: 2\r\n${CLOSE}\r\n{}`),
  }),
  rawAttack({
    ...{ name: 'a key that is only of this hop', item: 9, sent: 'Connection: authorization' },
    expected: '400 invalid_request',
    parts: call('connection: close, authorization\r\ncontent-length: 2\r\n\r\n{}'),
  }),
];

export const framing: readonly Attack[] = [...framed, ...noHttp, ...pipelined];
