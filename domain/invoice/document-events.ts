/**
 * What makes an invoice a document: who sells, who buys, on which terms, under which number. Two events
 * of stream `invoice-<id>`, after `InvoiceIssued`, and one of the stream of its number series. All that
 * a document says is in them, so that it is the same bytes forever, whatever the configuration, the
 * customer or the locale data become (I4).
 */
import { streamCategory } from '../stream/stream-category.ts';

/** By the id of the series (`number-series.ts`). */
export const invoiceSeriesStreams = streamCategory('invoice_series');

export type PostalAddress = {
  line1: string;
  line2: string | null;
  postal_code: string | null;
  city: string;
  region: string | null;
  /** ISO 3166-1 alpha-2. */
  country: string;
};

export type SellerBlock = {
  /** Its name in the configuration. */
  name: string;
  legal_name: string;
  address: PostalAddress;
  tax_id: string | null;
  registration: string | null;
  email: string | null;
  phone: string | null;
  website: string | null;
  /** Lines: where to pay. */
  payment_details: string[];
  /** Lines at the end of the document. */
  notes: string[];
};

export type BuyerBlock = {
  legal_name: string;
  address: PostalAddress | null;
  tax_id: string | null;
  /** The buyer's own: a purchase order, a cost centre. */
  reference: string | null;
};

export type TaxTreatment = 'none' | 'standard' | 'exempt' | 'reverse_charge';

export type TaxTerms = {
  treatment: TaxTreatment;
  /** `VAT`, for example; null: no tax is named. */
  name: string | null;
  /** Parts per million of the net total; 0 unless it is charged. */
  rate_ppm: number;
  /** Why none is charged. */
  text: string | null;
};

/** How figures and days are written, as the locale's data said when the terms were fixed. */
export type DocumentFormat = {
  /** BCP 47. */
  locale: string;
  decimal: string;
  group: string;
  minus: string;
  /** Digits of the group at the point, and of those before it. */
  group_digits: [number, number];
  /** Digits before the first group that there must be for any group to be set apart. */
  group_digits_min: number;
  /** Around an amount in the invoice's currency. */
  money: { before: string; after: string };
  percent: { before: string; after: string };
  days: { issued: string; due: string; period_start: string; period_end: string };
};

export type InvoiceTerms = {
  invoice_id: string;
  /** Which layout prints it (adapters/documents): a new layout leaves old documents as they are. */
  layout: 1;
  series: string;
  /** The number is not below this revision of the series: from there on it is looked for. */
  series_from: string;
  number_format: string;
  issued_at: string;
  /** Days in the seller's time zone. */
  issued_on: string;
  due_on: string;
  seller: SellerBlock;
  buyer: BuyerBlock;
  tax: TaxTerms;
  format: DocumentFormat;
  /** What the QR code says. */
  verify: string;
};

export type InvoiceTermsFixed = { type: 'InvoiceTermsFixed'; data: InvoiceTerms };

export type InvoiceNumbered = {
  type: 'InvoiceNumbered';
  data: { invoice_id: string; series: string; sequence: number; number: string };
};

/**
 * The sequence number is not in it: it is the place of this event in its stream, from 1. A ledger
 * stream has no gap, and holds one event at a revision: so do the numbers.
 */
export type InvoiceNumberGiven = { type: 'InvoiceNumberGiven'; data: { invoice_id: string } };
