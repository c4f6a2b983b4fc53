/** The customer's balance: a list of credits (negative) and debits that sums up to it. */
import type { Customer, Metadata, World } from './world.ts';

export function moveBalance(
  world: World,
  customer: Customer,
  entry: {
    readonly amount: number;
    readonly currency: string;
    readonly type: string;
    readonly invoice?: string;
    readonly creditNote?: string;
    readonly description?: string | undefined;
    readonly metadata?: Metadata;
  },
): string {
  const endingBalance = (customer.balances.get(entry.currency) ?? 0) + entry.amount;
  customer.balances.set(entry.currency, endingBalance);
  customer.currency ??= entry.currency;
  const id = world.id('cbtxn');
  world.balanceTransactions.set(id, {
    id,
    customer: customer.id,
    createdS: world.nowS(),
    amount: entry.amount,
    currency: entry.currency,
    type: entry.type,
    endingBalance,
    invoice: entry.invoice ?? null,
    creditNote: entry.creditNote ?? null,
    description: entry.description ?? null,
    metadata: entry.metadata ?? {},
  });
  return id;
}
