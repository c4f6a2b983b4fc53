import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExchangeRate } from '../exchange/exchange-rate.ts';
import { formatDecimal12, parseDecimal12 } from '../money/money.ts';
import { addQuantities, type SnapshotBody, type SnapshotLine } from '../period/snapshot.ts';
import { minorUnitPlaces } from './currency.ts';
import { invoiceBody } from './invoice.ts';

const HASH = 'a'.repeat(64);
const nothing = addQuantities([]);

const PLACES = { JPY: 0, EUR: 2, USD: 2, KWD: 3 } as const;

function rate(quote: string, numerator: bigint, denominator: bigint): ExchangeRate {
  const stated = { source: 'ecb', as_of: '2026-01-31T15:00:00.000Z', version: 'xrt_1' };
  const [a, b] = [String(numerator), String(denominator)];
  return { base: 'USD', quote, numerator: a, denominator: b, ...stated };
}

function line(model: string, cost: bigint, change: Partial<SnapshotLine> = {}): SnapshotLine {
  return {
    ...{ kind: 'usage', period_number: 2, provider: 'openai', model, key_id: 'key_1' },
    ...{ team_id: null, environment: 'live', usage_source: 'provider', price_versions: ['a'] },
    ...{ events: 1, ...nothing, requests: 1, cost: formatDecimal12(cost), markup_ppm: 0 },
    ...change,
  };
}

function snapshotOf(
  currency: string,
  exchange_rate: ExchangeRate | null,
  lines: SnapshotLine[],
): SnapshotBody {
  return {
    ...{ object: 'snapshot', version: 1, id: 'snp_1', customer_id: 'cus_1', period_id: 'per_2' },
    ...{ number: 2, start: '2026-02-01T00:00:00.000Z', end: '2026-03-01T00:00:00.000Z' },
    ...{ time_zone: 'UTC', currency, cut: { id: 'cut_1', logs: [] }, previous: null, lines },
    totals: { events: 0, ...nothing, cost: '0.000000000000' },
    unresolved: { count: 0, event_ids: [] },
    ...{ markup_ppm: 0, exchange_rate, leaves: { count: 0, merkle_root: HASH } },
  };
}

const fraction = fc.tuple(
  fc.bigInt({ min: 1n, max: 10n ** 15n }),
  fc.bigInt({ min: 10n ** 10n, max: 10n ** 15n }),
);
const cost = fc.oneof(
  fc.bigInt({ min: -(10n ** 12n), max: 10n ** 14n }),
  fc.bigInt({ min: -3n, max: 3n }).map((halves) => halves * 5_000_000_000n),
);
const usage = fc.array(
  fc.record({
    cost,
    markup: fc.integer({ min: 0, max: 2_000_000 }),
    /** Late usage that has the rate of its own period. */
    own: fc.option(fraction, { nil: null }),
  }),
  { minLength: 1, maxLength: 8 },
);

describe.each(Object.entries(PLACES))('I6: an invoice in %s', (currency, places) => {
  it('is what is owed in USD, times the rate, rounded once in all; the lines add up to it', () => {
    fc.assert(
      fc.property(usage, fraction, (all, [num, den]) => {
        const foreign = currency !== 'USD';
        const lines = all.map(({ cost, markup, own }, at) =>
          line(`m${at}`, cost, {
            markup_ppm: markup,
            ...(own !== null && foreign
              ? { kind: 'late_usage', exchange_rate: rate(currency, ...own) }
              : {}),
          }),
        );
        const snapshot = snapshotOf(currency, foreign ? rate(currency, num, den) : null, lines);
        const invoice = invoiceBody(snapshot, HASH);
        // The model: everything over one denominator, without asking for the smallest.
        let [owed, by] = [0n, 1n];
        for (const { cost, markup, own } of all) {
          const [n, d] = foreign ? (own ?? [num, den]) : [1n, 1n];
          owed = owed * d + cost * BigInt(1_000_000 + markup) * n * by;
          by *= d;
        }
        owed *= 10n ** BigInt(places);
        by *= 10n ** 18n;
        const off = 2n * (owed - BigInt(invoice.total_minor) * by);
        expect(off <= by && off >= -by).toBe(true);
        if (off === by || off === -by) expect(off > 0n).toBe(owed < 0n);
        const sum = invoice.lines.reduce((total, { amount_minor }) => total + amount_minor, 0);
        expect(sum).toBe(invoice.total_minor);
        const cents = invoice.lines.reduce((total, one) => total + parseDecimal12(one.cost), 0n);
        expect(cents).toBe(all.reduce((total, one) => total + one.cost, 0n));
      }),
    );
  });
});

describe('an invoice in another currency', () => {
  // autumn PR#1900: amounts in a currency without a minor unit were a hundred times too large.
  it('has as many places as its currency, whatever others have', () => {
    const hundred = [line('m', 100n * 10n ** 12n)];
    const amounts = (['JPY', 'EUR', 'KWD'] as const).map((currency) => {
      const { total_minor } = invoiceBody(
        snapshotOf(currency, rate(currency, 3n, 2n), hundred),
        HASH,
      );
      expect(minorUnitPlaces(currency)).toBe(PLACES[currency]);
      return [currency, total_minor];
    });
    expect(amounts).toEqual([
      ['JPY', 150],
      ['EUR', 15_000],
      ['KWD', 150_000],
    ]);
  });

  // invoiceninja#3196: a rate had four places, and 902.09 became 902.07.
  it('is rounded once although its rate has no end: three thirds of a yen are one', () => {
    const thirds = ['a', 'b', 'c'].map((model) => line(model, 10n ** 12n));
    const invoice = invoiceBody(snapshotOf('JPY', rate('JPY', 1n, 3n), thirds), HASH);
    expect(invoice.total_minor).toBe(1);
    expect(invoice.lines.map((one) => one.amount_minor)).toEqual([1, 0, 0]);
  });

  it('gives back with late usage exactly what its own period charged, whatever the rate is now', () => {
    const charged = invoiceBody(
      snapshotOf('EUR', rate('EUR', 92n, 100n), [line('m', 100n * 10n ** 12n)]),
      HASH,
    );
    const corrected = line('m', -100n * 10n ** 12n, {
      ...{ kind: 'late_usage', period_number: 1, exchange_rate: rate('EUR', 92n, 100n) },
    });
    const later = invoiceBody(snapshotOf('EUR', rate('EUR', 93n, 100n), [corrected]), HASH);
    expect([charged.total_minor, later.total_minor]).toEqual([9_200, -9_200]);
    expect(later.lines[0]?.exchange_rate?.numerator).toBe('92');
  });

  it('says by which rate; one in USD says nothing of rates', () => {
    const euros = rate('EUR', 92n, 100n);
    const lines = [line('m', 10n ** 12n)];
    expect(invoiceBody(snapshotOf('EUR', euros, lines), HASH).exchange_rate).toEqual(euros);
    const dollars = invoiceBody(snapshotOf('USD', null, lines), HASH);
    expect('exchange_rate' in dollars).toBe(false);
    expect(dollars.lines.some((one) => 'exchange_rate' in one)).toBe(false);
  });
});
