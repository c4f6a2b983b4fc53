/** What Stripe has in the end, in the terms of the invoice that was to be exported. */
import type { StripeHouse } from './export-house.ts';

export interface Outcome {
  readonly customers: number;
  readonly invoices: readonly {
    readonly status: unknown;
    readonly currency: unknown;
    readonly total: unknown;
    readonly lines: readonly (readonly [unknown, unknown])[];
  }[];
  /** Of the customer, by what moved it. */
  readonly balance: readonly (readonly [unknown, unknown])[];
  /** What of it lessened what is to be paid, and what went to the balance or back. */
  readonly credits?: readonly (readonly unknown[])[];
  readonly sent: number;
  readonly done: unknown;
  readonly stopped: unknown;
}

/** Every invoice counts, a forgotten draft too. */
export function outcomeOf({ stripe, house }: Pick<StripeHouse, 'stripe' | 'house'>): Outcome {
  const { customers, invoices, balanceTransactions, creditNotes, events } = stripe.state();
  const { done, stopped } = house.state();
  return {
    customers: customers.length,
    invoices: invoices.map(({ status, currency, total, lines }) => ({
      status,
      currency,
      total,
      lines: (lines as { description: unknown; amount: unknown }[]).map(
        (line) => [line.description, line.amount] as const,
      ),
    })),
    balance: balanceTransactions.map(({ type, amount }) => [type, amount] as const),
    ...(creditNotes.length === 0 ? {} : { credits: creditNotes.map(creditOf) }),
    sent: new Set(
      events.filter(({ type }) => type === 'invoice.sent').map(({ object }) => object['id']),
    ).size,
    done,
    stopped,
  };
}

function creditOf(note: Readonly<Record<string, unknown>>): readonly unknown[] {
  const { amount, pre_payment_amount: applied, post_payment_amount: rest, refunds } = note;
  return [note['reason'], note['memo'], amount, applied, rest, (refunds as unknown[]).length];
}
