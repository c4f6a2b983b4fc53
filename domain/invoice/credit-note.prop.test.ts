/** Credit notes of every kind in any order: never more than the invoice, its lines and its tax. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InvoiceIssued } from '../period/period-events.ts';
import { type CreditScope, creditInvoice } from './credit-note.ts';
import { taxMinor } from './document.ts';
import type { InvoiceBody } from './invoice.ts';
import { evolveInvoice, type IssuedInvoice } from './issued-invoice.ts';
import { billedTo, line, termsOf } from './testing/documents.ts';

function issuedOf(body: InvoiceBody, rate_ppm: number): IssuedInvoice {
  const named = { invoice_id: body.id, customer_id: body.customer_id };
  const issued = { ...named, snapshot_id: 'snp_1', snapshot_hash: '', body: '', hash: '' };
  const data: InvoiceIssued['data'] = issued;
  const before = evolveInvoice(undefined, { type: 'InvoiceIssued', data });
  const tax = { treatment: 'standard' as const, name: 'VAT', rate_ppm, text: null };
  return evolveInvoice(before, { type: 'InvoiceTermsFixed', data: termsOf({ tax }) });
}

const scope: fc.Arbitrary<CreditScope> = fc.oneof(
  fc.constant<CreditScope>({ kind: 'whole' }),
  fc.constant<CreditScope>({ kind: 'void' }),
  fc
    .integer({ min: 1, max: 400 })
    .map((amountMinor): CreditScope => ({ kind: 'amount', amountMinor })),
  fc
    .uniqueArray(
      fc.record({
        line: fc.nat({ max: 4 }),
        amountMinor: fc.option(fc.integer({ min: 1, max: 200 })),
      }),
      { minLength: 1, selector: ({ line: at }) => at },
    )
    .map((lines): CreditScope => ({ kind: 'lines', lines })),
);

const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);

function creditAll(invoice: IssuedInvoice, body: InvoiceBody, scopes: readonly CreditScope[]) {
  let state = invoice;
  for (const [index, asked] of scopes.entries()) {
    const fixed = { reason: 'other' as const, memo: null, issuedAt: '', terms: null };
    const event = creditInvoice(state, body, {
      ...{ creditNoteId: `crn_${index}`, scope: asked, ...fixed },
    });
    if (event !== null && 'type' in event) state = evolveInvoice(state, event);
  }
  return state.credits;
}

describe('credit notes of one invoice', () => {
  it('I6: never credit more than it, nor more of a line or of its tax than there is', () => {
    const amounts = fc.array(fc.integer({ min: -50, max: 300 }), { minLength: 1, maxLength: 5 });
    const rate = fc.integer({ min: 0, max: 300_000 });
    fc.assert(
      fc.property(amounts, rate, fc.array(scope, { maxLength: 12 }), (lines, ppm, scopes) => {
        const invoiced = lines.map((amount_minor) => line({ amount_minor }));
        const { body } = billedTo({ lines: invoiced });
        const credits = creditAll(issuedOf(body, ppm), body, scopes);
        const net = sum(credits.map(({ net_minor }) => net_minor));
        expect(net).toBeLessThanOrEqual(Math.max(0, body.total_minor));
        // Whatever was credited, its tax is that of one credit over all of it.
        const tax = sum(credits.map(({ tax_minor }) => tax_minor));
        expect(BigInt(tax)).toBe(taxMinor(BigInt(net), ppm));
        for (const credit of credits) {
          expect(credit.net_minor).toBeGreaterThan(0);
          expect(sum(credit.lines.map(({ amount_minor }) => amount_minor))).toBe(credit.net_minor);
          expect(credit.tax_minor).toBeGreaterThanOrEqual(0);
        }
        for (const [index, { amount_minor }] of invoiced.entries()) {
          const of = credits.flatMap((one) => one.lines).filter((one) => one.line === index);
          const credited = sum(of.map((one) => one.amount_minor));
          expect(credited).toBeLessThanOrEqual(Math.max(0, amount_minor));
        }
      }),
    );
  });

  it('are made once each, and all of them with `whole` credit the invoice and its tax exactly', () => {
    const { body } = billedTo({ lines: [line({ amount_minor: 101 }), line({ amount_minor: 52 })] });
    const third: CreditScope = { kind: 'amount', amountMinor: 51 };
    const scopes: CreditScope[] = [third, third, { kind: 'whole' }, { kind: 'whole' }];
    const credits = creditAll(issuedOf(body, 190_000), body, scopes);
    // 9.69 of 51, 19.38 of 102, 29.07 of 153, each rounded once.
    expect(credits.map(({ net_minor, tax_minor }) => [net_minor, tax_minor])).toEqual([
      [51, 10],
      [51, 9],
      [51, 10],
    ]);
  });
});

describe('a credit note is refused', () => {
  const lines = [line({ amount_minor: 100 }), line({ amount_minor: -40 })];
  const { body } = billedTo({ lines });
  it.each<[string, CreditScope[], string]>([
    ['above the invoice', [{ kind: 'amount', amountMinor: 61 }], 'credit_exceeds_invoice'],
    [
      'above what is left of it',
      [
        { kind: 'amount', amountMinor: 20 },
        { kind: 'lines', lines: [{ line: 0, amountMinor: null }] },
      ],
      'credit_exceeds_invoice',
    ],
    [
      'above what is left of its line',
      [{ kind: 'lines', lines: [{ line: 0, amountMinor: 101 }] }],
      'credit_exceeds_invoice',
    ],
    [
      'of a line below zero',
      [{ kind: 'lines', lines: [{ line: 1, amountMinor: null }] }],
      'nothing_to_credit',
    ],
    [
      'of a line that is not there',
      [{ kind: 'lines', lines: [{ line: 2, amountMinor: null }] }],
      'credit_line_not_found',
    ],
    [
      'as a void after a credit',
      [{ kind: 'amount', amountMinor: 1 }, { kind: 'void' }],
      'invoice_credited',
    ],
    ['after all was credited', [{ kind: 'whole' }, { kind: 'whole' }], 'nothing_to_credit'],
  ])('%s', (_name, scopes, refused) => {
    let state = issuedOf(body, 0);
    let last: ReturnType<typeof creditInvoice> = null;
    for (const [index, asked] of scopes.entries()) {
      last = creditInvoice(state, body, {
        ...{ creditNoteId: `crn_${index}`, scope: asked, reason: 'other', memo: null },
        ...{ issuedAt: '', terms: null },
      });
      if (last !== null && 'type' in last) state = evolveInvoice(state, last);
    }
    expect(last).toEqual({ refused });
  });
});
