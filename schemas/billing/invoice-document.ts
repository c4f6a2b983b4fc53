/** The document of an invoice as JSON: the same bytes forever. */
import type { DocumentSection, InvoiceDocument } from '@tollgate/domain/invoice/document.ts';
import { z } from 'zod';
import { timestamp } from '../event/usage-event.ts';
import { buyerBlock, sellerBlock, taxTerms } from '../ledger/invoice-document-events.ts';
import { objectId as id } from '../names/names.ts';
import { currencyCode, exchangeRate } from './exchange-rate.ts';
import { invoiceBody } from './invoice.ts';
import { sha256Hex } from './snapshot.ts';

const section = z.strictObject({
  kind: z.enum(['usage', 'late_usage']),
  period_number: z.int().min(1),
  lines: invoiceBody.shape.lines,
  subtotal_minor: z.int(),
}) satisfies z.ZodType<DocumentSection>;

export const invoiceDocument = z.strictObject({
  object: z.literal('invoice_document'),
  layout: z.literal(1),
  number: z.string(),
  invoice_id: id,
  invoice_hash: sha256Hex,
  snapshot_id: id,
  snapshot_hash: sha256Hex,
  customer_id: id,
  issued_at: timestamp,
  issued_on: z.iso.date(),
  due_on: z.iso.date(),
  period: z.strictObject({
    number: z.int().min(1),
    start: timestamp,
    end: timestamp,
    time_zone: z.string(),
  }),
  seller: sellerBlock,
  buyer: buyerBlock,
  currency: currencyCode,
  exchange_rate: exchangeRate.nullable(),
  sections: z.array(section),
  net_minor: z.int(),
  tax: taxTerms.extend({ amount_minor: z.int() }),
  payable_minor: z.int(),
  unresolved_count: z.int().min(0),
  verify: z.string().meta({ description: 'What the QR code of the printed document says.' }),
}) satisfies z.ZodType<InvoiceDocument>;

export const invoiceNumbering = z.strictObject({
  object: z.literal('invoice_number'),
  invoice_id: id,
  number: z.string(),
});
