/** Credits there: of every unit and tax, never more than was asked for, and all of it in the end. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { creditLines, creditThere } from './credit-plan.ts';

const currency = fc.constantFrom('USD', 'JPY', 'KWD', 'ISK', 'MGA', 'HUF');

describe('credit notes there', () => {
  it('credit nothing below zero, and together what was asked for there, whatever its tax', () => {
    const notes = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(notes, currency, fc.integer({ min: 0, max: 60_000 }), (totals, code, asked) => {
        const invoice_minor = totals.reduce((sum, total) => sum + total, 0);
        // What is asked for there has the unit's step, as every amount there.
        const askedMinor = asked * (code === 'ISK' ? 100 : code === 'KWD' ? 10 : 1);
        let before_minor = 0;
        let credited = 0;
        for (const total_minor of totals) {
          const note = { lines: [], total_minor, before_minor, invoice_minor };
          const amount = creditThere(note, askedMinor, code);
          expect(amount).toBeGreaterThanOrEqual(0);
          credited += amount;
          before_minor += total_minor;
          expect(credited).toBeLessThanOrEqual(askedMinor);
        }
        expect(credited).toBe(askedMinor);
      }),
    );
  });

  it.each([
    ['in our unit', 'USD', 150, [100, 19], 119, 119],
    ['in dinars, whose last decimal is zero there', 'KWD', 2_470, [1_234], 1_234, 1_230],
    ['where another tax was added there', 'EUR', 242, [100], 100, 121],
  ])('%s: a part of what was asked for', (_name, code, asked, lines, total_minor, amount) => {
    const invoice_minor = code === 'USD' ? 150 : code === 'KWD' ? 2_469 : 200;
    const texts = lines.map((amount_minor) => ({ description: 'x', amount_minor }));
    const note = { lines: texts, total_minor, before_minor: 0, invoice_minor };
    expect(creditThere(note, asked, code)).toBe(amount);
    const found = creditLines(note, amount, code);
    const sum = found?.reduce((all, { amount_minor }) => all + amount_minor, 0) ?? null;
    expect(sum).toBe(code === 'EUR' ? null : amount);
  });
});
