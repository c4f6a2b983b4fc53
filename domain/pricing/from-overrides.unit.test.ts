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

it('every unit that was stated is in the list, and no other', () => {
  const units = [
    'input',
    'cache_read',
    'cache_write',
    'output',
    'reasoning',
    'audio_input',
    'audio_output',
    'request',
  ] as const;
  const stated = Object.fromEntries(units.map((unit, i) => [unit, `0.${i + 1}`]));
  const [all, none] = priceListsFromOverrides(
    [override({ ...stated, context_window: 9 }), override({ provider: 'q' })],
    (provider) => `v-${provider}`,
  );
  const tier = (i: number) => [
    { from_input_tokens: 0, pico_usd_per_million: `${i + 1}00000000000` },
  ];
  expect(all).toEqual({
    version: 'v-p',
    source: 'config',
    provider: 'p',
    effective_from: null,
    models: [
      {
        model: 'm',
        match: { equals: 'm' },
        context_window: 9,
        max_output_tokens: null,
        prices: [
          {
            from: null,
            daily: null,
            price: Object.fromEntries(units.map((unit, i) => [unit, tier(i)])),
          },
        ],
      },
    ],
  });
  expect(none).toMatchObject({ version: 'v-q', provider: 'q' });
  expect(none?.models[0]?.prices[0]?.price).toEqual({});
});

it.each([
  ['cache_read', 'input'],
  ['cache_write', 'input'],
  ['audio_input', 'input'],
  ['reasoning', 'output'],
  ['audio_output', 'output'],
] as const)('a tier of %s alone begins with the price of %s', (unit, base) => {
  const tiers = [{ from_input_tokens: 10, [unit]: '2' }];
  const [list] = priceListsFromOverrides([override({ [base]: '1', tiers })], () => 'v1');
  expect(list?.models[0]?.prices[0]?.price[unit]).toEqual([
    { from_input_tokens: 0, pico_usd_per_million: '1000000000000' },
    { from_input_tokens: 10, pico_usd_per_million: '2000000000000' },
  ]);
});

it('a tier without a price below it is refused: those tokens would cost nothing (I8)', () => {
  const tiers = [{ from_input_tokens: 10, output: '2' }];
  const refused = () => priceListsFromOverrides([override({ input: '1', tiers })], () => 'v1');
  expect(refused).toThrow('m: a tier of output has no base price');
});

it('overrides of one model are one entry, those of two providers two lists', () => {
  const lists = priceListsFromOverrides(
    [
      override({ model: 'a', input: '1', effective_from: '2026-01-01T00:00:00Z' }),
      override({ model: 'b', input: '2' }),
      override({ model: 'a', input: '3' }),
      override({ provider: 'q', model: 'a', input: '4' }),
    ],
    (provider) => provider,
  );
  expect(
    lists.map(({ provider, models }) => [
      provider,
      models.map(({ model, prices }) => [model, prices.map(({ from }) => from)]),
    ]),
  ).toEqual([
    [
      'p',
      [
        ['a', [null, '2026-01-01T00:00:00Z']],
        ['b', [null]],
      ],
    ],
    ['q', [['a', [null]]]],
  ]);
});
