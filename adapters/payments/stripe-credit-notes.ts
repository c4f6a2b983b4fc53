/** Credit notes in Stripe's terms (docs.stripe.com/api/credit_notes). */
import type Stripe from 'stripe';
import type { MadeCreditNote, NewCreditNote } from './payments.ts';

export function creditNoteParams(
  { invoice, reason, memo, amountMinor, lines, rest }: NewCreditNote,
  metadata: Record<string, string>,
): Stripe.CreditNoteCreateParams {
  return {
    invoice,
    ...(lines === null ? { amount: amountMinor } : { lines: lines.map(noteLine) }),
    ...(reason === 'other' ? {} : { reason }),
    memo,
    metadata,
    // Mail is left to those who get the webhook.
    email_type: 'none',
    ...restOf(rest),
  };
}

function noteLine({ description, amount_minor }: { description: string; amount_minor: number }) {
  const type = 'custom_line_item' as const;
  return { type, description, quantity: 1, unit_amount: amount_minor };
}

/** What was paid: Stripe wants to be told of all of it. */
function restOf({ minor, to }: NewCreditNote['rest']) {
  if (minor === 0) return {};
  switch (to) {
    case 'customer_balance':
      return { credit_amount: minor };
    case 'refund':
      return { refund_amount: minor };
    case 'outside':
      return { out_of_band_amount: minor };
    default:
      return to satisfies never;
  }
}

export function madeCreditNote(note: Stripe.CreditNote): MadeCreditNote {
  const { refunds, out_of_band_amount: outside } = note;
  const refundedMinor = refunds.reduce((sum, { amount_refunded }) => sum + amount_refunded, 0);
  const outsideMinor = outside ?? 0;
  return {
    externalId: note.id,
    amountMinor: note.total,
    appliedMinor: note.pre_payment_amount,
    balanceMinor: note.post_payment_amount - refundedMinor - outsideMinor,
    ...{ refundedMinor, outsideMinor },
  };
}
