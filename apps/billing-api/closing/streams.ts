/** Reads the ledger streams that a bill is made from, whole and parsed. */
import type { ExpectedRevision, Ledger, LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
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

export type BillingTerms = {
  timeZone: string;
  currency: string;
  markupPpm: number;
};

/** @throws ClosingError customer_unknown */
export async function loadTerms(ledger: Ledger, customerId: string): Promise<BillingTerms> {
  let terms: BillingTerms | undefined;
  for await (const { type, data } of eventsOf(ledger, `customer-${customerId}`)) {
    if (type === 'CustomerCreated') {
      const created = ledgerEventData.CustomerCreated.parse(data);
      const { time_zone: timeZone, currency, markup_ppm: markupPpm } = created;
      terms = { timeZone, currency, markupPpm };
    } else if (type === 'CustomerUpdated' && terms !== undefined) {
      const { markup_ppm: markupPpm } = ledgerEventData.CustomerUpdated.parse(data);
      terms = { ...terms, markupPpm: markupPpm ?? terms.markupPpm };
    }
  }
  if (terms === undefined) throw new ClosingError('customer_unknown', `no customer ${customerId}`);
  return terms;
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
