/**
 * An invoice as a PDF, the same bytes each time: the time in it is that of the issue, the fonts are
 * embedded, and nothing is packed, because the packing of zlib differs between machines. What the font
 * has no glyph for is refused by name, never printed as something else.
 */
import { createRequire } from 'node:module';
import type {
  PrintedInvoice,
  PrintedRow,
  PrintedSection,
} from '@tollgate/domain/invoice/printed.ts';
import PDFDocument from 'pdfkit';
import { NotPrintable } from './not-printable.ts';
import { qrModules } from './qr-code.ts';

type Pdf = InstanceType<typeof PDFDocument>;
/** What of a font we ask fontkit, which pdfkit reads fonts with. */
type OpenFont = { _font: { font: { hasGlyphForCodePoint(codePoint: number): boolean } } };

const { resolve } = createRequire(import.meta.url);
const REGULAR = resolve('@expo-google-fonts/noto-sans/400Regular/NotoSans_400Regular.ttf');
const BOLD = resolve('@expo-google-fonts/noto-sans/700Bold/NotoSans_700Bold.ttf');

/** In points, of an A4 page. */
const PAGE = { width: 595.28, left: 50, right: 545, top: 50, bottom: 780, foot: 802 };
/** Right edges of the columns of figures; the description takes what is left of the first. */
const COLUMN = { description: 218, right: [320, 388, 456, 545], gap: 6 };
const SIZE = { title: 18, text: 9, small: 7, table: 8.5 };
const FIGURE_SIZE_MIN = 4;
const ROW_PADDING = 3;
const QR_SIDE = 92;

/** @throws NotPrintable */
export async function invoicePdf(printed: PrintedInvoice): Promise<Buffer> {
  const at = new Date(printed.issuedAt);
  const pdf = new PDFDocument({
    ...{ size: 'A4', margin: 0, autoFirstPage: false, bufferPages: true },
    compress: false,
    ...{ pdfVersion: '1.7', lang: 'en', displayTitle: true },
    info: {
      ...{ Title: printed.title, Author: printed.seller[0] ?? '', Creator: 'Tollgate' },
      // seam: pdf-has-the-time-of-issue
      ...{ Producer: 'Tollgate', CreationDate: at, ModDate: at },
    },
  });
  pdf.registerFont('regular', REGULAR).registerFont('bold', BOLD);
  refuseUnprintable(pdf, printed);
  new InvoicePages(pdf, printed).write();
  const pieces: Buffer[] = [];
  pdf.on('data', (piece: Buffer) => pieces.push(piece));
  const ended = new Promise<void>((done, fail) => pdf.on('end', done).on('error', fail));
  pdf.end();
  await ended;
  return Buffer.concat(pieces);
}

function refuseUnprintable(pdf: Pdf, printed: PrintedInvoice): void {
  const { font } = (pdf.font('regular') as unknown as OpenFont)._font;
  const missing = new Set<string>();
  for (const letter of new Set(JSON.stringify(printed))) {
    // seam: glyphs-are-asked-for
    if (!font.hasGlyphForCodePoint(letter.codePointAt(0) as number)) missing.add(letter);
  }
  if (missing.size > 0) throw new NotPrintable([...missing].sort());
}

class InvoicePages {
  readonly #pdf: Pdf;
  readonly #printed: PrintedInvoice;
  #y = 0;

  constructor(pdf: Pdf, printed: PrintedInvoice) {
    this.#pdf = pdf;
    this.#printed = printed;
  }

  write(): void {
    const { sections, notes } = this.#printed;
    this.#newPage();
    this.#head();
    for (const section of sections) this.#section(section);
    this.#totals();
    for (const note of notes) this.#paragraph(note, SIZE.text);
    this.#foot();
    this.#numberPages();
  }

  #newPage(): void {
    this.#pdf.addPage();
    this.#y = PAGE.top;
  }

  /** @returns whether a new page was begun */
  #need(height: number): boolean {
    if (this.#y + height <= PAGE.bottom) return false;
    this.#newPage();
    return true;
  }

  #style(font: 'regular' | 'bold', size: number, color = '#111111'): Pdf {
    return this.#pdf.font(font).fontSize(size).fillColor(color);
  }

  #head(): void {
    const { title, seller, buyer, facts } = this.#printed;
    this.#style('bold', SIZE.title).text(title, PAGE.left, this.#y, { width: 495 });
    const top = this.#pdf.y + 14;
    this.#y = top;
    this.#lines('From', seller);
    this.#lines('To', buyer);
    const left = this.#y;
    this.#y = top;
    for (const fact of facts) this.#fact(fact);
    this.#y = Math.max(left, this.#y) + 6;
  }

  #lines(title: string, lines: readonly string[]): void {
    this.#style('regular', SIZE.small, '#555555').text(title, PAGE.left, this.#y);
    const style = { width: 235 };
    for (const [index, line] of lines.entries()) {
      this.#style(index === 0 ? 'bold' : 'regular', SIZE.text);
      this.#pdf.text(line, PAGE.left, this.#pdf.y, style);
    }
    this.#y = this.#pdf.y + 10;
  }

  #fact({ label, value }: PrintedRow): void {
    this.#style('regular', SIZE.text, '#555555').text(label, 310, this.#y, { width: 85 });
    const under = this.#pdf.y;
    this.#style('regular', SIZE.text).text(value, 397, this.#y, { width: 148 });
    this.#y = Math.max(under, this.#pdf.y) + 2;
  }

  #section({ title, rows, subtotal }: PrintedSection): void {
    // A heading is never the last thing on a page.
    this.#need(70);
    this.#style('bold', SIZE.text).text(title, PAGE.left, this.#y, { width: 495 });
    this.#y = this.#pdf.y + 2;
    this.#columns();
    for (const row of rows) this.#row(row, 'regular', true);
    this.#row(['Subtotal', '', '', '', subtotal], 'bold', true);
    this.#y += 10;
  }

  #columns(): void {
    this.#row(this.#printed.columns, 'bold', false);
  }

  /** @param repeats whether the head of the table comes again if the row begins a page */
  #row(cells: readonly string[], font: 'regular' | 'bold', repeats: boolean): void {
    const [description = '', ...figures] = cells;
    this.#style(font, SIZE.table);
    const width = COLUMN.description;
    const height = this.#pdf.heightOfString(description, { width });
    if (this.#need(height + 2 * ROW_PADDING) && repeats) this.#columns();
    const y = this.#y + ROW_PADDING;
    this.#style(font, SIZE.table).text(description, PAGE.left, y, { width });
    let left = PAGE.left + width;
    for (const [index, text] of figures.entries()) {
      const right = COLUMN.right[index] as number;
      this.#figure(text, left + COLUMN.gap, right, y, font);
      left = right;
    }
    this.#y = y + height + ROW_PADDING;
    this.#pdf.moveTo(PAGE.left, this.#y).lineTo(PAGE.right, this.#y);
    this.#pdf.lineWidth(0.4).strokeColor('#cccccc').stroke();
  }

  /** Aligned to the right; one that is too long for its column is written smaller, and never cut. */
  #figure(text: string, left: number, right: number, y: number, font: 'regular' | 'bold'): void {
    if (text === '') return;
    let size = SIZE.table;
    while (this.#style(font, size).widthOfString(text) > right - left && size > FIGURE_SIZE_MIN) {
      size -= 0.5;
    }
    this.#pdf.text(text, right - this.#pdf.widthOfString(text), y, { lineBreak: false });
  }

  #totals(): void {
    const { totals } = this.#printed;
    this.#need(totals.length * 18 + 10);
    for (const [index, { label, value }] of totals.entries()) {
      const font = index === totals.length - 1 ? 'bold' : 'regular';
      this.#style(font, SIZE.text + 1).text(label, 300, this.#y, { width: 120 });
      const under = this.#pdf.y;
      const width = this.#pdf.widthOfString(value);
      this.#pdf.text(value, PAGE.right - width, this.#y, { lineBreak: false });
      this.#y = under + 4;
    }
    this.#y += 8;
  }

  #paragraph(text: string, size: number): void {
    const options = { width: PAGE.right - PAGE.left };
    this.#style('regular', size);
    this.#need(this.#pdf.heightOfString(text, options));
    this.#style('regular', size).text(text, PAGE.left, this.#y, options);
    this.#y = this.#pdf.y + 6;
  }

  /** Where to pay, and how to verify: with the code at their right. */
  #foot(): void {
    const { payment, verify } = this.#printed;
    this.#need(Math.max(QR_SIDE, payment.length * 13 + 90) + 10);
    this.#qrCode(verify.text, PAGE.right - QR_SIDE, this.#y);
    const width = PAGE.right - PAGE.left - QR_SIDE - 20;
    const block = (title: string, lines: readonly string[], size: number) => {
      if (lines.length === 0) return;
      this.#style('bold', size).text(title, PAGE.left, this.#y, { width });
      for (const line of lines) {
        this.#style('regular', size).text(line, PAGE.left, this.#pdf.y, { width });
      }
      this.#y = this.#pdf.y + 8;
    };
    block('Payment', payment, SIZE.text);
    block('Verification', verify.lines, SIZE.small);
  }

  #qrCode(text: string, left: number, top: number): void {
    const modules = qrModules(text);
    const side = QR_SIDE / modules.length;
    for (const [y, row] of modules.entries()) {
      for (const [x, dark] of row.entries()) {
        if (dark) this.#pdf.rect(left + x * side, top + y * side, side, side);
      }
    }
    this.#pdf.fill('#000000');
  }

  #numberPages(): void {
    const { count } = this.#pdf.bufferedPageRange();
    for (let page = 0; page < count; page++) {
      this.#pdf.switchToPage(page);
      this.#style('regular', SIZE.small, '#555555');
      this.#pdf.text(this.#printed.title, PAGE.left, PAGE.foot, { lineBreak: false });
      const text = `Page ${page + 1} of ${count}`;
      const width = this.#pdf.widthOfString(text);
      this.#pdf.text(text, PAGE.right - width, PAGE.foot, { lineBreak: false });
    }
  }
}
