/**
 * Makes a credit note of ours at the payment system, once its invoice is there: as a credit note or a void of
 * that invoice, or as an entry of the balance where the invoice was one. What carries our id is looked for
 * first, so there is one, whatever died or got lost.
 */
import {
  type NewCreditNote,
  type PaymentInvoice,
  PaymentsError,
} from '@tollgate/adapters/payments/payments.ts';
import { creditLines, creditThere } from '@tollgate/domain/payment/credit-plan.ts';
import type { ExportCredit } from '@tollgate/domain/payment/invoice-export.ts';
import { idempotencyKey } from '@tollgate/domain/payment/next-step.ts';
import type { ExportCredited } from '@tollgate/domain/payment/payment-events.ts';
import type { StepContext, StepMove } from './step.ts';

type Credited = Omit<ExportCredited['data'], 'invoice_id' | 'credit_note_id'>;

const NOTHING: Credited = {
  ...{ how: 'none', external_id: null, amount_minor: 0 },
  ...{ applied_minor: 0, balance_minor: 0, refunded_minor: 0, outside_minor: 0 },
};

/** @throws PaymentsError */
export async function makeCredit(
  context: StepContext,
  move: StepMove,
): Promise<{ event: ExportCredited; subject: string }> {
  const { state } = context;
  const note = state.credits[move.chunk];
  if (note === undefined) throw new Error(`${state.invoiceId} has no credit ${move.chunk}`);
  const credited = await creditedBy(context, move, note);
  const named = { invoice_id: state.invoiceId, credit_note_id: note.credit_note_id };
  return {
    event: { type: 'ExportCredited', data: { ...named, ...credited } },
    subject: note.credit_note_id,
  };
}

async function creditedBy(
  context: StepContext,
  move: StepMove,
  note: ExportCredit,
): Promise<Credited> {
  const { invoice, state } = context;
  const asked = state.finalized?.total_minor ?? state.balance?.amount_minor ?? 0;
  const amountMinor = creditThere(note, asked, invoice.currency);
  // Nothing was asked for there, or nothing that can be told apart in its unit.
  if (amountMinor === 0) return NOTHING;
  if (state.finalized === null) return onTheBalance(context, move, note, amountMinor);
  return ofTheInvoice(context, move, note, amountMinor);
}

async function onTheBalance(
  { deps, invoice, state }: StepContext,
  move: StepMove,
  note: ExportCredit,
  amountMinor: number,
): Promise<Credited> {
  const { credit_note_id: creditNoteId } = note;
  const customer = state.customer ?? '';
  const found = move.inDoubt
    ? await deps.payments.findBalanceEntry(customer, invoice.id, creditNoteId)
    : null;
  const entry = {
    ...{ invoiceId: invoice.id, creditNoteId, number: note.number, customer },
    ...{ currency: invoice.currency, amountMinor: -amountMinor, description: memoOf(note) },
  };
  const key = idempotencyKey(invoice.id, move);
  const external = found ?? (await deps.payments.changeBalance(entry, key));
  const figures = { amount_minor: amountMinor, balance_minor: amountMinor };
  return { ...NOTHING, how: 'balance', external_id: external, ...figures };
}

async function ofTheInvoice(
  context: StepContext,
  move: StepMove,
  note: ExportCredit,
  amountMinor: number,
): Promise<Credited> {
  const { deps, state } = context;
  const invoice = state.draft ?? '';
  const { payments } = deps;
  // seam: credit-is-looked-for-first
  const found = move.inDoubt ? await payments.findCreditNote(invoice, note.credit_note_id) : null;
  if (found !== null) return creditNoteOf(found);
  const before = await payments.readInvoice(invoice);
  if (before.status === 'void') {
    const isOurs = note.kind === 'void';
    return isOurs ? voided(invoice, amountMinor) : NOTHING;
  }
  try {
    if (note.kind === 'void' && isUntouched(before)) {
      await payments.voidInvoice(invoice, idempotencyKey(state.invoiceId, move));
      return voided(invoice, amountMinor);
    }
    const made = newNote(context, note, before, amountMinor);
    const key = idempotencyKey(state.invoiceId, move);
    return creditNoteOf(await payments.createCreditNote(made, key));
  } catch (error) {
    throw await refusedOrChanged(context, before, error);
  }
}

function isUntouched({ status, amountPaidMinor, creditedMinor }: PaymentInvoice): boolean {
  if (status !== 'open' && status !== 'uncollectible') return false;
  return amountPaidMinor === 0 && creditedMinor === 0;
}

/** What was paid in between makes the request a wrong one: it is worked out again, under another key. */
async function refusedOrChanged(
  { deps }: StepContext,
  before: PaymentInvoice,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof PaymentsError) || error.kind !== 'refused') return error;
  const after = await deps.payments.readInvoice(before.externalId);
  const same = (['status', 'remainingMinor', 'creditedMinor'] as const).every(
    (name) => after[name] === before[name],
  );
  if (same) return error;
  return new PaymentsError('failed', 'invoice_changed', 'it was paid or credited meanwhile', {
    cause: error,
  });
}

function newNote(
  { deps, invoice, state }: StepContext,
  note: ExportCredit,
  { externalId, remainingMinor }: PaymentInvoice,
  amountMinor: number,
): NewCreditNote {
  const restMinor = amountMinor - Math.min(amountMinor, remainingMinor);
  const { automatic_tax: isTaxedThere } = state.policy;
  return {
    ...{ invoice: externalId, invoiceId: state.invoiceId, creditNoteId: note.credit_note_id },
    ...{ number: note.number, reason: note.reason, memo: memoOf(note), amountMinor },
    lines: isTaxedThere ? null : creditLines(note, amountMinor, invoice.currency),
    // seam: paid-credit-by-policy
    rest: { minor: restMinor, to: deps.paidCredits },
  };
}

function memoOf({ number, memo }: ExportCredit): string {
  const named = number === null ? 'Credit' : `Credit note ${number}`;
  return memo === null ? named : `${named}: ${memo}`;
}

function voided(externalId: string, amountMinor: number): Credited {
  const figures = { amount_minor: amountMinor, applied_minor: amountMinor };
  return { ...NOTHING, how: 'void', external_id: externalId, ...figures };
}

function creditNoteOf(made: Awaited<ReturnType<Made>>): Credited {
  return {
    ...{ how: 'credit_note', external_id: made.externalId, amount_minor: made.amountMinor },
    ...{ applied_minor: made.appliedMinor, balance_minor: made.balanceMinor },
    ...{ refunded_minor: made.refundedMinor, outside_minor: made.outsideMinor },
  };
}

type Made = StepContext['deps']['payments']['createCreditNote'];
