/**
 * Gives an issued invoice its terms and its number, in three appends: the terms to its own stream, the
 * number to the stream of the series, and a note of it to its own stream again. A process may die after
 * any of them; whichever comes next reads what is there and goes on. The number is the place in the
 * stream of the series, so there is no gap and no duplicate however many append
 * (number-invoice.unit.test.ts).
 */
import {
  type AppendBounds,
  appendDecided,
  type Outcome,
} from '@tollgate/adapters/ledger/append-decided.ts';
import { invoiceEvents, invoiceSeriesEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import type {
  InvoiceNumbered,
  InvoiceTerms,
  InvoiceTermsFixed,
} from '@tollgate/domain/invoice/document-events.ts';
import { evolveInvoice, type IssuedInvoice } from '@tollgate/domain/invoice/issued-invoice.ts';
import { invoiceNumber } from '@tollgate/domain/invoice/number-series.ts';
import { invoiceBody } from '@tollgate/schemas/billing/invoice.ts';
import type { ClosingDeps } from '../closing/closing-deps.ts';
import { closingLimits } from '../closing/closing-limits.ts';
import { loadCustomer, loadIssuedInvoice } from '../closing/streams.ts';
import { invoiceTerms, sellerOf } from './invoice-terms.ts';
import { endOfSeries, takeNumber } from './series.ts';

export type Numbering = { kind: 'numbered'; number: string } | { kind: 'no_seller' };

type Deps = Pick<ClosingDeps, 'ledger' | 'clock' | 'invoicing'>;

/** Only once, however many callers ask. The invoice must be issued. */
export async function numberInvoice(deps: Deps, invoiceId: string): Promise<Numbering> {
  const invoice = await loadIssuedInvoice(deps.ledger, invoiceId);
  if (invoice === undefined) throw new Error(`${invoiceId} is not issued`);
  if (invoice.number !== null) return { kind: 'numbered', number: invoice.number };
  const terms = invoice.terms ?? (await fixTerms(deps, invoice));
  if (terms === null) return { kind: 'no_seller' };
  const sequence = await takeInvoiceNumber(deps.ledger, terms);
  const { series, number_format, issued_on } = terms;
  const number = invoiceNumber(number_format, issued_on, sequence);
  const data = { invoice_id: invoiceId, series, sequence, number };
  await record(deps.ledger, invoiceId, { type: 'InvoiceNumbered', data });
  return { kind: 'numbered', number };
}

/** @returns those that the ledger has: another process may have been first; null: there is no seller */
async function fixTerms(
  { ledger, clock, invoicing }: Deps,
  { issued }: IssuedInvoice,
): Promise<InvoiceTerms | null> {
  if (invoicing === undefined) return null;
  const customer = await loadCustomer(ledger, issued.customer_id);
  const seller = sellerOf(invoicing, customer.billing_details);
  if (seller === undefined) return null;
  const body = invoiceBody.parse(JSON.parse(issued.body));
  const verifyUrl = invoicing.verify_url;
  const terms = invoiceTerms({ seller, verifyUrl, customer, body, nowMs: clock() });
  const series_from = String(await endOfSeries(ledger, invoiceSeriesEvents.of(terms.series)));
  const data = { ...terms, series_from };
  const state = await record(ledger, body.id, { type: 'InvoiceTermsFixed', data });
  return state.terms;
}

/**
 * The terms say from where on: nobody takes a number of an invoice whose terms are not fixed, so its
 * number is behind the end that the series had then.
 */
function takeInvoiceNumber(ledger: Ledger, terms: InvoiceTerms): Promise<number> {
  const stream = invoiceSeriesEvents.of(terms.series);
  const data = { invoice_id: terms.invoice_id };
  // seam: number-event-id
  const given = newLedgerEvent(stream, { type: 'InvoiceNumberGiven', data }, terms.invoice_id);
  return takeNumber(ledger, stream, given, BigInt(terms.series_from));
}

const BOUNDS: AppendBounds = {
  conflictsMax: 16,
  failuresMax: 3,
  pageEvents: closingLimits.streamPageEvents,
};

/** Once for each type of event: what the stream has of it stays. @returns the state afterwards */
async function record(
  ledger: Ledger,
  invoiceId: string,
  event: InvoiceTermsFixed | InvoiceNumbered,
): Promise<IssuedInvoice> {
  const outcome: Outcome<IssuedInvoice, never> = await appendDecided(
    ledger,
    {
      category: invoiceEvents,
      id: invoiceId,
      // Once for each type: a stream has one of each.
      commandId: event.type,
      evolve: evolveInvoice,
      decide: (state) => (hasAlready(state, event) ? null : event),
    },
    BOUNDS,
  );
  if (outcome.kind === 'done') return outcome.decided.state;
  const cause = outcome.kind === 'unavailable' ? outcome.cause : undefined;
  throw new Error(`${event.type} of ${invoiceId} could not be recorded`, { cause });
}

function hasAlready(
  invoice: IssuedInvoice | undefined,
  { type }: { type: 'InvoiceTermsFixed' | 'InvoiceNumbered' },
): boolean {
  if (invoice === undefined) return false;
  return type === 'InvoiceTermsFixed' ? invoice.terms !== null : invoice.number !== null;
}
