/** Reads the ledger streams that a bill is made from, whole and parsed. */
import type { ExpectedRevision, Ledger, LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import { type Customer, evolveCustomer } from '@tollgate/domain/customer/customer.ts';
import type { CustomerEvent } from '@tollgate/domain/customer/customer-events.ts';
import { type Billing, evolveBilling, noBilling } from '@tollgate/domain/period/billing.ts';
import type { BillingEvent, InvoiceIssued } from '@tollgate/domain/period/period-events.ts';
import { ledgerEventData } from '@tollgate/schemas/ledger/ledger-events.ts';
import { ClosingError } from './closing-error.ts';
import { closingLimits } from './closing-limits.ts';

export function billingStream(customerId: string): string {
  return `billing-${customerId}`;
}

export function invoiceStream(invoiceId: string): string {
  return `invoice-${invoiceId}`;
}

export type LoadedBilling = {
  billing: Billing;
  /** What an append decided from this state has to expect. */
  revision: ExpectedRevision;
};

export async function loadBilling(ledger: Ledger, customerId: string): Promise<LoadedBilling> {
  let billing = noBilling;
  let revision: ExpectedRevision = 'no_stream';
  for await (const event of eventsOf(ledger, billingStream(customerId))) {
    billing = evolveBilling(billing, billingEvent(event));
    revision = event.revision;
  }
  return { billing, revision };
}

/** @throws when the event is none of its stream's, or its payload is not what ADR 0001 fixed */
export function billingEvent({ type, data, stream }: LedgerEvent): BillingEvent {
  switch (type) {
    case 'PeriodOpened':
      return { type, data: ledgerEventData.PeriodOpened.parse(data) };
    case 'PeriodClosing':
      return { type, data: ledgerEventData.PeriodClosing.parse(data) };
    case 'SnapshotFrozen':
      return { type, data: ledgerEventData.SnapshotFrozen.parse(data) };
    default:
      throw new Error(`unexpected ${type} in ${stream}`);
  }
}

/** The stream of an invoice has one event; undefined before it was issued. */
export async function loadInvoice(
  ledger: Ledger,
  invoiceId: string,
): Promise<InvoiceIssued['data'] | undefined> {
  const [event] = await ledger.read(invoiceStream(invoiceId), { limit: 1 });
  return event === undefined ? undefined : ledgerEventData.InvoiceIssued.parse(event.data);
}

/** @throws ClosingError customer_unknown */
export async function loadCustomer(ledger: Ledger, customerId: string): Promise<Customer> {
  let customer: Customer | undefined;
  for await (const event of eventsOf(ledger, `customer-${customerId}`)) {
    customer = evolveCustomer(customer, customerEvent(event));
  }
  if (customer === undefined) {
    throw new ClosingError('customer_unknown', `no customer ${customerId}`);
  }
  return customer;
}

function customerEvent({ type, data, stream }: LedgerEvent): CustomerEvent {
  switch (type) {
    case 'CustomerCreated':
      return { type, data: ledgerEventData.CustomerCreated.parse(data) };
    case 'CustomerUpdated':
      return { type, data: ledgerEventData.CustomerUpdated.parse(data) };
    case 'CustomerArchived':
      return { type, data: ledgerEventData.CustomerArchived.parse(data) };
    default:
      throw new Error(`unexpected ${type} in ${stream}`);
  }
}

async function* eventsOf(ledger: Ledger, stream: string): AsyncGenerator<LedgerEvent> {
  const limit = closingLimits.streamPageEvents;
  let fromRevision = 0n;
  while (true) {
    const page = await ledger.read(stream, { fromRevision, limit });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return;
    fromRevision = last.revision + 1n;
  }
}
