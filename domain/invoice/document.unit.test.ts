import { describe, expect, it } from 'vitest';
import type { InvoiceEvent } from '../period/period-events.ts';
import { invoiceDocument } from './document.ts';
import { evolveInvoice } from './issued-invoice.ts';
import { billedTo, line, termsOf } from './testing/documents.ts';

describe('the document of an invoice', () => {
  it('sets late usage apart, by the period that it belongs to, and each part adds up', () => {
    const lines = [
      line({ kind: 'late_usage', period_number: 2, amount_minor: 3 }),
      line({ amount_minor: 120 }),
      line({ kind: 'late_usage', period_number: 1, amount_minor: -7 }),
      line({ amount_minor: 1 }),
    ];
    const { sections, net_minor } = invoiceDocument(billedTo({ lines }));
    expect(
      sections.map(({ kind, period_number, subtotal_minor }) => [
        kind,
        period_number,
        subtotal_minor,
      ]),
    ).toEqual([
      ['usage', 3, 121],
      ['late_usage', 1, -7],
      ['late_usage', 2, 3],
    ]);
    expect(net_minor).toBe(117);
  });

  it.each([
    ['half a cent up', 150, 190_000, 29],
    ['half a cent of a credit away from zero', -150, 190_000, -29],
    ['below half', 149, 190_000, 28],
    ['of four places', 1_000_000, 88_750, 88_750],
    ['of nothing', 0, 190_000, 0],
    ['without a rate', 150, 0, 0],
  ])('I6: has the tax of its total, rounded once: %s', (_name, net, rate_ppm, tax) => {
    const terms = termsOf({ tax: { treatment: 'standard', name: 'VAT', rate_ppm, text: null } });
    const found = invoiceDocument(billedTo({ lines: [line({ amount_minor: net })], terms }));
    expect(found.tax.amount_minor).toBe(tax);
    expect(found.payable_minor).toBe(net + tax);
  });
});

describe('the stream of an invoice', () => {
  const issued = {
    type: 'InvoiceIssued',
    data: { invoice_id: 'inv_1', customer_id: 'cus_1', snapshot_id: 'snp_1' },
  } as InvoiceEvent;
  const fixed = { type: 'InvoiceTermsFixed', data: { ...termsOf(), invoice_id: 'inv_1' } } as const;
  const data = { invoice_id: 'inv_1', series: 'gate', sequence: 1, number: '1' };
  const numbered = { type: 'InvoiceNumbered', data } as const;

  it.each<[string, InvoiceEvent[]]>([
    ['inv_1 is issued twice', [issued, issued]],
    ['InvoiceTermsFixed of inv_1 before InvoiceIssued', [fixed]],
    ['inv_1 has its terms already', [issued, fixed, fixed]],
    ['inv_1 has no terms', [issued, numbered]],
    ['inv_1 has its number already', [issued, fixed, numbered, numbered]],
  ])('I4: says what a document is only once: %s', (message, events) => {
    const fold = () => events.reduce(evolveInvoice, undefined as never);
    expect(fold).toThrow(message);
  });
});
