import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InvoiceBody, InvoiceLine } from '../invoice/invoice.ts';
import { SUMMED_QUANTITIES } from '../period/snapshot.ts';
import type { ExportPolicy } from './payment-events.ts';
import { exportPlan } from './plan.ts';

const POLICY: ExportPolicy = {
  ...{ collection: 'send', days_until_due: 30, automatic_tax: false, zero: 'skip' },
  ...{ below_minimum: 'invoice', negative: 'customer_balance', customers: 'create' },
  ...{ lines_max: 250, chunk_lines: 100 },
};

function invoice(amounts: readonly number[], currency = 'USD'): InvoiceBody {
  const used = Object.fromEntries(SUMMED_QUANTITIES.map((name) => [name, 0]));
  const lines = amounts.map((amount_minor, index) => {
    const line = { description: `line ${index}`, amount_minor, cost: '0.000000000002' };
    return { ...used, ...line, input_tokens: 3 } as unknown as InvoiceLine;
  });
  const total_minor = amounts.reduce((sum, amount) => sum + amount, 0);
  return { currency, lines, total_minor } as InvoiceBody;
}

function planOf(amounts: readonly number[], currency = 'USD', policy: Partial<ExportPolicy> = {}) {
  return exportPlan(invoice(amounts, currency), { ...POLICY, ...policy });
}

function linesOf(amounts: readonly number[], currency = 'USD', policy: Partial<ExportPolicy> = {}) {
  const plan = planOf(amounts, currency, policy);
  if (plan.kind !== 'invoice') throw new Error(`it is a ${plan.kind}`);
  return plan;
}

describe('an invoice there', () => {
  it('has the lines of ours, with their amounts and never a price', () => {
    const { lines, total_minor, rounding_minor } = linesOf([120, 0, -5]);
    expect(lines).toMatchObject([
      { key: '0', description: 'line 0', amount_minor: 120, merged: 1 },
      { key: '1', description: 'line 1', amount_minor: 0, merged: 1 },
      { key: '2', description: 'line 2', amount_minor: -5, merged: 1 },
    ]);
    expect([total_minor, rounding_minor]).toEqual([115, 0]);
    expect(lines[0]?.detail).toEqual({ cost: '0.000000000002', input_tokens: '3' });
  });

  it.each([250, 251, 5_000])('of %i lines has at most 250, which add up to its total', (count) => {
    const amounts = Array.from({ length: count }, (_, i) => (i * 7_919) % 1_000);
    const { lines, chunks, total_minor } = linesOf(amounts);
    const sum = amounts.reduce((total, amount) => total + amount, 0);
    expect(lines.length).toBe(250);
    expect(chunks.map((chunk) => chunk.length)).toEqual([100, 100, 50]);
    expect(total_minor).toBe(sum);
    expect(lines.reduce((total, line) => total + line.amount_minor, 0)).toBe(sum);
    expect(lines.reduce((total, line) => total + line.merged, 0)).toBe(count);
    if (count === 250) return;
    const last = lines.at(-1);
    expect(last?.detail['input_tokens']).toBe(`${3 * (count - 249)}`);
    expect(last?.description).toBe(
      `${count - 249} further lines; the invoice in Tollgate has each of them`,
    );
    const kept = lines.slice(0, -1).map(({ amount_minor }) => amount_minor);
    const sorted = amounts.toSorted((a, b) => b - a);
    expect(Math.min(...kept)).toBe(sorted[248]);
  });

  it('says of each line how many lines of late usage are in it, of merged ones too', () => {
    const body = invoice([9, 8, 7, 6]);
    for (const line of body.lines.slice(1)) line.kind = 'late_usage';
    const plan = exportPlan(body, { ...POLICY, lines_max: 3 });
    if (plan.kind !== 'invoice') throw new Error(`it is a ${plan.kind}`);
    const told = plan.lines.map(({ key, detail }) => [key, detail['late_usage_lines']]);
    expect(told).toEqual([
      ['0', undefined],
      ['1', '1'],
      ['rest', '2'],
    ]);
  });

  it.each([
    [190_000, 'VAT 19%'],
    [88_750, 'VAT 8.875%'],
    [5_000, 'VAT 0.5%'],
  ])(
    'has the tax of the seller, %i parts per million, as a line that is never merged',
    (rate_ppm, text) => {
      const tax = { name: 'VAT', rate_ppm, amount_minor: 3 };
      const plan = exportPlan(
        invoice([9, 8, 7, 6]),
        { ...POLICY, lines_max: 3 },
        {
          ...{ number: 'INV-1', tax },
        },
      );
      if (plan.kind !== 'invoice') throw new Error(`it is a ${plan.kind}`);
      const lines = plan.lines.map(({ key, amount_minor }) => [key, amount_minor]);
      expect(lines).toEqual([
        ...[
          ['0', 9],
          ['rest', 21],
        ],
        ['tax', 3],
      ]);
      expect([plan.lines.at(-1)?.description, plan.total_minor]).toEqual([text, 33]);
    },
  );

  it('with tax worked out there has no line below zero, and the same total', () => {
    const { lines, total_minor } = linesOf([500, 40, 30, -60, -1], 'USD', { automatic_tax: true });
    expect(total_minor).toBe(509);
    expect(lines.map(({ key, amount_minor, merged }) => [key, amount_minor, merged])).toEqual([
      ...[['1', 40, 1] as const, ['2', 30, 1] as const],
      ['net', 439, 3],
    ]);
  });

  it('always adds up to the total of ours, merged or netted, in any currency', () => {
    const currencies = fc.constantFrom('USD', 'EUR', 'JPY', 'KWD', 'ISK', 'MGA', 'UGX', 'BHD');
    const amounts = fc.array(fc.integer({ min: -10_000, max: 100_000 }), { maxLength: 40 });
    fc.assert(
      fc.property(amounts, currencies, fc.boolean(), (given, currency, automatic_tax) => {
        const policy = {
          automatic_tax,
          lines_max: 8,
          chunk_lines: 3,
          negative: 'invoice' as const,
        };
        const plan = planOf(given, currency, policy);
        if (plan.kind !== 'invoice') return;
        const sum = plan.lines.reduce((total, line) => total + line.amount_minor, 0);
        expect(sum).toBe(plan.total_minor);
        expect(plan.lines.length).toBeLessThanOrEqual(8);
        expect(plan.chunks.flat()).toEqual(plan.lines);
        if (automatic_tax) expect(plan.lines.every((line) => line.amount_minor >= 0)).toBe(true);
      }),
    );
  });
});

describe('amounts there', () => {
  it.each([
    ['USD', [1_05, 2_00], [105, 200], 0],
    ['EUR', [1_05], [105], 0],
    ['JPY', [105], [105], 0],
    ['KRW', [105], [105], 0],
    // Two decimals that must be zero.
    ['ISK', [105, 1], [10_500, 100], 0],
    ['UGX', [105], [10_500], 0],
    // The last of three decimals must be zero: the rest is told, and lines share it.
    ['KWD', [5_124], [5_120], 4],
    ['KWD', [5_125], [5_130], -5],
    ['KWD', [4, 4, 4], [10, 0, 0], 2],
    // Two decimals at ISO, none there.
    ['MGA', [1_049, 1], [11, 0], -50],
  ] as const)('%s %j is %j, and the rounding is told', (currency, given, amounts, rounding) => {
    const plan = linesOf(given, currency);
    expect(plan.lines.map(({ amount_minor }) => amount_minor)).toEqual([...amounts]);
    expect(plan.rounding_minor).toBe(rounding);
  });

  it('in a currency that is not taken there are refused', () => {
    for (const currency of ['CLF', 'IQD', 'LYD', 'UYW']) {
      expect(planOf([1], currency)).toMatchObject({ reason: 'currency_unsupported' });
    }
  });
});

describe('small totals', () => {
  it.each([
    [[-1], {}, { kind: 'balance', amount_minor: -1 }],
    [[-1], { negative: 'invoice' as const }, { kind: 'invoice', total_minor: -1 }],
    // Stripe Tax takes no amount below zero.
    [[-1], { negative: 'invoice' as const, automatic_tax: true }, { kind: 'balance' }],
    [[5, -5], {}, { kind: 'skip' }],
    [[5, -5], { zero: 'invoice' as const }, { kind: 'invoice', total_minor: 0 }],
    [[], { zero: 'invoice' as const }, { kind: 'skip' }],
    [[49], {}, { kind: 'invoice', total_minor: 49 }],
    [[49], { below_minimum: 'customer_balance' as const }, { kind: 'balance', amount_minor: 49 }],
    [[50], { below_minimum: 'customer_balance' as const }, { kind: 'invoice', total_minor: 50 }],
  ])('%j by %j is %j', (amounts, policy, expected) => {
    expect(planOf(amounts, 'USD', policy)).toMatchObject(expected);
  });

  it('in a currency whose least charge is not stated are left to the payment system', () => {
    const policy = { below_minimum: 'customer_balance' as const };
    expect(planOf([1], 'KES', policy)).toMatchObject({ kind: 'invoice', total_minor: 1 });
  });
});
