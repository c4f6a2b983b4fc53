/**
 * A provider that bills as it likes within the bound of a call: any split of the bounded tokens over the
 * buckets of the price, at the tier that the split reaches. No hold is below any such bill.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CompiledPrice, compilePrice, isPriced } from '../pricing/compile.ts';
import { costOf } from '../pricing/cost.ts';
import type { ModelPrice, TieredPrice } from '../pricing/price.ts';
import { type KnownQuantities, noQuantities } from '../usage/quantities.ts';
import { chargeHold, worstCase } from './amounts.ts';
import { parseHoldUnit } from './hold-unit.ts';

const TIERS_FROM = [1, 128_000, 200_000, 200_001, 272_000];

const rates: fc.Arbitrary<TieredPrice> = fc
  .tuple(
    fc.bigInt({ min: 0n, max: 10n ** 14n }),
    fc.uniqueArray(
      fc.record({
        from_input_tokens: fc.constantFrom(...TIERS_FROM),
        pico: fc.bigInt({ min: 0n, max: 10n ** 14n }),
      }),
      { maxLength: 3, selector: ({ from_input_tokens }) => from_input_tokens },
    ),
  )
  .map(([base, tiers]) => [
    { from_input_tokens: 0, pico_usd_per_million: String(base) },
    ...tiers.map(({ from_input_tokens, pico }) => ({
      ...{ from_input_tokens, pico_usd_per_million: String(pico) },
    })),
  ]);

const prices: fc.Arbitrary<CompiledPrice> = fc
  .record(
    {
      ...{ input: rates, cache_read: rates, cache_write: rates, audio_input: rates },
      ...{ output: rates, reasoning: rates, audio_output: rates, request: rates },
    },
    { requiredKeys: ['output'] },
  )
  .map((price) => compilePrice(price as ModelPrice));

const IN = ['inputTokens', 'cacheReadTokens', 'cacheWriteTokens', 'audioInputTokens'] as const;
const OUT = ['outputTokens', 'reasoningTokens', 'audioOutputTokens'] as const;

/** Shares of a bound, in thousandths: what is left of it is not used at all. */
const split = fc.array(fc.nat(1_000), { minLength: 4, maxLength: 4 });

function billed(
  fields: readonly (keyof KnownQuantities)[],
  most: number,
  shares: readonly number[],
): Partial<KnownQuantities> {
  let left = most;
  return Object.fromEntries(
    fields.map((field, index) => {
      const tokens = Math.floor((left * (shares[index] ?? 0)) / 1_000);
      left -= tokens;
      return [field, tokens];
    }),
  );
}

const bounds = fc.record({
  inputTokensMax: fc.oneof(fc.nat(1_000), fc.integer({ min: 127_990, max: 280_000 })),
  outputTokensMax: fc.nat(20_000),
});
const units = fc
  .constantFrom(
    ...['usd', 'usd+200000ppm', 'usd+1ppm', 'requests'],
    ...[
      'tokens',
      'tokens-cache_reads',
      'tokens.input',
      'tokens.output',
      'tokens.input-cache_reads',
    ],
  )
  .map(parseHoldUnit);

// litellm PR#40002: five calls of 300,000 tokens on $0.45, held at the base tier: $0.60 was spent.
// new-api#6403: what may be written to a cache was reserved as plain input.
// mozilla-ai/otari#683: a cache that costs more to read than the input does was not.
it('I3: a hold is never below what a provider bills within the bound, however it splits it', () => {
  fc.assert(
    fc.property(prices, bounds, split, split, units, (price, bound, ins, outs, unit) => {
      const hold = worstCase(unit, { ...bound, requestsMax: 1 }, price);
      const quantities = {
        ...noQuantities(),
        ...billed(IN, bound.inputTokensMax, ins),
        ...billed(OUT, bound.outputTokensMax, outs),
        requests: 1,
      };
      const stated = { cost: costOf(price, quantities), quantities };
      expect(stated.cost).not.toBeNull();
      expect(chargeHold(unit, [hold ?? 0n], stated).overrun).toBe(0n);
    }),
    { numRuns: 20_000 },
  );
});

it('I3: what no price list has is held at the operator’s bound, at the mark-up too', () => {
  fc.assert(
    fc.property(prices, bounds, fc.bigInt({ min: 0n, max: 10n ** 13n }), (price, bound, fee) => {
      const whole = { ...bound, requestsMax: 1, feePicoUsd: fee };
      const without = worstCase(parseHoldUnit('usd'), { ...bound, requestsMax: 1 }, price) ?? 0n;
      const held = worstCase(parseHoldUnit('usd'), whole, price) ?? 0n;
      // A hold of nothing is one pico-dollar, so that a charge has a lease to fall on.
      expect(held === without + fee || (without === 1n && held === fee)).toBe(true);
      const billedTwofold = worstCase(parseHoldUnit('usd+1000000ppm'), whole, price) ?? 0n;
      expect(billedTwofold >= 2n * fee).toBe(true);
      expect(isPriced(price, 'output')).toBe(true);
    }),
  );
});
