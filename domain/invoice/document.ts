/**
 * The document of an invoice: everything that its JSON, HTML and PDF say, from the events of its stream
 * alone (I4). Pure. Tax is worked out once, on the net total, by the rounding rule of invoices (I6).
 */
import type { ExchangeRate } from '../exchange/exchange-rate.ts';
import { divideHalfAwayFromZero } from '../money/rounding.ts';
import { exactInteger } from '../period/exact-integer.ts';
import type { BuyerBlock, InvoiceTerms, SellerBlock, TaxTreatment } from './document-events.ts';
import type { InvoiceBody, InvoiceLine } from './invoice.ts';

/** What the stream of an invoice says, once it has its number. */
export type NumberedInvoice = {
  body: InvoiceBody;
  /** SHA-256 of the issued body, lower-case hex. */
  hash: string;
  terms: InvoiceTerms;
  number: string;
};

export type DocumentSection = {
  kind: InvoiceLine['kind'];
  /** The period that the usage belongs to. */
  period_number: number;
  lines: InvoiceLine[];
  subtotal_minor: number;
};

export type InvoiceDocument = {
  object: 'invoice_document';
  layout: 1;
  number: string;
  invoice_id: string;
  invoice_hash: string;
  snapshot_id: string;
  snapshot_hash: string;
  customer_id: string;
  issued_at: string;
  issued_on: string;
  due_on: string;
  period: { number: number; start: string; end: string; time_zone: string };
  seller: SellerBlock;
  buyer: BuyerBlock;
  currency: string;
  /** From the USD of costs; null: the currency is USD. */
  exchange_rate: ExchangeRate | null;
  sections: DocumentSection[];
  net_minor: number;
  tax: {
    treatment: TaxTreatment;
    name: string | null;
    rate_ppm: number;
    text: string | null;
    amount_minor: number;
  };
  payable_minor: number;
  /** Events without a known cost: none of them is charged (I8). */
  unresolved_count: number;
  verify: string;
};

/** @throws InexactInteger if an amount does not fit a JSON integer */
export function invoiceDocument({ body, hash, terms, number }: NumberedInvoice): InvoiceDocument {
  const tax = taxMinor(BigInt(body.total_minor), terms.tax.rate_ppm);
  return {
    object: 'invoice_document',
    layout: terms.layout,
    number,
    invoice_id: body.id,
    invoice_hash: hash,
    snapshot_id: body.snapshot_id,
    snapshot_hash: body.snapshot_hash,
    customer_id: body.customer_id,
    issued_at: terms.issued_at,
    issued_on: terms.issued_on,
    due_on: terms.due_on,
    period: {
      number: body.period_number,
      start: body.period_start,
      end: body.period_end,
      time_zone: body.time_zone,
    },
    seller: terms.seller,
    buyer: terms.buyer,
    currency: body.currency,
    exchange_rate: body.exchange_rate ?? null,
    sections: sectionsOf(body.lines),
    net_minor: body.total_minor,
    tax: { ...terms.tax, amount_minor: exactInteger(tax, 'the tax') },
    payable_minor: exactInteger(BigInt(body.total_minor) + tax, 'the amount to pay'),
    unresolved_count: body.unresolved.count,
    verify: terms.verify,
  };
}

const PPM = 1_000_000n;

/** The one rounding of tax. */
export function taxMinor(netMinor: bigint, ratePpm: number): bigint {
  return divideHalfAwayFromZero(netMinor * BigInt(ratePpm), PPM);
}

/** Usage of the period first; then late usage, apart, by the period that it belongs to. */
function sectionsOf(lines: readonly InvoiceLine[]): DocumentSection[] {
  const sections = new Map<string, InvoiceLine[]>();
  for (const line of lines) {
    const name = `${line.kind}|${line.period_number}`;
    const members = sections.get(name);
    if (members === undefined) sections.set(name, [line]);
    else members.push(line);
  }
  const all = [...sections.values()].map((members) => {
    const { kind, period_number } = members[0] as InvoiceLine;
    const subtotal = members.reduce((sum, line) => sum + BigInt(line.amount_minor), 0n);
    const subtotal_minor = exactInteger(subtotal, 'a subtotal');
    return { kind, period_number, lines: members, subtotal_minor };
  });
  return all.sort((a, b) => rank(a) - rank(b) || a.period_number - b.period_number);
}

function rank({ kind }: DocumentSection): number {
  return kind === 'usage' ? 0 : 1;
}
