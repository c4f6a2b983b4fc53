/**
 * I10: no two calls share an entry of the cache unless they are the same call of those who may share it.
 * `TOLLGATE_CACHE_PAIRS=100000` tries so many pairs.
 */
import { type CacheNamespace, namespaceText } from '@tollgate/domain/cache/cache-key.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { withEndUser } from '../call/end-user.ts';
import { openAi } from '../dialects/openai/openai.ts';
import { keyOf } from './call-key.ts';

const PAIRS = Number(process.env['TOLLGATE_CACHE_PAIRS'] ?? 3_000);

type Call = {
  customerId: string;
  keyId: string;
  headers: Record<string, string>;
  endpoint: number;
  /** What a provider reads of it, member by member, as JSON: an order that says nothing. */
  members: Record<string, string>;
  /** How it is written: order and white space. */
  order: number;
  space: string;
};

/** Names that end where another begins, and characters that look like others. */
const name = fc.constantFrom(
  ...['a', 'a"', 'a","b', 'b', 'a\u0000', 'a\u200b', 'ä', 'a\u0308', 'null', '', '["a"]', 'A'],
);
const text = fc.oneof(
  name,
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom('\ud800', '\udfff', '\ufffd', '\u212a', 'K', 'k', 'ſ', 's', '1', '1.0'),
);
const number = fc.constantFrom(
  ...['0', '-0', '1', '1.0', '1e0', '2', '9007199254740992', '9007199254740993', '1e400', '1e401'],
);
const value = fc.oneof(
  number,
  text.map((t) => JSON.stringify(t)),
  fc.constantFrom('null', 'true', '[]', '{}', '{"a":1,"b":2}', '{"b":2,"a":1}', '{"a":1,"a":2}'),
  fc.tuple(text, number).map(([t, n]) => `[${JSON.stringify(t)},${n}]`),
);
const message = fc
  .tuple(fc.constantFrom('user', 'system', 'tool'), text, fc.option(text))
  .map(([role, content, id]) =>
    JSON.stringify({ role, content, ...(id === null ? {} : { tool_call_id: id }) }),
  );
const OPTIONS = ['temperature', 'seed', 'stop', 'response_format', 'tool_choice', 'x', 'top_p'];
const headers = fc.record(
  {
    'x-tollgate-end-user': fc.constantFrom('u', 'U', 'null', 'u '),
    'openai-beta': fc.constantFrom('a', 'b', 'a, b'),
    'user-agent': fc.constantFrom('x', 'y'),
    'cache-control': fc.constantFrom('max-age=1', 'private'),
    'x-forwarded-for': fc.constantFrom('cus_b'),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Record<string, string>>;

const call: fc.Arbitrary<Call> = fc.record({
  customerId: fc.constantFrom('cus_a', 'cus_b', 'cus_a","key_a', 'CUS_A', 'cus_a\u0000'),
  keyId: fc.constantFrom('key_a', 'key_b'),
  headers,
  endpoint: fc.constantFrom(0, 0, 0, 1),
  members: fc
    .tuple(
      fc.constantFrom('"m"', '"M"', '"m "', '"\\u006d2"'),
      fc.array(message, { minLength: 1, maxLength: 2 }),
      fc.dictionary(fc.constantFrom(...OPTIONS), value, { maxKeys: 2 }),
      fc.option(fc.constantFrom('"u"', '"U"'), { freq: 2 }),
      fc.option(fc.constantFrom('true', 'false'), { freq: 2 }),
    )
    .map(([model, messages, options, user, stream]) => ({
      model,
      messages: `[${messages.join(',')}]`,
      ...options,
      ...(user === null ? {} : { user }),
      ...(stream === null ? {} : { stream }),
    })),
  order: fc.nat(),
  space: fc.constantFrom('', ' ', '\n\t'),
});

function bodyOf({ members, order, space, endpoint }: Call): string {
  const given: Record<string, string> =
    endpoint === 1 ? { ...members, input: JSON.stringify(members['messages']) } : members;
  const names = Object.keys(given).filter((n) => endpoint === 0 || !['messages'].includes(n));
  const from = order % names.length;
  const written = [...names.slice(from), ...names.slice(0, from)].map(
    (n) => `${space}${JSON.stringify(n)}${space}:${space}${given[n]}`,
  );
  return `{${written.join(',')}${space}}`;
}

/** Whom the call names, as the product reads it; null: it is no request. */
function read(one: Call) {
  const endpoint = openAi.endpoints[one.endpoint === 1 ? 1 : 0] as (typeof openAi.endpoints)[0];
  const found = endpoint.read({ body: Buffer.from(bodyOf(one)) }, 64);
  if (!found.ok) return null;
  const named = withEndUser(found.facts, one.headers);
  return 'code' in named ? null : { request: endpoint.open(named), endpoint };
}

function lookup(one: Call, namespace: CacheNamespace): string | null {
  const understood = read(one);
  if (understood === null) return null;
  const { request, endpoint } = understood;
  const whose = { of: namespace, text: namespaceText(namespace, one, request.endUser) };
  return keyOf(request, whose, endpoint.name, one.headers, null);
}

/** A number's exact value, by another way than the product's: as a fraction of integers. */
function exact(json: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e(\d+))?$/.exec(json);
  if (match === null) return json;
  const [, sign, whole, part = '', exponent = '0'] = match;
  const scale = Number(exponent) - part.length;
  let digits = BigInt(`${whole}${part}`) * 10n ** BigInt(Math.max(0, scale));
  let denominator = 10n ** BigInt(Math.max(0, -scale));
  while (denominator > 1n && digits % 10n === 0n) {
    digits /= 10n;
    denominator /= 10n;
  }
  return digits === 0n ? '0' : `${sign}${digits}/${denominator}`;
}

/** All that may change its answer or says whose it is, from what the test made it of. */
function identity(one: Call, namespace: CacheNamespace): string {
  const { user, stream: _, ...others } = one.members;
  // A provider that answers by whom it is told of is told what the body says.
  const told = user === undefined || namespace !== 'end_user' ? {} : { user };
  const members = { ...others, ...told };
  const named =
    one.headers['x-tollgate-end-user'] ?? (user === undefined ? null : JSON.parse(user));
  const whose = {
    customer: [one.customerId],
    key: [one.customerId, one.keyId],
    end_user: [one.customerId, named],
    installation: [],
  }[namespace];
  // Of an embedding, messages are its input, and `stream` is a member like any other.
  const streams = one.endpoint === 1 ? (one.members['stream'] ?? null) : null;
  const asked = Object.entries(members)
    .map(([n, json]) => [n, exact(n === 'model' ? JSON.stringify(JSON.parse(json)) : json)])
    .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
  const beta = one.headers['openai-beta'] ?? null;
  return JSON.stringify([namespace, whose, one.endpoint, beta, streams, asked]);
}

/** The same call, but for one thing. */
const twin = fc.oneof(
  fc.constant((one: Call): Call => ({ ...one, order: one.order + 1, space: ' ' })),
  fc.constant((one: Call): Call => ({ ...one, customerId: 'cus_b' })),
  fc.constant((one: Call): Call => ({ ...one, keyId: 'key_b' })),
  headers.map(
    (other) =>
      (one: Call): Call => ({ ...one, headers: other }),
  ),
  fc.constantFrom('NFC', 'NFD', 'NFKC').map((form) => (one: Call): Call => {
    const messages = (one.members['messages'] ?? '').normalize(form);
    return { ...one, members: { ...one.members, messages } };
  }),
  fc.tuple(fc.constantFrom(...OPTIONS), value).map(([n, json]) => (one: Call): Call => {
    return { ...one, members: { ...one.members, [n]: json } };
  }),
  call.map((other) => () => other),
);

it('I10: no two calls share an entry unless they are the same call', () => {
  let shared = 0;
  let apart = 0;
  const namespaces = fc.constantFrom<CacheNamespace>('customer', 'key', 'end_user', 'installation');
  fc.assert(
    fc.property(call, twin, namespaces, (one, change, namespace) => {
      const other = change(one);
      const [first, second] = [lookup(one, namespace), lookup(other, namespace)];
      if (first === null || second === null) return;
      const same = identity(one, namespace) === identity(other, namespace);
      expect(first === second).toBe(same);
      if (same) shared++;
      else apart++;
    }),
    { numRuns: PAIRS },
  );
  // A test that compares nothing shows nothing.
  expect([shared > PAIRS / 50, apart > PAIRS / 5]).toEqual([true, true]);
});

it('I10: an end user, a customer and a key are never one another, however they are named', () => {
  fc.assert(
    fc.property(name, name, name, name, (a, b, c, d) => {
      const texts = (customerId: string, keyId: string) => [
        namespaceText('customer', { customerId, keyId }, c),
        namespaceText('key', { customerId, keyId }, c),
        namespaceText('end_user', { customerId, keyId }, c),
        namespaceText('end_user', { customerId, keyId }, null),
      ];
      const all = [...texts(a, b), ...texts(d, b)];
      expect(new Set(all).size).toBe(a === d ? 4 : 8);
    }),
  );
});
