/** Hosts, heads and ids of every odd shape (item 9). */
import type { Attack } from '../attack.ts';
import { asAdmin, asStranger, HOST, lines, rawAttack } from './raw-attack.ts';

const ADDRESS = ['401 missing_api_key', '401 missing_token'];
const NOT_OURS = '421 host_not_allowed';

const HOSTS: readonly (readonly [host: string, expected: string | readonly string[]])[] = [
  ...[
    ...['evil.example', 'evil.example:8787', 'localhost.evil.example', '127.0.0.1.evil.example'],
    ...['xn--lcalhost-54a', 'localhost@evil.example', 'evil.example/127.0.0.1', '0x7f000001'],
    ...['2130706433', '127.1', '127.0.0.1.', 'localhost.', '[::1].evil.example', 'metadata'],
  ].map((host) => [host, NOT_OURS] as const),
  ...['LOCALHOST', 'localhost:99999', '[::1]:1', '10.0.0.1'].map(
    (host) => [host, ADDRESS] as const,
  ),
];

const hosts = (['proxy', 'api'] as const).flatMap((side) =>
  HOSTS.map(([host, expected]) =>
    rawAttack({
      ...{
        name: `host ${host}`,
        item: 9 as const,
        sent: 'GET by a name of its own',
        expected,
        side,
      },
      parts: lines(`GET ${side === 'proxy' ? '/v1/models' : '/v1/keys'} HTTP/1.1`, `host: ${host}`),
    }),
  ),
);

const noHost = [
  rawAttack({
    ...{ name: 'no host at all', item: 9, sent: 'HTTP/1.1 without one' },
    // Node's own answer, without a body.
    expected: '400',
    parts: lines('GET /v1/models HTTP/1.1'),
  }),
  rawAttack({
    ...{ name: 'two hosts', item: 9, sent: 'ours and another' },
    expected: ['400 repeated_header', '400 malformed_request'],
    parts: lines('GET /v1/models HTTP/1.1', HOST, 'host: evil.example'),
  }),
  rawAttack({
    ...{ name: 'a whole address for a path', item: 9, sent: 'GET http://evil.example/v1/models' },
    expected: ['404 unknown_endpoint', NOT_OURS, '401 missing_api_key'],
    parts: lines('GET http://evil.example/v1/models HTTP/1.1', HOST),
  }),
];

const bombs = (['proxy', 'api'] as const).flatMap((side) =>
  (
    [
      ['one header of 20 KB', [`x: ${'x'.repeat(20_000)}`]],
      ['a header name of 20 KB', [`${'x'.repeat(20_000)}: x`]],
      [
        '300 headers of 100 bytes',
        Array.from({ length: 300 }, (_, n) => `x-${n}: ${'y'.repeat(96)}`),
      ],
      ['4,000 headers of 5 bytes', Array.from({ length: 4_000 }, () => 'a: bc')],
      ['cookies of 17 KB', [`cookie: ${'c=1; '.repeat(3_400)}`]],
      ['a megabyte of headers', Array.from({ length: 1_000 }, () => `x: ${'z'.repeat(1_000)}`)],
    ] as const
  ).map(([name, headers]) =>
    rawAttack({
      ...{ name, item: 9 as const, sent: 'GET with it', expected: '431 headers_too_large', side },
      parts: lines('GET /healthz HTTP/1.1', HOST, ...headers),
    }),
  ),
);

const longPaths = (['proxy', 'api'] as const).flatMap((side) =>
  [`/${'p'.repeat(20_000)}`, `/v1/keys?${'q=1&'.repeat(6_000)}`].map((path) =>
    rawAttack({
      ...{ name: `${path.length} bytes of ${path.slice(0, 9)}…`, item: 9 as const, side },
      ...{ sent: 'GET', expected: '431 headers_too_large' },
      parts: lines(`GET ${path} HTTP/1.1`, HOST),
    }),
  ),
);

const RESOURCES: readonly (readonly [path: string, code: string])[] = [
  ['customers', 'customer_not_found'],
  ['keys', 'key_not_found'],
  ['budgets', 'budget_not_found'],
  ['periods', 'period_not_found'],
  ['snapshots', 'snapshot_not_found'],
  ['invoices', 'invoice_not_found'],
  ['calls', 'call_not_found'],
  ['reconciliations', 'reconciliation_not_found'],
];

const IDS: readonly string[] = [
  ...['%2e%2e', '%2e%2e%2f%2e%2e%2fetc%2fpasswd', '%00', '%27%20OR%201%3D1%20--', '__proto__'],
  ...['constructor', 'toString', '%ff%fe', '%7B%7B7*7%7D%7D', '-1', 'null', '*', '%25%32%65'],
  ...['key_00000000000000000000000000', 'a'.repeat(256), 'a'.repeat(257), 'a'.repeat(4_000)],
  ...[encodeURIComponent('😀'.repeat(128)), '%ED%A0%80', '%20', '%0d%0aset-cookie:%20a=b'],
];

const ids = RESOURCES.flatMap(([path, code]) =>
  IDS.map((id) =>
    rawAttack({
      name: `/v1/${path}/${id.length > 24 ? `${id.slice(0, 20)}… (${id.length})` : id}`,
      ...{ item: 9 as const, sent: 'GET with the admin token', side: 'api' as const },
      expected: [`404 ${code}`, '404 unknown_path', '400 malformed_request', '400 invalid_request'],
      parts: lines(`GET /v1/${path}/${id} HTTP/1.1`, HOST, asAdmin),
    }),
  ),
);

const TOKENS: readonly string[] = [
  'GET /v1/customers',
  'POST /v1/keys',
  'POST /v1/sql',
  'GET /v1/usage',
];

const tokens = TOKENS.flatMap((request) => [
  rawAttack({
    ...{ name: `${request} without a token`, item: 9, sent: 'no token', side: 'api' },
    expected: '401 missing_token',
    parts: lines(`${request} HTTP/1.1`, HOST, 'content-length: 0'),
  }),
  rawAttack({
    ...{ name: `${request} with a virtual key`, item: 9, sent: 'a client’s key', side: 'api' },
    expected: '401 invalid_token',
    parts: lines(`${request} HTTP/1.1`, HOST, asStranger, 'content-length: 0'),
  }),
  rawAttack({
    ...{ name: `${request} with a token in the query`, item: 6, sent: '?token=…', side: 'api' },
    expected: '401 missing_token',
    parts: (house) =>
      lines(
        `${request}?token=${house.platform.adminToken} HTTP/1.1`,
        HOST,
        'content-length: 0',
      )(house),
  }),
]);

export const shapes: readonly Attack[] = [...hosts, ...noHost, ...bombs, ...longPaths, ...tokens];
export const oddIds: readonly Attack[] = ids;
