import { describe, expect, it } from 'vitest';
import { invoiceNumber, numberFormatFault, seriesOf } from './number-series.ts';

describe('an invoice number', () => {
  it.each([
    ['INV-{year}-{seq:6}', 42, 'INV-2026-000042'],
    ['{seq}', 1, '1'],
    ['R {seq:3}/{year}', 1_234, 'R 1234/2026'],
  ])('in the format %s', (format, sequence, number) => {
    expect(numberFormatFault(format)).toBeNull();
    expect(invoiceNumber(format, '2026-11-30', sequence)).toBe(number);
  });

  it('begins again each year only if it names the year', () => {
    expect(seriesOf('acme', 'INV-{year}-{seq:6}', '2026-12-31')).toBe('acme.2026');
    expect(seriesOf('acme', 'INV-{seq}', '2026-12-31')).toBe('acme');
  });

  it.each([
    ['INV-{year}', /needs \{seq\} once/],
    ['{seq}-{seq:4}', /needs \{seq\} once/],
    ['{year}-{seq}-{year}', /more than once/],
    ['{year}{seq}', /a character between/],
    ['INV-{month}-{seq}', /may have letters/],
    ['Nº {seq}', /may have letters/],
    ['A-very-long-name-of-a-series-{seq}', /too long/],
  ])('cannot be told apart or read in the format %s', (format, fault) => {
    expect(numberFormatFault(format)).toMatch(fault);
  });
});
