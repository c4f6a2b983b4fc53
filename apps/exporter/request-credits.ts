/** Requests in an export what its invoice was credited: each note once, in the order of their issue. */
import { appendDecided } from '@tollgate/adapters/ledger/append-decided.ts';
import { exportEvents } from '@tollgate/adapters/ledger/categories.ts';
import { loadIssuedInvoice } from '@tollgate/billing-api/closing/streams.ts';
import { numberCreditNotes } from '@tollgate/billing-api/invoicing/credit-notes.ts';
import { taxMinor } from '@tollgate/domain/invoice/document.ts';
import type { CreditNote, IssuedInvoice } from '@tollgate/domain/invoice/issued-invoice.ts';
import { evolveExport, type InvoiceExport } from '@tollgate/domain/payment/invoice-export.ts';
import type {
  ExportCreditRequested,
  ExportEvent,
} from '@tollgate/domain/payment/payment-events.ts';
import { exactInteger } from '@tollgate/domain/period/exact-integer.ts';
import type { ExporterDeps } from './exporter-deps.ts';

const BOUNDS = { conflictsMax: 16, failuresMax: 3, pageEvents: 1_000 };

/** @param totalMinor of the invoice's lines */
export async function requestCredits(
  deps: ExporterDeps,
  { invoiceId, totalMinor }: { invoiceId: string; totalMinor: number },
): Promise<void> {
  let invoice = await loadIssuedInvoice(deps.ledger, invoiceId);
  if (invoice === undefined || invoice.credits.length === 0) return;
  // The process that issued a note may have died before its number.
  if ((await numberCreditNotes(deps, invoiceId)) !== null) {
    invoice = (await loadIssuedInvoice(deps.ledger, invoiceId)) ?? invoice;
  }
  let beforeMinor = 0;
  for (const note of invoice.credits) {
    await request(deps, requestOf(invoice, note, { totalMinor, beforeMinor, atMs: deps.clock() }));
    beforeMinor += note.total_minor;
  }
}

function requestOf(
  { terms }: IssuedInvoice,
  note: CreditNote,
  { totalMinor, beforeMinor, atMs }: { totalMinor: number; beforeMinor: number; atMs: number },
): ExportCreditRequested {
  const { invoice_id, credit_note_id, kind, number, reason, memo, total_minor } = note;
  const lines = note.lines.map(({ description, amount_minor }) => ({ description, amount_minor }));
  const tax = { description: terms?.tax.name ?? 'Tax', amount_minor: note.tax_minor };
  const net = BigInt(totalMinor);
  const invoice_minor = exactInteger(net + taxMinor(net, terms?.tax.rate_ppm ?? 0), 'an invoice');
  return {
    type: 'ExportCreditRequested',
    data: {
      ...{ invoice_id, credit_note_id, kind, number, reason, memo },
      lines: note.tax_minor === 0 ? lines : [...lines, tax],
      ...{ total_minor, before_minor: beforeMinor, invoice_minor },
      requested_at: new Date(atMs).toISOString(),
    },
  };
}

async function request({ ledger }: ExporterDeps, event: ExportCreditRequested): Promise<void> {
  const { invoice_id: id, credit_note_id } = event.data;
  const outcome = await appendDecided<InvoiceExport, ExportEvent, 'unknown'>(
    ledger,
    {
      category: exportEvents,
      id,
      commandId: credit_note_id,
      evolve: evolveExport,
      decide(state) {
        if (state === undefined) return { refused: 'unknown' };
        const isKnown = state.credits.some((one) => one.credit_note_id === credit_note_id);
        return isKnown ? null : event;
      },
    },
    BOUNDS,
  );
  if (outcome.kind === 'done') return;
  const cause = outcome.kind === 'unavailable' ? outcome.cause : undefined;
  throw new Error(`the credit ${credit_note_id} of ${id} was not requested`, { cause });
}
