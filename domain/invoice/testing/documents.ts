/** Invoices that have their number, for tests of what is printed of them. */
import type { NumberedInvoice } from '../document.ts';
import type { InvoiceTerms } from '../document-events.ts';
import type { InvoiceLine } from '../invoice.ts';

export function line(change: Partial<InvoiceLine> = {}): InvoiceLine {
  const nothing = { cache_read_tokens: 0, cache_write_tokens: 0, reasoning_tokens: 0 };
  return {
    ...{ kind: 'usage', period_number: 3, provider: 'openai', model: 'gpt-4o', events: 1_200 },
    ...{ description: 'openai gpt-4o', input_tokens: 1_500_000, output_tokens: 42_000 },
    ...{ ...nothing, audio_input_tokens: 0, audio_output_tokens: 0, images: 0, requests: 1_200 },
    ...{ estimated_events: 0, cost: '1.000000000000', estimated_cost: '0.000000000000' },
    ...{ markup_ppm: 200_000, amount_minor: 120 },
    ...change,
  };
}

export function termsOf(change: Partial<InvoiceTerms> = {}): InvoiceTerms {
  return {
    ...{ invoice_id: 'inv_1', layout: 1, series: 'gate.2026', series_from: '0' },
    ...{ number_format: 'INV-{year}-{seq:6}', issued_at: '2026-12-01T02:00:00.000Z' },
    ...{ issued_on: '2026-12-01', due_on: '2026-12-15' },
    seller: {
      ...{ name: 'gate', legal_name: 'Gate Works GmbH', tax_id: 'DE123456789' },
      address: {
        ...{ line1: 'Torstraße 1', line2: null, postal_code: '10119', city: 'Berlin' },
        ...{ region: null, country: 'DE' },
      },
      ...{ registration: 'HRB 1234 B', email: 'billing@gate.example', phone: null, website: null },
      payment_details: ['IBAN DE02 1203 0000 0000 2020 51', 'BIC BYLADEM1001'],
      notes: ['Thank you for your business.'],
    },
    buyer: {
      legal_name: 'Zażółć Gęślą Jaźń Sp. z o.o.',
      address: {
        ...{ line1: 'ul. Świętokrzyska 20', line2: 'Piętro 4', postal_code: '00-002' },
        ...{ city: 'Warszawa', region: null, country: 'PL' },
      },
      ...{ tax_id: 'PL5260250274', reference: 'PO-4711' },
    },
    tax: { treatment: 'standard', name: 'VAT', rate_ppm: 190_000, text: null },
    format: {
      ...{ locale: 'en', decimal: '.', group: ',', minus: '-' },
      ...{ group_digits: [3, 3], group_digits_min: 1 },
      ...{ money: { before: '€', after: '' }, percent: { before: '', after: '%' } },
      days: {
        ...{ issued: 'Dec 1, 2026', due: 'Dec 15, 2026' },
        ...{ period_start: 'Nov 1, 2026', period_end: 'Nov 30, 2026' },
      },
    },
    verify: `tollgate:snp_1?sha256=${'c'.repeat(64)}`,
    ...change,
  };
}

type Billed = {
  lines?: readonly InvoiceLine[];
  terms?: InvoiceTerms;
  currency?: string;
  unresolved?: number;
};

export function billedTo(billed: Billed = {}): NumberedInvoice {
  const { lines = [line()], terms = termsOf(), currency = 'EUR', unresolved = 0 } = billed;
  return {
    ...{ hash: 'b'.repeat(64), terms, number: 'INV-2026-000042' },
    body: {
      ...{ object: 'invoice', version: 2, id: 'inv_1', customer_id: 'cus_1' },
      ...{ snapshot_id: 'snp_1', snapshot_hash: 'c'.repeat(64), period_id: 'per_3' },
      ...{ period_number: 3, period_start: '2026-11-01T00:00:00.000Z' },
      ...{ period_end: '2026-12-01T00:00:00.000Z', time_zone: 'UTC', currency },
      lines: [...lines],
      total_minor: lines.reduce((sum, { amount_minor }) => sum + amount_minor, 0),
      unresolved: { count: unresolved, event_ids: [] },
    },
  };
}
