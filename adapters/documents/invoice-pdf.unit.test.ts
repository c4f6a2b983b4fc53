/** The PDF of an invoice: the same bytes, and what a reader of PDFs finds where on its pages. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { invoiceDocument } from '@tollgate/domain/invoice/document.ts';
import { type PrintedInvoice, printedInvoice } from '@tollgate/domain/invoice/printed.ts';
import { billedTo, line, termsOf } from '@tollgate/domain/invoice/testing/documents.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { invoicePdf } from './invoice-pdf.ts';

const LONG = 'anthropic claude-sonnet of a deployment whose-name-has-no-end-'.repeat(3);
const LINES = [
  line({ amount_minor: 1 }),
  line({ description: LONG, amount_minor: 123_456_789 }),
  line({ kind: 'late_usage', period_number: 2, amount_minor: -45 }),
];

function printed(lines = LINES): PrintedInvoice {
  return printedInvoice(invoiceDocument(billedTo({ lines, unresolved: 3 })), termsOf().format);
}

describe('the PDF of an invoice', () => {
  it('I4: is the same bytes each time, on every machine', async () => {
    const [first, again] = [await invoicePdf(printed()), await invoicePdf(printed())];
    expect(again.equals(first)).toBe(true);
    // Another layout, font or library: a document that was issued would change. Give it a new layout.
    expect(createHash('sha256').update(first).digest('hex')).toBe(DIGEST);
  });

  it('is refused with the characters that its fonts cannot print', async () => {
    const { buyer, ...rest } = printed();
    const named = { ...rest, buyer: ['東京 שלום Acme', ...buyer.slice(1)] };
    await expect(invoicePdf(named)).rejects.toMatchObject({
      characters: [...'םלמשוקתאי東京'].filter((c) => '東京 שלום'.includes(c)).sort(),
    });
  });
});

const DIGEST = '4d8410e2b884d39139bc6bb4d095c6bac64a1950d1ec01f792372d0f344f8289';

const hasPoppler = spawnSync('pdftotext', ['-v']).status === 0;
if (!hasPoppler) console.warn('SKIPPED: no pdftotext (poppler-utils), so no PDF was looked at');

type Word = { page: number; left: number; right: number; top: number; text: string };

describe.skipIf(!hasPoppler)('its pages', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tollgate-pdf-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function wordsOf(invoice: PrintedInvoice): Promise<Word[]> {
    const path = join(folder, 'invoice.pdf');
    writeFileSync(path, await invoicePdf(invoice));
    const boxes = execFileSync('pdftotext', ['-bbox', path, '-']).toString();
    let page = 0;
    return boxes.split('\n').flatMap((text): Word[] => {
      if (text.includes('<page ')) page++;
      const box = /xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" .*>(.+)<\/word>/.exec(text);
      if (box === null) return [];
      const [, left, top, right, word = ''] = box;
      return [{ page, left: Number(left), right: Number(right), top: Number(top), text: word }];
    });
  }

  it('have amounts that end on one line at the right, and text that stays inside', async () => {
    const words = await wordsOf(printed());
    const amounts = ['0.01', '1,234,567.89', '-0.45', '€1,234,567.45'];
    const ends = amounts.map((text) => words.find((word) => word.text === text)?.right ?? 0);
    for (const end of ends) expect(Math.abs(end - 545)).toBeLessThan(0.5);
    for (const { left, right } of words) expect([left >= 49, right <= 546]).toEqual([true, true]);
    // The long description was wrapped before the column of calls.
    const wrapped = words.filter(({ text }) => text.includes('whose-name'));
    expect(Math.max(...wrapped.map(({ right }) => right))).toBeLessThan(270);
    const said = words.map(({ text }) => text).join(' ');
    for (const part of ['Zażółć Gęślą Jaźń', 'Late usage of period 2', 'VAT 19%', 'Page 1 of 1']) {
      expect(said).toContain(part);
    }
  });

  it('of a long invoice each have the head of the table and their number, and no line is lost', async () => {
    const count = 200;
    const lines = Array.from({ length: count }, (_, i) => line({ description: `model-${i}` }));
    const words = await wordsOf(printed(lines));
    const pages = Math.max(...words.map(({ page }) => page));
    expect(pages).toBeGreaterThan(3);
    for (let page = 1; page < pages; page++) {
      const texts = words.filter((word) => word.page === page).map(({ text }) => text);
      expect(texts.filter((text) => text === 'Description')).toHaveLength(1);
      expect(texts.slice(-4)).toEqual(['Page', String(page), 'of', String(pages)]);
    }
    const models = words.filter(({ text }) => text.startsWith('model-'));
    expect(models.map(({ text }) => text)).toEqual(lines.map(({ description }) => description));
    // Nothing runs into the foot of a page.
    const feet = words.filter(({ top }) => top > 785).map(({ text }) => text);
    expect(feet.filter((text) => text === 'Page')).toHaveLength(pages);
    expect(feet).toHaveLength(pages * 6);
  });

  it('are drawn with a code at the right that is half dark, and empty margins', async () => {
    const path = join(folder, 'drawn.pdf');
    writeFileSync(path, await invoicePdf(printed()));
    execFileSync('pdftoppm', ['-gray', '-r', '72', '-singlefile', path, join(folder, 'drawn')]);
    const pgm = readFileSync(join(folder, 'drawn.pgm'));
    const [head = ''] = /^P5\s+\d+\s+\d+\s+255\s/.exec(pgm.toString('latin1')) ?? [];
    const width = Number(head.split(/\s+/)[1]);
    const height = Number(head.split(/\s+/)[2]);
    const darkIn = (left: number, top: number, right: number, bottom: number) => {
      let dark = 0;
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++)
          if ((pgm[head.length + y * width + x] ?? 0) < 128) dark++;
      }
      return dark / ((right - left) * (bottom - top));
    };
    const words = await wordsOf(printed());
    const top = Math.round(words.find(({ text }) => text === 'Payment')?.top ?? 0);
    const share = darkIn(465, top + 14, 533, top + 80);
    expect([share > 0.35, share < 0.65]).toEqual([true, true]);
    expect(darkIn(0, 0, 48, height)).toBe(0);
    expect(darkIn(548, 0, width, height)).toBe(0);
  });
});
