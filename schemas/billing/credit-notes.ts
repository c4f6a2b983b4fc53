/** What the billing API takes and answers about credit notes, and their document as JSON. */
import type { CreditNoteDocument } from '@tollgate/domain/invoice/credit-note-document.ts';
import { z } from 'zod';
import { timestamp } from '../event/usage-event.ts';
import { listOf, listQuery } from '../http/list.ts';
import { creditMemo, creditNoteLine, creditReason } from '../ledger/credit-note-events.ts';
import { objectId as id } from '../names/names.ts';
import { currencyCode } from './exchange-rate.ts';
import { invoiceDocument } from './invoice-document.ts';

/** Lines of one note: Stripe takes no more. */
const LINES_MAX = 200;

const amount = z.int().min(1).meta({ description: 'Without tax, in minor units.' });

export const creditNoteRequest = z
  .strictObject({
    reason: creditReason,
    memo: creditMemo.optional().meta({ description: 'For the customer: it is printed.' }),
    whole: z.literal(true).optional().meta({ description: 'All that was not credited before.' }),
    void: z
      .literal(true)
      .optional()
      .meta({ description: 'The whole invoice, which is void then; nothing was credited before.' }),
    amount_minor: amount.optional(),
    lines: z
      .array(
        z.strictObject({
          line: z.int().min(0).meta({ description: 'Place in the lines of the invoice, from 0.' }),
          amount_minor: amount.optional().meta({ description: 'Default: all that is left of it.' }),
        }),
      )
      .min(1)
      .max(LINES_MAX)
      .refine((lines) => new Set(lines.map(({ line }) => line)).size === lines.length, {
        error: 'a line twice',
      })
      .optional(),
  })
  .refine(
    (one) => [one.whole, one.void, one.amount_minor, one.lines].filter(Boolean).length === 1,
    { error: 'say one of whole, void, amount_minor and lines' },
  );
export type CreditNoteRequest = z.infer<typeof creditNoteRequest>;

export const creditNoteView = z.strictObject({
  object: z.literal('credit_note'),
  id,
  invoice_id: id,
  customer_id: id,
  number: z.string().nullable().meta({
    description: 'In a series of its own for each seller; null where the invoice has none.',
  }),
  kind: z.enum(['credit', 'void']),
  reason: creditReason,
  memo: creditMemo.nullable(),
  currency: currencyCode,
  lines: z.array(creditNoteLine),
  net_minor: z.int(),
  tax_minor: z.int(),
  total_minor: z.int(),
  issued_at: timestamp,
});
export type CreditNoteView = z.infer<typeof creditNoteView>;

export const creditNoteList = listOf(creditNoteView);
export const creditNoteQuery = listQuery.extend({
  customer_id: id.optional(),
  invoice_id: id.optional(),
});
export const creditNoteParams = z.strictObject({ credit_note_id: id });

const { layout, invoice_hash, snapshot_id, snapshot_hash, period } = invoiceDocument.shape;
const { seller, buyer, tax, verify } = invoiceDocument.shape;

export const creditNoteDocument = z.strictObject({
  object: z.literal('credit_note_document'),
  layout,
  number: z.string(),
  credit_note_id: id,
  kind: z.enum(['credit', 'void']),
  reason: creditReason,
  memo: creditMemo.nullable(),
  invoice_id: id,
  invoice_number: z.string(),
  invoice_issued_on: z.iso.date(),
  invoice_hash,
  snapshot_id,
  snapshot_hash,
  customer_id: id,
  issued_at: timestamp,
  issued_on: z.iso.date(),
  period,
  seller,
  buyer,
  currency: currencyCode,
  lines: z.array(creditNoteLine),
  net_minor: z.int(),
  tax,
  credited_minor: z.int(),
  verify,
}) satisfies z.ZodType<CreditNoteDocument>;
