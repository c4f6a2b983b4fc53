/**
 * Credit notes: first they lessen what an open invoice still asks for, and the rest must say where it
 * goes: to the customer's balance, or out of Stripe's sight.
 */
import { listOf, pageFields } from '../wire/paging.ts';
import {
  choice,
  ignored,
  integer,
  list,
  metadata,
  object,
  required,
  text,
} from '../wire/params.ts';
import { type Route, route } from '../wire/route.ts';
import { createdField, expandField, inRange, mergedMetadata } from '../wire/shared-fields.ts';
import { invalid, noSuch } from '../wire/stripe-error.ts';
import { moveBalance } from './balance.ts';
import { checkAmount } from './currencies.ts';
import { newestFirst } from './customer-routes.ts';
import { existingInvoice } from './invoice-routes.ts';
import { changed, customerOf } from './lifecycle.ts';
import { amountsOf } from './totals.ts';
import { creditNoteView } from './views.ts';
import type { CreditNote, Invoice, Json, World } from './world.ts';

const noteLine = object({
  type: required(choice('custom_line_item', 'invoice_line_item')),
  amount: integer,
  description: text(),
  invoice_line_item: text(),
  metadata,
  quantity: integer,
  tax_amounts: ignored,
  tax_rates: ignored,
  unit_amount: integer,
  unit_amount_decimal: text(),
});
type NoteLine = NonNullable<ReturnType<typeof noteLine.read>>;

function existingNote(world: World, id: string | undefined): CreditNote {
  const note = world.creditNotes.get(id ?? '');
  if (note === undefined) throw noSuch('credit note', id ?? '', 'id', 404);
  return note;
}

function linesOf(world: World, invoice: Invoice, given: readonly (NoteLine | null)[]): Json[] {
  return given.flatMap((line, index) => {
    if (line === null) return [];
    const param = `lines[${index}]`;
    const credited = invoice.lines.find((one) => one.lineId === line.invoice_line_item);
    if (line.type === 'invoice_line_item' && credited === undefined) {
      throw noSuch(
        'invoice line item',
        line.invoice_line_item ?? '',
        `${param}[invoice_line_item]`,
        400,
      );
    }
    const amount = line.amount ?? (line.unit_amount ?? 0) * (line.quantity ?? 1);
    checkAmount(amount, invoice.currency, param);
    if (credited !== undefined && amount > credited.amount) {
      throw invalid(
        'The credit note line exceeds the amount of the invoice line item.',
        undefined,
        `${param}[amount]`,
      );
    }
    return {
      id: world.id('cnli'),
      object: 'credit_note_line_item',
      amount,
      description: line.description ?? credited?.description ?? null,
      discount_amount: 0,
      discount_amounts: [],
      ...(credited === undefined ? {} : { invoice_line_item: credited.lineId }),
      livemode: false,
      metadata: mergedMetadata({}, line.metadata),
      pretax_credit_amounts: [],
      quantity: line.quantity ?? null,
      tax_rates: [],
      taxes: [],
      type: line.type,
      unit_amount: line.unit_amount ?? null,
      unit_amount_decimal: line.unit_amount === undefined ? null : String(line.unit_amount),
    };
  });
}

/** How the amount falls on what is still asked for and on what was paid. */
function split(
  world: World,
  invoice: Invoice,
  amount: number,
  credits: number,
): { pre: number; post: number } {
  if (invoice.status === 'draft' || invoice.status === 'void') {
    throw invalid(
      'You can only create a credit note for an open, paid or uncollectible invoice.',
      'invoice_not_open',
      'invoice',
    );
  }
  if (amount <= 0)
    throw invalid('The credit note must have a positive amount.', undefined, 'amount');
  const { total } = amountsOf(world, invoice);
  const creditable = total - invoice.prePaymentCredit - invoice.postPaymentCredit;
  if (amount > creditable) {
    throw invalid(
      `The total amount of credit notes (${amount}) exceeds what the invoice can be credited for (${creditable}).`,
      undefined,
      'amount',
    );
  }
  const pre = Math.min(amount, Math.max(invoice.amountDue - invoice.amountPaid, 0));
  const post = amount - pre;
  if (credits !== post) {
    throw invalid(
      `The sum of credit amount, refund amount and out of band amount (${credits}) must equal the credit note's post payment amount (${post}).`,
      undefined,
      'credit_amount',
    );
  }
  return { pre, post };
}

/** What was paid in another way than by a charge cannot be refunded, nor anything twice. */
function checkRefund(world: World, invoice: Invoice, refund: number): void {
  if (refund === 0) return;
  const before = [...world.creditNotes.values()].filter(({ invoice: of }) => of === invoice.id);
  const refunded = before
    .flatMap(({ refunds }) => refunds)
    .reduce((sum, one) => sum + one.amount, 0);
  if (refund <= invoice.amountPaid - invoice.paidOffStripe - refunded) return;
  throw invalid(
    'The refund amount exceeds what was charged for this invoice.',
    undefined,
    'refund_amount',
  );
}

export const creditNoteRoutes: readonly Route[] = [
  route(
    'POST',
    '/v1/credit_notes',
    {
      ...expandField,
      amount: integer,
      credit_amount: integer,
      effective_at: integer,
      email_type: choice('credit_note', 'none'),
      invoice: required(text()),
      lines: list(noteLine),
      memo: text(),
      metadata,
      out_of_band_amount: integer,
      refund_amount: integer,
      reason: choice('duplicate', 'fraudulent', 'order_change', 'product_unsatisfactory'),
    },
    ({ world, params }) => {
      const invoice = existingInvoice(world, params.invoice, 'invoice', 400);
      const lines = linesOf(world, invoice, params.lines ?? []);
      const summed = lines.reduce((sum, line) => sum + Number(line['amount']), 0);
      const amount = params.lines === undefined ? (params.amount ?? 0) : summed;
      if (params.lines !== undefined && params.amount !== undefined && params.amount !== summed) {
        throw invalid('The amount must equal the sum of the lines.', undefined, 'amount');
      }
      checkAmount(amount, invoice.currency, 'amount');
      const { credit_amount: credit = 0, out_of_band_amount: outside } = params;
      const { refund_amount: refund = 0 } = params;
      const { pre, post } = split(world, invoice, amount, credit + refund + (outside ?? 0));
      checkRefund(world, invoice, refund);
      const id = world.id('cn');
      const count = [...world.creditNotes.values()].filter(
        (note) => note.invoice === invoice.id,
      ).length;
      const balanceTransaction =
        credit === 0
          ? null
          : moveBalance(world, customerOf(world, invoice), {
              amount: -credit,
              currency: invoice.currency,
              type: 'credit_note',
              creditNote: id,
              invoice: invoice.id,
            });
      const note: CreditNote = {
        id,
        invoice: invoice.id,
        customer: invoice.customer,
        currency: invoice.currency,
        createdS: world.nowS(),
        number: `${invoice.number}-CN-${String(count + 1).padStart(2, '0')}`,
        amount,
        prePayment: pre,
        postPayment: post,
        outOfBand: outside ?? null,
        refunds: refund === 0 ? [] : [{ id: world.id('re'), amount: refund }],
        balanceTransaction,
        lines,
        memo: params.memo ?? null,
        reason: params.reason ?? null,
        metadata: mergedMetadata({}, params.metadata),
        status: 'issued',
        voidedAtS: null,
      };
      world.creditNotes.set(id, note);
      credited(world, invoice, pre, post);
      world.emit('credit_note.created', creditNoteView(note));
      return creditNoteView(note);
    },
  ),
  route('POST', '/v1/credit_notes/{}/void', expandField, ({ world, ids: [id] }) => {
    const note = existingNote(world, id);
    const invoice = existingInvoice(world, note.invoice);
    if (note.status === 'void') throw invalid('This credit note is already void.');
    if (invoice.status !== 'open')
      throw invalid('You can only void a credit note of an open invoice.', 'invoice_not_open');
    note.status = 'void';
    note.voidedAtS = world.nowS();
    invoice.amountDue += note.prePayment;
    invoice.prePaymentCredit -= note.prePayment;
    changed(world, invoice, 'invoice.updated');
    world.emit('credit_note.voided', creditNoteView(note));
    return creditNoteView(note);
  }),
  route(
    'GET',
    '/v1/credit_notes/{}/lines',
    { ...expandField, ...pageFields },
    ({ world, params, ids: [id] }) => {
      const note = existingNote(world, id);
      const url = `/v1/credit_notes/${note.id}/lines`;
      return listOf(
        url,
        note.lines,
        (line) => String(line['id']),
        (line) => line,
        params,
      );
    },
  ),
  route('GET', '/v1/credit_notes/{}', expandField, ({ world, ids: [id] }) =>
    creditNoteView(existingNote(world, id)),
  ),
  route(
    'POST',
    '/v1/credit_notes/{}',
    { ...expandField, memo: text(), metadata },
    ({ world, params, ids: [id] }) => {
      const note = existingNote(world, id);
      note.memo = params.memo ?? note.memo;
      note.metadata = mergedMetadata(note.metadata, params.metadata);
      world.emit('credit_note.updated', creditNoteView(note));
      return creditNoteView(note);
    },
  ),
  route(
    'GET',
    '/v1/credit_notes',
    { ...expandField, ...createdField, ...pageFields, customer: text(), invoice: text() },
    ({ world, params }) => {
      const all = newestFirst(world.creditNotes.values()).filter(
        (note) =>
          (params.customer === undefined || note.customer === params.customer) &&
          (params.invoice === undefined || note.invoice === params.invoice) &&
          inRange(note.createdS, params.created),
      );
      return listOf('/v1/credit_notes', all, ({ id }) => id, creditNoteView, params);
    },
  ),
];

/** An open invoice that is credited to nothing is paid. */
function credited(world: World, invoice: Invoice, pre: number, post: number): void {
  invoice.amountDue -= pre;
  invoice.prePaymentCredit += pre;
  invoice.postPaymentCredit += post;
  if (invoice.status === 'open' && invoice.amountDue === invoice.amountPaid) {
    invoice.status = 'paid';
    invoice.paidAtS = world.nowS();
    changed(world, invoice, 'invoice.updated', 'invoice.paid');
  } else {
    changed(world, invoice, 'invoice.updated');
  }
}
