/** POST /v1/invoices/{id}/credit_notes, and /v1/credit_notes: what of an invoice is not to be paid. */
import { invoiceEvents } from '@tollgate/adapters/ledger/categories.ts';
import { type CreditScope, creditInvoice } from '@tollgate/domain/invoice/credit-note.ts';
import {
  creditOf,
  evolveInvoice,
  type IssuedInvoice,
} from '@tollgate/domain/invoice/issued-invoice.ts';
import { formatInstant } from '@tollgate/domain/period/calendar.ts';
import type { InvoiceEvent } from '@tollgate/domain/period/period-events.ts';
import {
  type CreditNoteRequest,
  type CreditNoteView,
  creditNoteList,
  creditNoteParams,
  creditNoteQuery,
  creditNoteRequest,
  creditNoteView,
} from '@tollgate/schemas/billing/credit-notes.ts';
import { invoiceBody } from '@tollgate/schemas/billing/invoice.ts';
import { invoiceParams } from '@tollgate/schemas/billing/requests.ts';
import type { CreditNoteEntry } from '../../closing/billing-index.ts';
import { loadIssuedInvoice } from '../../closing/streams.ts';
import { carryOut } from '../../http/carry-out.ts';
import { ApiProblem } from '../../http/errors.ts';
import { isWanted, pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';
import { creditTerms, numberCreditNotes } from '../../invoicing/credit-notes.ts';
import { hasSellers } from '../../invoicing/invoice-terms.ts';
import { numberInvoice } from '../../invoicing/number-invoice.ts';

export const issueCreditNote = defineRoute({
  operationId: 'issueCreditNote',
  method: 'POST',
  path: '/v1/invoices/{invoice_id}/credit_notes',
  tag: 'Billing',
  summary: 'Credit an invoice: the whole of it, an amount, or some of its lines',
  description:
    'Never more than the invoice less what was credited before. The invoice stays as it is. Where ' +
    'invoices are exported, the note follows once its invoice is there.',
  params: invoiceParams,
  body: creditNoteRequest,
  status: 201,
  response: creditNoteView,
  errors: [
    ...(['invoice_not_found', 'seller_not_configured', 'nothing_to_credit'] as const),
    ...(['credit_exceeds_invoice', 'credit_line_not_found', 'invoice_credited'] as const),
    'concurrent_change',
  ],
  async handler({ params, body: asked, commandId, timeMs, newId }, context) {
    const { ledger, billing } = context;
    const { invoice_id: id } = params;
    const creditNoteId = newId('crn');
    const known = await loadIssuedInvoice(ledger, id);
    if (known === undefined) throw new ApiProblem('invoice_not_found');
    // Before it is credited it is a document, so that both have the same tax.
    if (hasSellers(context.invoicing)) await numberInvoice(context, id);
    const invoice = (await loadIssuedInvoice(ledger, id)) ?? known;
    const body = invoiceBody.parse(JSON.parse(invoice.issued.body));
    const terms = await creditTerms(context, invoice, body, timeMs);
    if (terms === undefined) throw new ApiProblem('seller_not_configured');
    const { reason, memo = null } = asked;
    const issuedAt = formatInstant(timeMs);
    const command = { creditNoteId, scope: scopeOf(asked), reason, memo, issuedAt, terms };
    await carryOut<IssuedInvoice, InvoiceEvent>(
      { ...context, directory: billing },
      {
        category: invoiceEvents,
        id,
        commandId,
        evolve: evolveInvoice,
        decide: (state) => creditInvoice(state ?? invoice, body, command),
      },
    );
    const numbered = await numberCreditNotes(context, id);
    const stream = invoiceEvents.of(id);
    if (numbered !== null) {
      await billing.sees(stream, numbered, context.limits.readYourWritesMs);
    }
    const after = await loadIssuedInvoice(ledger, id);
    const note = after && creditOf(after, creditNoteId);
    if (note === undefined) throw new Error(`${creditNoteId} is not in ${stream}`);
    return viewOf({ ...note, customerId: body.customer_id, currency: body.currency });
  },
});

function scopeOf({ void: isVoid, whole, amount_minor, lines }: CreditNoteRequest): CreditScope {
  if (isVoid) return { kind: 'void' };
  if (whole) return { kind: 'whole' };
  if (amount_minor !== undefined) return { kind: 'amount', amountMinor: amount_minor };
  const asked = (lines ?? []).map(({ line, amount_minor: amount }) => ({
    ...{ line, amountMinor: amount ?? null },
  }));
  return { kind: 'lines', lines: asked };
}

export const listCreditNotes = defineRoute({
  operationId: 'listCreditNotes',
  method: 'GET',
  path: '/v1/credit_notes',
  tag: 'Billing',
  summary: 'List credit notes, of an invoice, a customer, or all',
  query: creditNoteQuery,
  status: 200,
  response: creditNoteList,
  errors: [],
  async handler({ query }, { billing }) {
    return pageOf(
      billing.creditNotes(query.customer_id),
      query,
      ({ credit_note_id: id }) => id,
      viewOf,
      ({ invoice_id }) => isWanted(query.invoice_id, invoice_id),
    );
  },
});

export const getCreditNote = defineRoute({
  operationId: 'getCreditNote',
  method: 'GET',
  path: '/v1/credit_notes/{credit_note_id}',
  tag: 'Billing',
  summary: 'Retrieve a credit note',
  params: creditNoteParams,
  status: 200,
  response: creditNoteView,
  errors: ['credit_note_not_found'],
  async handler({ params }, { billing }) {
    const entry = billing.creditNote(params.credit_note_id);
    if (entry === undefined) throw new ApiProblem('credit_note_not_found');
    return viewOf(entry);
  },
});

function viewOf(entry: CreditNoteEntry): CreditNoteView {
  const { credit_note_id: id, invoice_id, customerId: customer_id, number, kind } = entry;
  const { reason, memo, currency, lines, net_minor, tax_minor, total_minor, issued_at } = entry;
  return {
    ...{ object: 'credit_note', id, invoice_id, customer_id, number, kind, reason, memo },
    ...{ currency, lines, net_minor, tax_minor, total_minor, issued_at },
  };
}
