import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  commonDenominator,
  type ExchangeRate,
  fractionOf,
  type RateTable,
  rateOfTable,
} from './exchange-rate.ts';

const table: RateTable = {
  version: 'xrt_1',
  source: 'ecb',
  origin: 'fetched',
  base: 'EUR',
  as_of: '2026-11-30T15:00:00.000Z',
  valid_until: '2026-12-07T15:00:00.000Z',
  rates: [],
};

/** Decimal text, and the same number as a fraction of 10^places. */
const decimal = fc
  .tuple(fc.bigInt({ min: 1n, max: 10n ** 20n }), fc.integer({ min: 0, max: 15 }))
  .filter(([digits, places]) => digits < 10n ** BigInt(15 + places))
  .map(([digits, places]) => {
    const text = String(digits).padStart(places + 1, '0');
    const whole = text.slice(0, text.length - places);
    const rate = places === 0 ? whole : `${whole}.${text.slice(-places)}`;
    return { rate, digits, by: 10n ** BigInt(places) };
  });

describe('I6: a rate between two currencies of a table', () => {
  it('is exactly the quotient of what each is worth in the base, in lowest terms', () => {
    fc.assert(
      fc.property(decimal, decimal, (dollars, yen) => {
        const rates = [
          { currency: 'USD', rate: dollars.rate },
          { currency: 'JPY', rate: yen.rate },
        ];
        const { numerator, denominator } = fractionOf(
          rateOfTable({ ...table, rates }, 'USD', 'JPY'),
        );
        expect(numerator * dollars.digits * yen.by).toBe(denominator * yen.digits * dollars.by);
        let [a, b] = [numerator, denominator];
        while (b !== 0n) [a, b] = [b, a % b];
        expect(a).toBe(1n);
      }),
    );
  });

  // ingadhoc/account-financial-tools#36: an inverse rate was rounded, and 1,000 dollars at 3.4 were 3,399.99.
  it('and back make exactly what there was', () => {
    fc.assert(
      fc.property(decimal, decimal, (one, other) => {
        const rates = [
          { currency: 'USD', rate: one.rate },
          { currency: 'PEN', rate: other.rate },
        ];
        const [there, back] = [
          ['USD', 'PEN'],
          ['PEN', 'USD'],
        ].map(([base, quote]) =>
          fractionOf(rateOfTable({ ...table, rates }, base as string, quote as string)),
        ) as [ReturnType<typeof fractionOf>, ReturnType<typeof fractionOf>];
        expect(there.numerator * back.numerator).toBe(there.denominator * back.denominator);
      }),
    );
  });

  it('is null if the table lacks one of the two, and names its table, source and instant', () => {
    const rates = [{ currency: 'USD', rate: '1.0876' }];
    expect(rateOfTable({ ...table, rates }, 'USD', 'JPY')).toBeNull();
    expect(rateOfTable({ ...table, rates }, 'JPY', 'USD')).toBeNull();
    const rate: ExchangeRate = {
      ...{ base: 'USD', quote: 'EUR', numerator: '2500', denominator: '2719' },
      ...{ source: 'ecb', as_of: table.as_of, version: 'xrt_1' },
    };
    expect(rateOfTable({ ...table, rates }, 'USD', 'EUR')).toEqual(rate);
  });
});

it('a common denominator is divided by each denominator, and is the smallest', () => {
  const fractions = [6n, 4n, 1n].map((denominator) => ({ numerator: 1n, denominator }));
  expect(commonDenominator(fractions)).toBe(12n);
  expect(commonDenominator([])).toBe(1n);
});
