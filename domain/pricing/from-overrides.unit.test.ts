import { expect, it } from 'vitest';
import { type PriceOverride, priceListsFromOverrides } from './from-overrides.ts';
import { emptyPriceList, evolvePrices, findPrice } from './price-list.ts';

const JUNE = Date.UTC(2026, 5, 1);
const override = (fields: Partial<PriceOverride>): PriceOverride => ({
  ...{ provider: 'p', model: 'm', tiers: [] },
  ...fields,
});
const listOf = (...overrides: PriceOverride[]) => {
  const [data] = priceListsFromOverrides(overrides, () => 'v1');
  if (data === undefined) throw new Error('no list');
  return evolvePrices(emptyPriceList(), { data });
};

it.each([false, true])(
  'the override in force is the latest, in any order (reversed: %s)',
  (reversed) => {
    const overrides = [
      override({ input: '1', max_output_tokens: 4096 }),
      override({ input: '9', effective_from: '2026-01-01T00:00:00Z' }),
      override({ input: '20', effective_from: '2027-01-01T00:00:00Z' }),
    ];
    const list = listOf(...(reversed ? overrides.toReversed() : overrides));
    const inputAt = (atMs: number) =>
      findPrice(list, 'p', 'm', atMs)?.price.input.picoPerMillion[0];
    const perMillion = [Date.UTC(2025, 0, 1), JUNE, Date.UTC(2027, 1, 1)].map(inputAt);
    expect(perMillion).toEqual([1n, 9n, 20n].map((usd) => usd * 10n ** 12n));
    // Otherwise a new price would remove the bound on which a hold is based.
    expect(findPrice(list, 'p', 'm', JUNE)?.maxOutputTokens).toBe(4096);
  },
);

it('below its first tier a unit costs what it costs without tiers: never nothing', () => {
  const tiers = [{ from_input_tokens: 200_001, input: '2.5', cache_read: '0.625' }];
  const [list] = priceListsFromOverrides([override({ input: '1.25', tiers })], () => 'v1');
  expect(list?.models[0]?.prices[0]?.price.cache_read).toEqual([
    { from_input_tokens: 0, pico_usd_per_million: '1250000000000' },
    { from_input_tokens: 200_001, pico_usd_per_million: '625000000000' },
  ]);
});
