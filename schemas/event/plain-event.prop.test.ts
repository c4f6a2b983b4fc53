import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPlainAttempt } from './plain-event.ts';
import { usageEvent } from './usage-event.ts';

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

const plain = {
  id: UUID,
  type: 'attempt',
  schema_version: 1,
  call_id: UUID,
  attempt: 1,
  source: 'proxy/ins_1',
  resolves_id: null,
  provider_request_id: 'r',
  customer_id: 'cus_1',
  team_id: null,
  key_id: 'key_1',
  environment: 'live',
  end_user: null,
  tags: { a: 'b' },
  provider: 'p',
  deployment: 'p/m',
  model_requested: 'm',
  model_served: 'm',
  endpoint: 'chat.completions',
  stream: false,
  input_tokens: 1,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 2,
  reasoning_tokens: 0,
  audio_input_tokens: 0,
  audio_output_tokens: 0,
  images: 0,
  requests: 1,
  usage_source: 'provider',
  cost: '0.000000000001',
  price_version: 'v',
  price_source: 'config',
  status: 'ok',
  http_status: 200,
  error_type: null,
  cache: 'miss',
  latency_ms: 1.5,
  ttft_ms: null,
  overhead_us: 3,
  hold_lease_ids: ['l'],
  hold_amounts: ['1.000000000000'],
  hold_units: ['usd'],
  budget_windows: ['w'],
  external_type: null,
  external_subject: null,
  external_data: null,
  time: TIME,
  recorded_at: TIME,
};
const names = Object.keys(plain) as (keyof typeof plain)[];

describe('the quick look at an event', () => {
  it('takes the ordinary attempt', () => {
    expect(isPlainAttempt(plain)).toBe(true);
    expect(Object.keys(usageEvent.shape).sort()).toEqual([...names].sort());
  });

  it('I8: never takes what the schema refuses: one field is odd', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), odd, (name, value) => {
        const event = { ...plain, [name]: value };
        if (isPlainAttempt(event)) expect(usageEvent.safeParse(event).error).toBeUndefined();
      }),
      { numRuns: 5_000 },
    );
  });

  it('leaves missing and unknown fields to the schema', () => {
    for (const name of names) {
      const { [name]: _, ...rest } = plain;
      expect(isPlainAttempt(rest)).toBe(false);
      expect(isPlainAttempt({ ...rest, unknown: 1 })).toBe(false);
    }
    expect(isPlainAttempt({ ...plain, unknown: 1 })).toBe(false);
    for (const value of [null, [], 'x', 1]) expect(isPlainAttempt(value)).toBe(false);
  });
});
