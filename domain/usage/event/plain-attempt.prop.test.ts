import { usageEvent } from '@tollgate/schemas/event/usage-event.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isResolvable } from '../usage-event.ts';
import { readPlainAttempt } from './plain-attempt.ts';

const UUID = '019aaaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa';
const TIME = '2026-11-24T01:02:03.004Z';

/** Values at and beyond the edges of every field's range. */
const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    true,
    '',
    0,
    -0,
    -1,
    1.5,
    99,
    1000,
    256,
    Number.MAX_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER + 1,
    1e300,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '1',
    UUID,
    UUID.toUpperCase(),
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    TIME,
    `${TIME}\n`,
    '2026-11-24T01:02:03Z',
    '0.000000000000',
    '-1.000000000000',
    '00.000000000000',
    '99999999999999999999999999.999999999999',
    '1.000000000000\n',
    'x'.repeat(256),
    'x'.repeat(257),
    'x'.repeat(1025),
    [],
    [1],
    ['a'],
    ['0.000000000001'],
    Array.from({ length: 65 }, () => 'a'),
    {},
    { a: 1 },
    { a: 'b' },
    { ['k'.repeat(300)]: 'v' },
    JSON.parse('{"a":"b","__proto__":"c"}'),
    { __proto_: 'c', ___proto__: 'd' },
    'attempt',
    'external',
    'refused',
    'ok',
    'miss',
    'reconciled',
    2,
  ),
  fc.string(),
  fc.double(),
);

/** In the order in which `event-text.ts` writes it. */
const plain = {
  id: UUID,
  type: 'attempt',
  schema_version: 1,
  call_id: UUID,
  attempt: 1,
  source: 'proxy/ins_1',
  resolves_id: null,
  customer_id: 'cus_1',
  team_id: null,
  key_id: 'key_1',
  environment: 'live',
  tags: { a: 'b' },
  end_user: null,
  provider: 'p',
  deployment: 'p/m',
  model_requested: 'm',
  endpoint: 'chat.completions',
  stream: false,
  output_limit: 4096,
  output_clamped: true,
  redactions: 3,
  price_version: 'v',
  price_source: 'config',
  cache: 'miss',
  hold_lease_ids: ['l'],
  hold_amounts: ['1.000000000000'],
  hold_units: ['usd'],
  budget_windows: ['w'],
  external_type: null,
  external_subject: null,
  external_data: null,
  time: TIME,
  provider_request_id: 'r',
  model_served: 'm',
  input_tokens: 1,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 2,
  reasoning_tokens: 0,
  audio_input_tokens: 0,
  audio_output_tokens: 0,
  images: 0,
  requests: 1,
  cache_write_1h_tokens: 3,
  image_input_tokens: 4,
  image_output_tokens: 5,
  searches: 6,
  audio_seconds: 7,
  characters: 8,
  usage_source: 'provider',
  cost: '0.000000000001',
  status: 'ok',
  http_status: 200,
  error_type: null,
  latency_ms: 1.5,
  ttft_ms: null,
  overhead_us: 3,
  recorded_at: TIME,
};
/** Written only where there is something to say. */
const OPTIONAL = new Set<string>([
  ...['output_clamped', 'redactions', 'cache_write_1h_tokens', 'image_input_tokens'],
  ...['image_output_tokens', 'searches', 'audio_seconds', 'characters'],
]);
const names = Object.keys(plain) as (keyof typeof plain)[];

const read = (event: object) => readPlainAttempt(JSON.stringify(event));

describe('the quick look at an event', () => {
  it('takes the ordinary attempt', () => {
    expect(read(plain)).toEqual({ id: UUID, time: TIME, resolvable: false });
    expect(read({ ...plain, tags: {}, latency_ms: null, hold_lease_ids: [''] })).not.toBeNull();
    const { output_clamped: _, ...limited } = plain;
    const { output_limit: __, ...unlimited } = limited;
    const { redactions: ___, ...whole } = unlimited;
    for (const event of [limited, unlimited, whole]) expect(read(event)).toEqual(read(plain));
    // No attempt says which limit refused it, or what it saved.
    const ofOthers = ['refusal', 'saved_cost', 'saved_tokens', 'cache_similarity'];
    const ofAttempts = Object.keys(usageEvent.shape).filter((name) => !ofOthers.includes(name));
    expect(ofAttempts.sort()).toEqual([...names].sort());
  });

  it('I8: takes only what the schema takes, and reads the same in it: two fields are odd', () => {
    const field = fc.tuple(fc.constantFrom(...names), odd);
    fc.assert(
      fc.property(field, field, (first, second) => {
        const event = { ...plain, ...Object.fromEntries([first, second]) };
        const quick = read(event);
        if (quick === null) return;
        const { id, time, ...parsed } = usageEvent.parse(JSON.parse(JSON.stringify(event)));
        const lists = [parsed.hold_amounts, parsed.hold_units, parsed.budget_windows];
        expect(lists.map(({ length }) => length)).toEqual(
          lists.map(() => parsed.hold_lease_ids.length),
        );
        expect(quick).toEqual({ id, time, resolvable: isResolvable({ id, time, ...parsed }) });
      }),
      { numRuns: 5_000 },
    );
  });

  it('I2: takes no tag that the schema refuses by name, in any place', () => {
    for (const tags of ['{"__proto__":"v"}', '{"a":"b","__proto__":"v"}', '{"a":"b"}']) {
      const json = JSON.stringify(plain).replace('{"a":"b"}', tags);
      const taken = usageEvent.safeParse(JSON.parse(json)).success;
      expect([tags, readPlainAttempt(json) !== null]).toEqual([tags, taken]);
    }
  });

  it('leaves to the schema what is missing, unknown, doubled, escaped or in another order', () => {
    for (const name of names) {
      const { [name]: value, ...rest } = plain;
      expect([name, read(rest) !== null]).toEqual([name, OPTIONAL.has(name)]);
      for (const other of [
        { ...rest, unknown: 1 },
        { unknown: 1, ...plain },
      ]) {
        expect(read(other)).toBeNull();
      }
      if (name !== 'recorded_at') expect(read({ ...rest, [name]: value })).toBeNull();
    }
    const json = JSON.stringify(plain);
    const { length } = plain.hold_lease_ids;
    expect(
      read({ ...plain, hold_units: Array.from({ length: length + 1 }, () => 'a') }),
    ).toBeNull();
    for (const text of [
      ` ${json}`,
      `${json}\n`,
      json.replace('{', '{"id":"x",'),
      '',
      'null',
      '[]',
    ]) {
      expect(readPlainAttempt(text)).toBeNull();
    }
    expect(read({ ...plain, source: 'a"b' })).toBeNull();
    expect(readPlainAttempt(json.replace('proxy/', 'proxy\n'))).toBeNull();
    expect(readPlainAttempt(json.replace('"requests":1', '"requests":01'))).toBeNull();
  });
});
