/** The payloads of credit notes, and of their number series (see ledger-events.ts). */
import type {
  CreditNoteIssued,
  CreditNoteNumbered,
  CreditNoteNumberGiven,
} from '@tollgate/domain/invoice/credit-note-events.ts';
import { z } from 'zod';
import { timestamp } from '../event/usage-event.ts';
import { objectId as id, shortName } from '../names/names.ts';

/** Stripe's reasons, and one for all others. */
export const creditReason = z.enum([
  ...(['duplicate', 'fraudulent', 'order_change', 'product_unsatisfactory', 'other'] as const),
]);

/** Characters of a memo: Stripe prints it. */
export const creditMemo = z.string().min(1).max(1_024);

export const creditNoteLine = z.strictObject({
  line: z.int().min(0).nullable(),
  description: z.string(),
  amount_minor: z.int().min(1),
});

const terms = z.strictObject({
  series: shortName,
  series_from: z.string().regex(/^\d+$/),
  number_format: shortName,
  issued_on: z.iso.date(),
  issued_text: z.string().min(1).max(1_024),
});

export const creditNotePayloads = {
  CreditNoteIssued: z.strictObject({
    invoice_id: id,
    credit_note_id: id,
    kind: z.enum(['credit', 'void']),
    reason: creditReason,
    memo: creditMemo.nullable(),
    lines: z.array(creditNoteLine).min(1),
    net_minor: z.int().min(1),
    tax_minor: z.int().min(0),
    total_minor: z.int().min(1),
    issued_at: timestamp,
    terms: terms.nullable(),
  }),
  CreditNoteNumbered: z.strictObject({
    invoice_id: id,
    credit_note_id: id,
    series: shortName,
    sequence: z.int().min(1),
    number: shortName,
  }),
} satisfies {
  [E in CreditNoteIssued | CreditNoteNumbered as E['type']]: z.ZodType<E['data']>;
};

export const creditNoteSeriesPayloads = {
  CreditNoteNumberGiven: z.strictObject({ invoice_id: id, credit_note_id: id }),
} satisfies { CreditNoteNumberGiven: z.ZodType<CreditNoteNumberGiven['data']> };
