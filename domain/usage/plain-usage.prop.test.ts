import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readUsageByNames } from './openai-usage.ts';
import { readPlainUsage } from './plain-usage.ts';

const count = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 30 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 2_000_000_000 }) },
);
const odd = fc.constantFrom<unknown>(null, -1, 0.5, '7', '', {}, [], { cached_tokens: 3 }, true);
const value = fc.oneof({ weight: 12, arbitrary: count }, { weight: 1, arbitrary: odd });
const details = (...names: string[]) =>
  fc.oneof(
    fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] }),
    odd,
  );
const input = details('cached_tokens', 'audio_tokens', 'cache_write_tokens', 'text_tokens');
const output = details(
  ...['reasoning_tokens', 'audio_tokens', 'accepted_prediction_tokens'],
  ...['rejected_prediction_tokens', 'citation_tokens'],
);
const usages = fc.record(
  {
    prompt_tokens: value,
    completion_tokens: value,
    total_tokens: value,
    prompt_tokens_details: input,
    completion_tokens_details: output,
    reasoning_tokens: value,
    service_tier: fc.constantFrom('default', 'priority'),
  },
  { requiredKeys: ['prompt_tokens', 'completion_tokens'] },
);
const small = fc.integer({ min: 0, max: 12 });
const parts = (...names: string[]) =>
  fc.record(Object.fromEntries(names.map((name) => [name, small])), { requiredKeys: [] });
/** Of the form that is plain, but perhaps in one member. */
const nearlyPlain = fc
  .record(
    {
      prompt_tokens: fc.integer({ min: 5, max: 40 }),
      completion_tokens: fc.integer({ min: 5, max: 40 }),
      prompt_tokens_details: parts('cached_tokens', 'audio_tokens'),
      completion_tokens_details: parts(
        ...['reasoning_tokens', 'audio_tokens', 'accepted_prediction_tokens'],
      ),
    },
    { requiredKeys: ['prompt_tokens', 'completion_tokens'] },
  )
  .map((usage) => ({ ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens }))
  .chain((usage) => {
    const changes = usages.map((other) => ({ ...usage, ...other }));
    return fc.oneof(
      { weight: 3, arbitrary: fc.constant(usage) },
      { weight: 1, arbitrary: changes },
    );
  });

it('what is read as plain is read as the same by all names (I8)', () => {
  let plain = 0;
  const check = (usage: object, generates: boolean) => {
    const reading = readPlainUsage(usage);
    if (reading === null) return;
    plain++;
    expect(reading).toEqual(readUsageByNames(usage, generates));
  };
  fc.assert(fc.property(fc.oneof(usages, nearlyPlain), fc.boolean(), check), { numRuns: 5_000 });
  expect(plain).toBeGreaterThan(100);
});
