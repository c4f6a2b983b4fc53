/**
 * Issues credit notes and gives them their numbers, in three appends as an invoice gets its own: the note
 * to the invoice's stream, its number to the stream of the series, and a word of it to the invoice's
 * stream again. Whatever dies in between, the next one who asks goes on: there is no gap, and no number
 * twice.
 */

import { documentFormat } from '@tollgate/adapters/documents/locale-format.ts';
import { appendDecided } from '@tollgate/adapters/ledger/append-decided.ts';
import { creditNoteSeriesEvents, invoiceEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import type {
  CreditNoteNumbered,
  CreditNoteTerms,
} from '@tollgate/domain/invoice/credit-note-events.ts';
import type { InvoiceBody } from '@tollgate/domain/invoice/invoice.ts';
import {
  type CreditNote,
  creditOf,
  evolveInvoice,
  type IssuedInvoice,
} from '@tollgate/domain/invoice/issued-invoice.ts';
import { invoiceNumber, seriesOf } from '@tollgate/domain/invoice/number-series.ts';
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import type { InvoiceEvent } from '@tollgate/domain/period/period-events.ts';
import type { Invoicing } from '@tollgate/schemas/config/invoicing-config.ts';
import { closingLimits } from '../closing/closing-limits.ts';
import { loadIssuedInvoice } from '../closing/streams.ts';
import { endOfSeries, takeNumber } from './series.ts';

type Deps = { ledger: Ledger; invoicing?: Invoicing | undefined };

/**
 * @returns null: the invoice has no number, and a note of it gets none; undefined: the configuration has
 *   no longer the seller of the invoice
 */
export async function creditTerms(
  { ledger, invoicing }: Deps,
  { terms }: IssuedInvoice,
  body: InvoiceBody,
  atMs: number,
): Promise<CreditNoteTerms | null | undefined> {
  if (terms === null) return null;
  const { name } = terms.seller;
  const seller = invoicing !== undefined && Object.hasOwn(invoicing.sellers, name);
  const config = seller ? invoicing.sellers[name] : undefined;
  if (config === undefined) return undefined;
  const { time_zone: timeZone, credit_note_format: number_format } = config;
  const issued = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
  const issued_on = issued.toPlainDate().toString();
  const period = {
    ...{ startMs: parseInstant(body.period_start), endMs: parseInstant(body.period_end) },
    timeZone: body.time_zone,
  };
  const { days } = documentFormat({
    ...{ locale: terms.format.locale, currency: body.currency, timeZone },
    ...{ issuedAtMs: atMs, dueOn: issued_on, period },
  });
  const series = seriesOf(name, number_format, issued_on);
  const series_from = `${await endOfSeries(ledger, creditNoteSeriesEvents.of(series))}`;
  return { series, series_from, number_format, issued_on, issued_text: days.issued };
}

/**
 * Those of an invoice that were issued and have no number yet, in the order of their issue.
 *
 * @returns the revision of the invoice's stream that has the last of them; null: none was without
 */
export async function numberCreditNotes(
  { ledger }: Deps,
  invoiceId: string,
): Promise<bigint | null> {
  const invoice = await loadIssuedInvoice(ledger, invoiceId);
  let revision: bigint | null = null;
  for (const note of invoice?.credits ?? []) {
    if (note.number !== null || note.terms === null) continue;
    revision = await numberNote(ledger, note, note.terms);
  }
  return revision;
}

async function numberNote(
  ledger: Ledger,
  note: CreditNote,
  terms: CreditNoteTerms,
): Promise<bigint> {
  const { invoice_id, credit_note_id } = note;
  const { series, number_format, issued_on } = terms;
  const stream = creditNoteSeriesEvents.of(series);
  const named = { invoice_id, credit_note_id };
  // seam: credit-note-event-id
  const given = newLedgerEvent(
    stream,
    { type: 'CreditNoteNumberGiven', data: named },
    credit_note_id,
  );
  const sequence = await takeNumber(ledger, stream, given, BigInt(terms.series_from));
  const number = invoiceNumber(number_format, issued_on, sequence);
  return record(ledger, {
    type: 'CreditNoteNumbered',
    data: { ...named, series, sequence, number },
  });
}

/** Once: what the stream has of it stays. */
async function record(ledger: Ledger, event: CreditNoteNumbered): Promise<bigint> {
  const { invoice_id, credit_note_id } = event.data;
  const outcome = await appendDecided<IssuedInvoice, InvoiceEvent, never>(
    ledger,
    {
      category: invoiceEvents,
      id: invoice_id,
      commandId: credit_note_id,
      evolve: evolveInvoice,
      decide: (state) =>
        state === undefined || creditOf(state, credit_note_id)?.number !== null ? null : event,
    },
    { conflictsMax: 16, failuresMax: 3, pageEvents: closingLimits.streamPageEvents },
  );
  if (outcome.kind === 'done') return outcome.decided.revision;
  const cause = outcome.kind === 'unavailable' ? outcome.cause : undefined;
  throw new Error(`the number of ${credit_note_id} could not be recorded`, { cause });
}
