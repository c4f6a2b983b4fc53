/** The state as JSON, for assertions: every object whole, an invoice with all its lines. */
import {
  balanceTransactionView,
  creditNoteView,
  customerView,
  invoiceView,
  itemView,
  lineView,
} from './objects/views.ts';
import type { Json, World } from './objects/world.ts';

export interface StripeState {
  readonly customers: readonly Json[];
  /** `lines` is the plain list of all lines here. */
  readonly invoices: readonly Json[];
  readonly invoiceItems: readonly Json[];
  readonly creditNotes: readonly Json[];
  readonly balanceTransactions: readonly Json[];
  readonly events: readonly { readonly id: string; readonly type: string; readonly object: Json }[];
}

export function stateOf(world: World): StripeState {
  return {
    customers: [...world.customers.values()].map(customerView),
    invoices: [...world.invoices.values()].map((invoice) => ({
      ...invoiceView(world, invoice),
      lines: invoice.lines.map(lineView),
    })),
    invoiceItems: [...world.items.values()].map(itemView),
    creditNotes: [...world.creditNotes.values()].map(creditNoteView),
    balanceTransactions: [...world.balanceTransactions.values()].map(balanceTransactionView),
    events: world.events.map(({ id, type, object }) => ({ id, type, object })),
  };
}
