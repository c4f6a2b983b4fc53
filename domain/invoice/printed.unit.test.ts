import { describe, expect, it } from 'vitest';
import { invoiceDocument } from './document.ts';
import type { DocumentFormat } from './document-events.ts';
import { printedInvoice } from './printed.ts';
import { billedTo, line, termsOf } from './testing/documents.ts';

const english = termsOf().format;
const german = { decimal: ',', group: '.', money: { before: '', after: '\u00A0€' } };
const indian: Partial<DocumentFormat> = { group_digits: [3, 2], money: { before: '₹', after: '' } };
const spanish = { ...german, group_digits_min: 2 };

function printed(change: Partial<Parameters<typeof billedTo>[0]> & { format?: object }) {
  const { format = {}, ...billed } = change;
  const terms = billed?.terms ?? termsOf({ tax: untaxed });
  return printedInvoice(invoiceDocument(billedTo({ ...billed, terms })), { ...english, ...format });
}
const untaxed = { treatment: 'none', name: null, rate_ppm: 0, text: null } as const;

describe('I6: an amount is printed to the last minor unit', () => {
  it.each<[string, string, Partial<DocumentFormat>, number, string, string]>([
    ['of two places', 'EUR', {}, 123_456_789, '1,234,567.89', '€1,234,567.89'],
    ['in German', 'EUR', german, 123_456_789, '1.234.567,89', '1.234.567,89\u00A0€'],
    ['in Spanish, four digits', 'EUR', spanish, 123_456, '1234,56', '1234,56\u00A0€'],
    ['in India', 'INR', indian, 1_234_567_890, '1,23,45,678.90', '₹1,23,45,678.90'],
    ['without places', 'JPY', { money: { before: '¥', after: '' } }, 1_234, '1,234', '¥1,234'],
    [
      'of three places',
      'KWD',
      { money: { before: 'KWD\u00A0', after: '' } },
      5,
      '0.005',
      'KWD\u00A00.005',
    ],
    ['below zero', 'EUR', { minus: '−' }, -5, '−0.05', '−€0.05'],
    ['of nothing', 'EUR', {}, 0, '0.00', '€0.00'],
    [
      'of sixteen digits',
      'EUR',
      {},
      Number.MAX_SAFE_INTEGER,
      '90,071,992,547,409.91',
      '€90,071,992,547,409.91',
    ],
  ])('%s: %s', (_name, currency, format, amount_minor, inTable, inTotal) => {
    const found = printed({ currency, format, lines: [line({ amount_minor })] });
    expect(found.sections[0]?.rows[0]?.[4]).toBe(inTable);
    expect(found.totals.at(-1)).toEqual({ label: 'Amount due', value: inTotal });
  });
});

it('names the tax with its rate, or says why there is none', () => {
  const tax = { treatment: 'standard', name: 'Sales tax', rate_ppm: 88_750, text: null } as const;
  const taxed = printed({ terms: termsOf({ tax }) });
  expect(taxed.totals.map(({ label }) => label)).toEqual([
    'Net total',
    'Sales tax 8.875%',
    'Amount due',
  ]);
  const text = 'Reverse charge: the customer accounts for the tax.';
  const reversed = { treatment: 'reverse_charge', name: 'VAT', rate_ppm: 0, text } as const;
  const free = printed({ terms: termsOf({ tax: reversed }) });
  expect(free.totals[1]).toEqual({ label: 'VAT 0%', value: '€0.00' });
  expect(free.notes[0]).toBe(text);
  expect(printed({}).totals.map(({ label }) => label)).toEqual(['Net total', 'Amount due']);
});

it('I8: says what is estimated and how many calls have no known cost', () => {
  const { notes } = printed({ unresolved: 3, lines: [line({ estimated_events: 1 })] });
  expect(notes.slice(0, 2)).toEqual([
    'Lines that say so are estimated in part: the provider stated no usage.',
    'Calls without a known cost, which are not charged here: 3.',
  ]);
});

it('shows what would hide or turn a text as a character that is none', () => {
  const description = 'a\u202Egpt\u2066\u0000b\nc';
  const { sections } = printed({ lines: [line({ description })] });
  expect(sections[0]?.rows[0]?.[0]).toBe('a\uFFFDgpt\uFFFD\uFFFDb\uFFFDc');
});
