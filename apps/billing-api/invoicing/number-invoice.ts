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
import { StreamTail } from '@tollgate/adapters/ledger/append-once.ts';
import { invoiceEvents, invoiceSeriesEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import type { InvoiceTerms } from '@tollgate/domain/invoice/document-events.ts';
import { evolveInvoice, type IssuedInvoice } from '@tollgate/domain/invoice/issued-invoice.ts';
import { invoiceNumber } from '@tollgate/domain/invoice/number-series.ts';
import { exactInteger } from '@tollgate/domain/period/exact-integer.ts';
import type { InvoiceEvent } from '@tollgate/domain/period/period-events.ts';
import { invoiceBody } from '@tollgate/schemas/billing/invoice.ts';
import type { ClosingDeps } from '../closing/closing-deps.ts';
import { closingLimits } from '../closing/closing-limits.ts';
import { loadCustomer, loadIssuedInvoice } from '../closing/streams.ts';
import { invoiceTerms, sellerOf } from './invoice-terms.ts';

export type Numbering = { kind: 'numbered'; number: string } | { kind: 'no_seller' };

type Deps = Pick<ClosingDeps, 'ledger' | 'clock' | 'invoicing'>;

/** Only once, however many callers ask. The invoice must be issued. */
export async function numberInvoice(deps: Deps, invoiceId: string): Promise<Numbering> {
  const invoice = await loadIssuedInvoice(deps.ledger, invoiceId);
  if (invoice === undefined) throw new Error(`${invoiceId} is not issued`);
  if (invoice.number !== null) return { kind: 'numbered', number: invoice.number };
  const terms = invoice.terms ?? (await fixTerms(deps, invoice));
  if (terms === null) return { kind: 'no_seller' };
  const sequence = await takeNumber(deps.ledger, terms);
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
  const series_from = String(await endOfSeries(ledger, terms.series));
  const data = { ...terms, series_from };
  const state = await record(ledger, body.id, { type: 'InvoiceTermsFixed', data });
  return state.terms;
}

/**
 * The terms say from where on: nobody takes a number of an invoice whose terms are not fixed, so its
 * number is behind the end that the series had then.
 *
 * @returns the number's place in its series, from 1
 */
async function takeNumber(ledger: Ledger, terms: InvoiceTerms): Promise<number> {
  const stream = invoiceSeriesEvents.of(terms.series);
  const data = { invoice_id: terms.invoice_id };
  // seam: number-event-id
  const given = newLedgerEvent(stream, { type: 'InvoiceNumberGiven', data }, terms.invoice_id);
  const tail = new StreamTail(ledger, stream, BigInt(terms.series_from));
  const { revision } = await tail.appendOnce(given);
  // seam: number-is-the-place
  return exactInteger(revision + 1n, 'an invoice number');
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
  event: Exclude<InvoiceEvent, { type: 'InvoiceIssued' }>,
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

/**
 * The revision that the next number gets, in some 2·log₂ reads of one event: a series has as many
 * events as invoices.
 */
async function endOfSeries(ledger: Ledger, series: string): Promise<bigint> {
  const stream = invoiceSeriesEvents.of(series);
  const isThere = async (revision: bigint) =>
    (await ledger.read(stream, { fromRevision: revision, limit: 1 })).length > 0;
  let beyond = 1n;
  while (await isThere(beyond - 1n)) beyond *= 2n;
  // The end is in [low, beyond - 1]: revision low - 1 is there, and beyond - 1 is not.
  let low = beyond / 2n;
  let high = beyond - 1n;
  while (low < high) {
    const middle = (low + high) / 2n;
    if (await isThere(middle)) low = middle + 1n;
    else high = middle;
  }
  return low;
}
