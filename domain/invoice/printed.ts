/**
 * What is printed of an invoice's document: texts alone, in their order, so that HTML and PDF say the
 * same. Pure; figures are written as the frozen format says, never as today's locale data do (I4).
 */
import { minorUnitPlaces } from './currency.ts';
import type { DocumentSection, InvoiceDocument } from './document.ts';
import type { DocumentFormat, PostalAddress } from './document-events.ts';
import type { InvoiceLine } from './invoice.ts';

export type PrintedRow = { label: string; value: string };

export type PrintedSection = {
  title: string;
  /** A description, calls, tokens in, tokens out, amount. */
  rows: string[][];
  subtotal: string;
};

export type PrintedInvoice = {
  title: string;
  locale: string;
  /** RFC 3339: the time that a file states of itself. */
  issuedAt: string;
  seller: string[];
  buyer: string[];
  facts: PrintedRow[];
  columns: string[];
  sections: PrintedSection[];
  totals: PrintedRow[];
  notes: string[];
  payment: string[];
  verify: { text: string; lines: string[] };
};

export function printedInvoice(document: InvoiceDocument, format: DocumentFormat): PrintedInvoice {
  const money = moneyIn(document.currency, format);
  return {
    title: `Invoice ${document.number}`,
    locale: format.locale,
    issuedAt: document.issued_at,
    seller: sellerLines(document),
    buyer: buyerLines(document),
    facts: factsOf(document, format),
    columns: ['Description', 'Calls', 'Tokens in', 'Tokens out', `Amount (${document.currency})`],
    sections: document.sections.map((section) => printedSection(section, document, format)),
    totals: [
      { label: 'Net total', value: money(document.net_minor) },
      ...taxRow(document, format, money),
      { label: 'Amount due', value: money(document.payable_minor) },
    ],
    notes: notesOf(document).map(printable),
    payment: document.seller.payment_details.map(printable),
    verify: {
      text: document.verify,
      lines: [
        `Snapshot ${document.snapshot_id}`,
        `SHA-256 ${document.snapshot_hash}`,
        'The code has both: they name the frozen record of usage that this invoice is made from.',
      ],
    },
  };
}

/** Control characters, line ends and turns of direction would not show as what they are. */
const UNPRINTABLE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu;

export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\uFFFD');
}

export function sellerLines({ seller }: Pick<InvoiceDocument, 'seller'>): string[] {
  const { legal_name, address, tax_id, registration, email, phone, website } = seller;
  const named = [labelled('Tax ID', tax_id), labelled('Registration', registration)].flat();
  const reached = [email, phone, website].filter((text) => text !== null);
  return [legal_name, ...addressLines(address), ...named, ...reached].map(printable);
}

export function buyerLines({ buyer }: Pick<InvoiceDocument, 'buyer'>): string[] {
  const { legal_name, address, tax_id } = buyer;
  const where = address === null ? [] : addressLines(address);
  return [legal_name, ...where, ...labelled('Tax ID', tax_id)].map(printable);
}

function labelled(label: string, text: string | null): string[] {
  return text === null ? [] : [`${label} ${text}`];
}

function addressLines(address: PostalAddress): string[] {
  const { line1, line2, postal_code, city, region, country } = address;
  const place = [postal_code, city].filter((text) => text !== null).join(' ');
  const where = [place, region, country].filter((text) => text !== null).join(', ');
  return [line1, ...(line2 === null ? [] : [line2]), where];
}

function factsOf(document: InvoiceDocument, { days }: DocumentFormat): PrintedRow[] {
  const { buyer, exchange_rate: rate } = document;
  const rows: [string, string | null][] = [
    ['Invoice number', document.number],
    ['Date', days.issued],
    ['Due', days.due],
    ['Period', `${days.period_start} – ${days.period_end}`],
    ['Time zone', document.period.time_zone],
    ['Your reference', buyer.reference],
    ['Customer', document.customer_id],
    [
      'Exchange rate',
      rate === null
        ? null
        : `${rate.numerator}/${rate.denominator} ${rate.quote} for 1 ${rate.base} (${rate.source}, ${rate.as_of})`,
    ],
  ];
  return rows.flatMap(([label, value]) =>
    value === null ? [] : [{ label, value: printable(value) }],
  );
}

function printedSection(
  section: DocumentSection,
  { currency }: InvoiceDocument,
  format: DocumentFormat,
): PrintedSection {
  const places = minorUnitPlaces(currency);
  const amount = (minor: number) => figure(BigInt(minor), places, format);
  return {
    title:
      section.kind === 'usage'
        ? 'Usage of this period'
        : `Late usage of period ${section.period_number}, which became known after its invoice`,
    rows: section.lines.map((line) => [
      printable(line.description),
      figure(BigInt(line.events), 0, format),
      figure(tokensIn(line), 0, format),
      figure(tokensOut(line), 0, format),
      amount(line.amount_minor),
    ]),
    subtotal: amount(section.subtotal_minor),
  };
}

function tokensIn(line: InvoiceLine): bigint {
  const { input_tokens, cache_read_tokens, cache_write_tokens, audio_input_tokens } = line;
  return sum([input_tokens, cache_read_tokens, cache_write_tokens, audio_input_tokens]);
}

function tokensOut({ output_tokens, reasoning_tokens, audio_output_tokens }: InvoiceLine): bigint {
  return sum([output_tokens, reasoning_tokens, audio_output_tokens]);
}

function sum(values: readonly number[]): bigint {
  return values.reduce((total, value) => total + BigInt(value), 0n);
}

export function taxRow(
  { tax }: Pick<InvoiceDocument, 'tax'>,
  format: DocumentFormat,
  money: (minor: number) => string,
): PrintedRow[] {
  if (tax.treatment === 'none') return [];
  const { before, after } = format.percent;
  // Parts per million are a percentage with four places.
  const rate = figure(BigInt(tax.rate_ppm), 4, format);
  const exact = rate.replace(/0+$/, '');
  const short = exact.endsWith(format.decimal) ? exact.slice(0, -format.decimal.length) : exact;
  const label = printable(`${tax.name ?? 'Tax'} ${before}${short}${after}`);
  return [{ label, value: money(tax.amount_minor) }];
}

function notesOf(document: InvoiceDocument): string[] {
  const { tax, seller, unresolved_count: unresolved } = document;
  const lines = document.sections.flatMap((section) => section.lines);
  const estimated = lines.some(({ estimated_events }) => estimated_events > 0);
  return [
    ...(tax.text === null ? [] : [tax.text]),
    ...(estimated
      ? ['Lines that say so are estimated in part: the provider stated no usage.']
      : []),
    ...(unresolved === 0
      ? []
      : [`Calls without a known cost, which are not charged here: ${unresolved}.`]),
    ...seller.notes,
  ];
}

/** An amount with its currency. */
export function moneyIn(currency: string, format: DocumentFormat): (minor: number) => string {
  const places = minorUnitPlaces(currency);
  const { before, after } = format.money;
  return (minor) => {
    const value = BigInt(minor);
    const size = figure(value < 0n ? -value : value, places, format);
    return `${value < 0n ? format.minus : ''}${before}${size}${after}`;
  };
}

/** @param value in 10^-places */
export function figure(value: bigint, places: number, format: DocumentFormat): string {
  const digits = String(value < 0n ? -value : value).padStart(places + 1, '0');
  const whole = grouped(digits.slice(0, digits.length - places), format);
  const fraction = places === 0 ? '' : format.decimal + digits.slice(digits.length - places);
  return `${value < 0n ? format.minus : ''}${whole}${fraction}`;
}

function grouped(digits: string, format: DocumentFormat): string {
  const [last, others] = format.group_digits;
  if (digits.length < last + format.group_digits_min) return digits;
  let text = digits.slice(-last);
  for (let end = digits.length - last; end > 0; end -= others) {
    text = digits.slice(end > others ? end - others : 0, end) + format.group + text;
  }
  return text;
}
