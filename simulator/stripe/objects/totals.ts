/** An invoice's sums, from its lines. The lines' amounts are what the caller gave: nothing is rounded. */
import type { Invoice, World } from './world.ts';

export interface Amounts {
  readonly subtotal: number;
  readonly tax: number;
  readonly total: number;
}

export function amountsOf(world: World, invoice: Invoice): Amounts {
  const subtotal = invoice.lines.reduce((sum, line) => sum + line.amount, 0);
  const rate = invoice.automaticTax ? world.settings.taxBasisPoints : 0;
  // Stripe Tax rounds each line: autumn #3475 shows 2 × $0.33 at 20 % as $0.14.
  const tax = invoice.lines.reduce(
    (sum, line) => sum + Math.round((line.amount * rate) / 10_000),
    0,
  );
  return { subtotal, tax, total: subtotal + tax };
}

/** A draft shows the balance that it would take up, and what would be due then. */
export function refreshDraft(world: World, invoice: Invoice): void {
  const customer = world.customers.get(invoice.customer);
  invoice.startingBalance = customer?.balances.get(invoice.currency) ?? 0;
  invoice.amountDue = Math.max(amountsOf(world, invoice).total + invoice.startingBalance, 0);
}
