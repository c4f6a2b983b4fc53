/**
 * Makes one step of an export at the payment system. A step that was begun before looks first for what it
 * made: its idempotency key may have expired, and its answer may have been lost.
 */
import { paymentCustomerEvents } from '@tollgate/adapters/ledger/categories.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import type { PaymentInvoice } from '@tollgate/adapters/payments/payments.ts';
import { loadCustomer } from '@tollgate/billing-api/closing/streams.ts';
import type { InvoiceBody } from '@tollgate/domain/invoice/invoice.ts';
import type { InvoiceExport } from '@tollgate/domain/payment/invoice-export.ts';
import { idempotencyKey } from '@tollgate/domain/payment/next-step.ts';
import type {
  ExportBalanceChanged,
  ExportCredited,
  ExportCustomerChosen,
  ExportDraftCreated,
  ExportFinalized,
  ExportLinesAdded,
  ExportMetersSent,
  ExportSent,
  ExportVerified,
  StopReason,
} from '@tollgate/domain/payment/payment-events.ts';
import { linesDiffer } from '@tollgate/domain/payment/same-lines.ts';
import { makeCredit } from './credit-step.ts';
import { sendMeters } from './meter-step.ts';
import { type StepContext, type StepMove, StepStopped } from './step.ts';

type Made =
  | ExportCustomerChosen
  | ExportDraftCreated
  | ExportLinesAdded
  | ExportVerified
  | ExportFinalized
  | ExportSent
  | ExportBalanceChanged
  | ExportMetersSent
  | ExportCredited;

/** What a step came to, and what names it: the same subject is the same event. */
export type StepResult = { event: Made; subject: string };

/** @throws PaymentsError, StepStopped */
export async function makeStep(context: StepContext, move: StepMove): Promise<StepResult> {
  switch (move.step) {
    case 'customer':
      return chooseCustomer(context, move);
    case 'draft':
      return createDraft(context, move);
    case 'lines':
      return addLines(context, move);
    case 'verify':
      return verify(context, move);
    case 'finalize':
      return finalize(context, move);
    case 'send':
      return send(context, move);
    case 'balance':
      return changeBalance(context, move);
    case 'meters':
      return sendMeters(context, move);
    case 'credit':
      return makeCredit(context, move);
    default:
      return move.step satisfies never;
  }
}

async function chooseCustomer(context: StepContext, move: StepMove): Promise<StepResult> {
  const external = (await mapped(context)) ?? (await mapCustomer(context, move));
  const data = { invoice_id: context.state.invoiceId, external_customer_id: external };
  return { event: { type: 'ExportCustomerChosen', data }, subject: external };
}

/** The mapping that was made last. */
async function mapped({ deps, state }: StepContext): Promise<string | undefined> {
  const stored = await deps.ledger.read(paymentCustomerEvents.of(state.customerId));
  const last = stored.at(-1);
  return last && paymentCustomerEvents.parse(last).data.external_customer_id;
}

async function mapCustomer(context: StepContext, move: StepMove): Promise<string> {
  const { deps, state } = context;
  const { customerId, policy } = state;
  const isExisting = policy.customers === 'existing';
  const sinceMs =
    isExisting || move.firstAtMs === null ? null : move.firstAtMs - deps.limits.exportClockSkewMs;
  // seam: customer-is-looked-for-first
  const looks = isExisting || move.inDoubt;
  const found = looks ? await deps.payments.findCustomer(customerId, sinceMs) : null;
  if (found === null && isExisting) {
    const detail = `no customer there has the metadata tollgate_customer_id = ${customerId}`;
    throw new StepStopped('customer_unmapped', detail);
  }
  // By customer: two invoices of one customer make one of it.
  const key = idempotencyKey(customerId, move);
  const external = found ?? (await createCustomer(context, key));
  const stream = paymentCustomerEvents.of(customerId);
  const data = {
    customer_id: customerId,
    system: state.system,
    external_customer_id: external,
    how: found === null ? ('created' as const) : ('found' as const),
  };
  const event = newLedgerEvent(stream, { type: 'PaymentCustomerMapped', data }, external);
  const result = await deps.ledger.append(stream, 'no_stream', [event]);
  // Another process was first: its mapping holds.
  return result.ok ? external : ((await mapped(context)) ?? external);
}

async function createCustomer({ deps, state }: StepContext, key: string): Promise<string> {
  const { name } = await loadCustomer(deps.ledger, state.customerId);
  return await deps.payments.createCustomer({ id: state.customerId, name }, key);
}

function payer(state: InvoiceExport): string {
  if (state.customer === null) throw new Error(`${state.invoiceId} has no customer there yet`);
  return state.customer;
}

function draftOf(state: InvoiceExport): string {
  if (state.draft === null) throw new Error(`${state.invoiceId} has no draft yet`);
  return state.draft;
}

async function createDraft(context: StepContext, move: StepMove): Promise<StepResult> {
  const { deps, invoice, state } = context;
  const customer = payer(state);
  // seam: draft-is-looked-for-first
  const found = move.inDoubt ? await deps.payments.findInvoice(customer, invoice.id) : null;
  const made =
    found ??
    (await deps.payments.createDraft(
      {
        invoiceId: invoice.id,
        number: state.document?.number ?? null,
        snapshotId: invoice.snapshot_id,
        snapshotHash: invoice.snapshot_hash,
        customer,
        currency: invoice.currency,
        collection: state.policy.collection,
        daysUntilDue: state.policy.days_until_due,
        automaticTax: state.policy.automatic_tax,
        description: descriptionOf(invoice),
      },
      idempotencyKey(invoice.id, move),
    ));
  const data = { invoice_id: invoice.id, external_id: made.externalId };
  return { event: { type: 'ExportDraftCreated', data }, subject: made.externalId };
}

/** For those who pay: what it is for, and where the whole of it is. */
function descriptionOf(invoice: InvoiceBody): string {
  const [start, end] = [invoice.period_start.slice(0, 10), invoice.period_end.slice(0, 10)];
  const unresolved =
    invoice.unresolved.count === 0
      ? ''
      : ` ${invoice.unresolved.count} calls of unknown cost are not charged.`;
  return (
    `Usage from ${start} to before ${end} (UTC), invoice ${invoice.id} of snapshot ` +
    `${invoice.snapshot_hash.slice(0, 16)}.${unresolved}`
  );
}

async function addLines(context: StepContext, move: StepMove): Promise<StepResult> {
  const { deps, invoice, state, plan } = context;
  if (plan.kind !== 'invoice') throw new Error(`${invoice.id} has no lines to add`);
  const external = draftOf(state);
  const lines = plan.chunks[move.chunk] ?? [];
  // seam: lines-are-looked-for-first
  const there = move.inDoubt ? await deps.payments.readLines(external) : [];
  const found = new Set(there.map(({ key }) => key));
  const missing = lines.filter(({ key }) => !found.has(key));
  if (missing.length > 0 && missing.length < lines.length) {
    const detail = `line ${missing[0]?.key} is missing there, and others of its request are not`;
    throw new StepStopped('draft_edited', detail);
  }
  if (missing.length > 0) {
    const period = { startMs: timeOf(invoice.period_start), endMs: timeOf(invoice.period_end) };
    const added = { invoiceId: invoice.id, lines, ...period };
    await deps.payments.addLines(external, added, idempotencyKey(invoice.id, move));
  }
  const { chunk } = move;
  const data = { invoice_id: invoice.id, external_id: external, chunk, lines: lines.length };
  return { event: { type: 'ExportLinesAdded', data }, subject: `${external}|${chunk}` };
}

async function verify(context: StepContext, move: StepMove): Promise<StepResult> {
  const { deps, invoice, state, plan } = context;
  if (plan.kind !== 'invoice') throw new Error(`${invoice.id} has no lines to verify`);
  const external = draftOf(state);
  const found = await deps.payments.readLines(external);
  const differs = linesDiffer(plan.lines, found, invoice.currency);
  // seam: edited-draft-stops
  if (differs !== null) throw new StepStopped('draft_edited', differs);
  const figures = { lines: found.length, sum_minor: plan.total_minor };
  const data = { invoice_id: invoice.id, external_id: external, ...figures };
  return { event: { type: 'ExportVerified', data }, subject: `${external}|${move.attempt}` };
}

async function finalize(context: StepContext, move: StepMove): Promise<StepResult> {
  const { deps, invoice, state, plan } = context;
  if (plan.kind !== 'invoice') throw new Error(`${invoice.id} is no invoice there`);
  const external = draftOf(state);
  const before = await deps.payments.readInvoice(external);
  assertTotals(before, plan.total_minor, 'draft_edited');
  const collect = state.policy.collection === 'charge';
  const made =
    before.status === 'draft'
      ? await deps.payments.finalize(external, collect, idempotencyKey(invoice.id, move))
      : before;
  assertTotals(made, plan.total_minor, 'finalized_differs');
  const { status } = made;
  if (status === 'draft') throw new StepStopped('refused', 'it is still a draft there');
  if (status === 'void') throw new StepStopped('finalized_differs', 'it was voided there');
  const data: ExportFinalized['data'] = {
    invoice_id: invoice.id,
    external_id: external,
    number: made.number,
    status,
    subtotal_minor: made.subtotalMinor,
    total_minor: made.totalMinor,
    amount_due_minor: made.amountDueMinor,
    due_at: made.dueAtMs === null ? null : new Date(made.dueAtMs).toISOString(),
    hosted_url: made.hostedUrl,
    pdf_url: made.pdfUrl,
  };
  return { event: { type: 'ExportFinalized', data }, subject: external };
}

/** The lines were compared one by one; this finds what came after that, and discounts. */
function assertTotals(
  { subtotalMinor, totalWithoutTaxMinor }: PaymentInvoice,
  totalMinor: number,
  reason: StopReason,
): void {
  for (const [what, found] of [
    ['lines add up to', subtotalMinor],
    ['total without tax is', totalWithoutTaxMinor],
  ] as const) {
    if (found === totalMinor) continue;
    throw new StepStopped(reason, `its ${what} ${found} there, and must be ${totalMinor}`);
  }
}

async function send({ deps, invoice, state }: StepContext, move: StepMove): Promise<StepResult> {
  const external = draftOf(state);
  await deps.payments.send(external, idempotencyKey(invoice.id, move));
  const data = { invoice_id: invoice.id, external_id: external };
  return { event: { type: 'ExportSent', data }, subject: external };
}

async function changeBalance(context: StepContext, move: StepMove): Promise<StepResult> {
  const { deps, invoice, state, plan } = context;
  if (plan.kind !== 'balance') throw new Error(`${invoice.id} is an invoice there`);
  const customer = payer(state);
  const found = move.inDoubt
    ? await deps.payments.findBalanceEntry(customer, invoice.id, null)
    : null;
  const { amount_minor } = plan;
  const entry = {
    invoiceId: invoice.id,
    creditNoteId: null,
    number: state.document?.number ?? null,
    customer,
    currency: invoice.currency,
    amountMinor: amount_minor,
    description: descriptionOf(invoice),
  };
  const key = idempotencyKey(invoice.id, move);
  const external = found ?? (await deps.payments.changeBalance(entry, key));
  const data = { invoice_id: invoice.id, external_id: external, amount_minor };
  return { event: { type: 'ExportBalanceChanged', data }, subject: external };
}

function timeOf(text: string): number {
  return Date.parse(text);
}
