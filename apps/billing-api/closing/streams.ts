/** Reads the ledger streams that a bill is made from, whole and parsed. */
import {
  billingEvents,
  customerEvents,
  invoiceEvents,
} from '@tollgate/adapters/ledger/categories.ts';
import type { ExpectedRevision, Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { foldStream } from '@tollgate/adapters/ledger/read-stream.ts';
import { type Customer, evolveCustomer } from '@tollgate/domain/customer/customer.ts';
import type { CustomerEvent } from '@tollgate/domain/customer/customer-events.ts';
import { type Billing, evolveBilling, noBilling } from '@tollgate/domain/period/billing.ts';
import type { InvoiceIssued } from '@tollgate/domain/period/period-events.ts';
import { ClosingError } from './closing-error.ts';
import { closingLimits } from './closing-limits.ts';

export type LoadedBilling = {
  billing: Billing;
  /** What an append that is decided from this state has to expect. */
  revision: ExpectedRevision;
};

export async function loadBilling(ledger: Ledger, customerId: string): Promise<LoadedBilling> {
  const { state, revision } = await foldStream(
    ledger,
    {
      category: billingEvents,
      stream: billingEvents.of(customerId),
      pageEvents: closingLimits.streamPageEvents,
    },
    evolveBilling,
    noBilling,
  );
  return { billing: state, revision };
}

/** The stream of an invoice has one event; undefined before it was issued. */
export async function loadInvoice(
  ledger: Ledger,
  invoiceId: string,
): Promise<InvoiceIssued['data'] | undefined> {
  const [event] = await ledger.read(invoiceEvents.of(invoiceId), { limit: 1 });
  return event === undefined ? undefined : invoiceEvents.parse(event).data;
}

/** @throws ClosingError customer_unknown */
export async function loadCustomer(ledger: Ledger, customerId: string): Promise<Customer> {
  const { state } = await foldStream(
    ledger,
    {
      category: customerEvents,
      stream: customerEvents.of(customerId),
      pageEvents: closingLimits.streamPageEvents,
    },
    (customer: Customer | undefined, event: CustomerEvent) => evolveCustomer(customer, event),
    undefined,
  );
  if (state === undefined) {
    throw new ClosingError('customer_unknown', `no customer ${customerId}`);
  }
  return state;
}
