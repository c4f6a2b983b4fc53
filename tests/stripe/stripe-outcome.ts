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
  readonly sent: number;
  readonly done: unknown;
  readonly stopped: unknown;
}

/** Every invoice counts, a forgotten draft too. */
export function outcomeOf({ stripe, house }: Pick<StripeHouse, 'stripe' | 'house'>): Outcome {
  const { customers, invoices, balanceTransactions, events } = stripe.state();
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
    sent: new Set(
      events.filter(({ type }) => type === 'invoice.sent').map(({ object }) => object['id']),
    ).size,
    done,
    stopped,
  };
}
