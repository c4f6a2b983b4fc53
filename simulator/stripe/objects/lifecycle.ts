/**
 * The states of an invoice, as docs.stripe.com/invoicing/integration/workflow-transitions has them:
 * draft → open → paid | void | uncollectible, and paid at once where nothing is to be charged.
 */
import { stripeLimits } from '../limits.ts';
import { invalid, StripeError } from '../wire/stripe-error.ts';
import { moveBalance } from './balance.ts';
import { chargeMin } from './currencies.ts';
import { amountsOf } from './totals.ts';
import { invoiceView } from './views.ts';
import type { Customer, Invoice, World } from './world.ts';

export function customerOf(world: World, invoice: Invoice): Customer {
  const customer = world.customers.get(invoice.customer);
  if (customer === undefined) throw new Error(`invoice ${invoice.id} has no customer`);
  return customer;
}

/** Notes a change for search, and tells it as an event. */
export function changed(world: World, invoice: Invoice, ...types: readonly string[]): void {
  const view = invoiceView(world, invoice);
  world.search.put(invoice.id, view);
  for (const type of types) world.emit(type, view);
}

export function finalize(world: World, invoice: Invoice, autoAdvance?: boolean): void {
  if (invoice.status !== 'draft') {
    throw invalid(
      "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
      'invoice_not_editable',
    );
  }
  const { total } = amountsOf(world, invoice);
  if (Math.abs(total) > stripeLimits.amountMax) {
    throw invalid(`Amount must be no more than ${stripeLimits.amountMax}`, 'amount_too_large');
  }
  const customer = customerOf(world, invoice);
  checkTaxLocation(customer, invoice);
  if (autoAdvance !== undefined) invoice.autoAdvance = autoAdvance;
  invoice.finalizedAtS = world.nowS();
  invoice.number ??= nextNumber(customer);
  customer.currency ??= invoice.currency;
  if (invoice.daysUntilDue !== null)
    invoice.dueDateS = world.nowS() + invoice.daysUntilDue * 86_400;
  applyBalance(world, customer, invoice, total);
  if (invoice.amountDue === 0) {
    invoice.status = 'paid';
    invoice.paidAtS = world.nowS();
    changed(
      world,
      invoice,
      'invoice.finalized',
      'invoice.updated',
      'invoice.paid',
      'invoice.payment_succeeded',
    );
  } else {
    invoice.status = 'open';
    changed(world, invoice, 'invoice.finalized', 'invoice.updated');
  }
}

function checkTaxLocation(customer: Customer, invoice: Invoice): void {
  const address = customer.given['address'] as { readonly country?: string } | null | undefined;
  if (!invoice.automaticTax || address?.country) return;
  throw invalid(
    "The customer's location isn't recognized. Set a valid customer address in order to automatically calculate tax.",
    'customer_tax_location_invalid',
  );
}

function nextNumber(customer: Customer): string {
  const number = `${customer.invoicePrefix}-${String(customer.nextSequence).padStart(4, '0')}`;
  customer.nextSequence += 1;
  return number;
}

/**
 * Takes up the balance. What is below the smallest charge, and what is below zero, moves to the
 * balance, and the invoice is paid: docs.stripe.com/billing/customer/balance.
 */
function applyBalance(world: World, customer: Customer, invoice: Invoice, total: number): void {
  const { id, currency } = invoice;
  const starting = customer.balances.get(currency) ?? 0;
  const due = total + starting;
  invoice.startingBalance = starting;
  const move = (amount: number, type: string): void => {
    if (amount !== 0) moveBalance(world, customer, { amount, currency, type, invoice: id });
  };
  if (due <= 0) {
    move(total, 'applied_to_invoice');
    invoice.amountDue = 0;
  } else {
    move(-starting, 'applied_to_invoice');
    const tooSmall = due < chargeMin(currency);
    if (tooSmall) move(due, 'invoice_too_small');
    invoice.amountDue = tooSmall ? 0 : due;
  }
  invoice.endingBalance = customer.balances.get(currency) ?? 0;
}

export function pay(world: World, invoice: Invoice, outOfBand: boolean): void {
  if (invoice.status === 'draft') finalize(world, invoice);
  if (invoice.status === 'paid') {
    if (invoice.paidAtS === world.nowS() && invoice.amountDue === 0) return;
    throw invalid('Invoice is already paid', 'invoice_already_paid');
  }
  if (invoice.status === 'void')
    throw invalid('This invoice can no longer be paid', 'invoice_not_open');
  const customer = customerOf(world, invoice);
  if (!outOfBand && customer.payment !== 'succeeds') {
    invoice.attempts += 1;
    changed(world, invoice, 'invoice.payment_failed', 'invoice.updated');
    throw customer.payment === 'fails'
      ? new StripeError(402, 'Your card was declined.', {
          type: 'card_error',
          code: 'card_declined',
        })
      : invalid(
          'This customer has no attached payment source or default payment method.',
          'resource_missing',
        );
  }
  settle(world, invoice, outOfBand);
}

/** The money has come, in whatever way. */
export function settle(world: World, invoice: Invoice, outOfBand: boolean): void {
  const remaining = invoice.amountDue - invoice.amountPaid;
  if (!outOfBand) invoice.attempts += 1;
  invoice.amountPaid = invoice.amountDue;
  if (outOfBand) invoice.paidOffStripe += remaining;
  invoice.status = 'paid';
  invoice.paidAtS = world.nowS();
  changed(world, invoice, 'invoice.paid', 'invoice.payment_succeeded', 'invoice.updated');
}

export function send(world: World, invoice: Invoice): void {
  if (invoice.collectionMethod !== 'send_invoice') {
    throw invalid(
      "You can only manually send an invoice if its collection method is 'send_invoice'.",
    );
  }
  if (invoice.status === 'draft') finalize(world, invoice);
  if (invoice.status === 'void')
    throw invalid('You can only send open invoices.', 'invoice_not_open');
  changed(world, invoice, 'invoice.sent');
}

export function voidInvoice(world: World, invoice: Invoice): void {
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible') {
    throw invalid(
      "You can only pass in open invoices. This invoice isn't open.",
      'invoice_not_open',
    );
  }
  const returned = invoice.startingBalance - (invoice.endingBalance ?? 0);
  if (returned !== 0) {
    moveBalance(world, customerOf(world, invoice), {
      amount: returned,
      currency: invoice.currency,
      type: 'unapplied_from_invoice',
      invoice: invoice.id,
    });
  }
  invoice.status = 'void';
  invoice.voidedAtS = world.nowS();
  changed(world, invoice, 'invoice.voided', 'invoice.updated');
}

export function markUncollectible(world: World, invoice: Invoice): void {
  if (invoice.status !== 'open') {
    throw invalid(
      "You can only pass in open invoices. This invoice isn't open.",
      'invoice_not_open',
    );
  }
  invoice.status = 'uncollectible';
  invoice.uncollectibleAtS = world.nowS();
  changed(world, invoice, 'invoice.marked_uncollectible', 'invoice.updated');
}

/**
 * What Stripe does by itself: a draft with `auto_advance` is finalized an hour after it was made, with
 * whatever lines it has then, and charged where there is something to charge.
 */
export function advanceDrafts(world: World): void {
  const dueS = world.nowS() - stripeLimits.autoAdvanceMs / 1_000;
  for (const invoice of world.invoices.values()) {
    if (invoice.status !== 'draft' || !invoice.autoAdvance || invoice.createdS > dueS) continue;
    finalize(world, invoice);
    const charge = invoice.collectionMethod === 'charge_automatically';
    const payable = customerOf(world, invoice).payment === 'succeeds';
    if (invoice.amountDue > 0 && charge && payable) settle(world, invoice, false);
  }
}
