/** The payloads of what makes an invoice a document, and of number series (see ledger-events.ts). */
import type {
  BuyerBlock,
  InvoiceNumbered,
  InvoiceNumberGiven,
  InvoiceTerms,
  InvoiceTermsFixed,
  SellerBlock,
} from '@tollgate/domain/invoice/document-events.ts';
import { z } from 'zod';
import { timestamp } from '../event/usage-event.ts';
import { postalAddress } from '../names/address.ts';
import { objectId as id, shortName } from '../names/names.ts';

const text = z.string().min(1).max(1_024);
const lines = z.array(text).max(12);
const around = z.strictObject({ before: z.string(), after: z.string() });
const digits = z.int().min(1).max(9);

export const sellerBlock = z.strictObject({
  name: shortName,
  legal_name: text,
  address: postalAddress,
  tax_id: text.nullable(),
  registration: text.nullable(),
  email: text.nullable(),
  phone: text.nullable(),
  website: text.nullable(),
  payment_details: lines,
  notes: lines,
}) satisfies z.ZodType<SellerBlock>;

export const buyerBlock = z.strictObject({
  legal_name: text,
  address: postalAddress.nullable(),
  tax_id: text.nullable(),
  reference: text.nullable(),
}) satisfies z.ZodType<BuyerBlock>;

export const taxTerms = z.strictObject({
  treatment: z.enum(['none', 'standard', 'exempt', 'reverse_charge']),
  name: text.nullable(),
  rate_ppm: z.int().min(0).max(1_000_000),
  text: text.nullable(),
});

const terms = z.strictObject({
  invoice_id: id,
  layout: z.literal(1),
  series: shortName,
  series_from: z.string().regex(/^\d+$/),
  number_format: shortName,
  issued_at: timestamp,
  issued_on: z.iso.date(),
  due_on: z.iso.date(),
  seller: sellerBlock,
  buyer: buyerBlock,
  tax: taxTerms,
  format: z.strictObject({
    locale: shortName,
    decimal: z.string().min(1),
    group: z.string(),
    minus: z.string().min(1),
    group_digits: z.tuple([digits, digits]),
    group_digits_min: digits,
    money: around,
    percent: around,
    days: z.strictObject({ issued: text, due: text, period_start: text, period_end: text }),
  }),
  verify: text,
}) satisfies z.ZodType<InvoiceTerms>;

export const invoiceDocumentPayloads = {
  InvoiceTermsFixed: terms,
  InvoiceNumbered: z.strictObject({
    invoice_id: id,
    series: shortName,
    sequence: z.int().min(1),
    number: shortName,
  }),
} satisfies {
  [E in InvoiceTermsFixed | InvoiceNumbered as E['type']]: z.ZodType<E['data']>;
};

export const invoiceSeriesPayloads = {
  InvoiceNumberGiven: z.strictObject({ invoice_id: id }),
} satisfies { InvoiceNumberGiven: z.ZodType<InvoiceNumberGiven['data']> };
