/** The objects as Stripe answers them: the members of the fixtures of stripe-mock, and their types. */
import { stripeLimits } from '../limits.ts';
import { amountsOf } from './totals.ts';
import type {
  BalanceTransaction,
  CreditNote,
  Customer,
  Invoice,
  Item,
  Json,
  StripeEvent,
  World,
} from './world.ts';

export const API_VERSION = '2026-10-28.endive';

export function customerView(customer: Customer): Json {
  const { id, given, currency, metadata } = customer;
  if (customer.deleted) return { id, object: 'customer', deleted: true };
  return {
    id,
    object: 'customer',
    address: given['address'] ?? null,
    balance: currency === null ? 0 : (customer.balances.get(currency) ?? 0),
    created: customer.createdS,
    currency,
    default_source: null,
    delinquent: false,
    description: given['description'] ?? null,
    discount: null,
    email: given['email'] ?? null,
    invoice_prefix: customer.invoicePrefix,
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: { ...metadata },
    name: given['name'] ?? null,
    next_invoice_sequence: customer.nextSequence,
    phone: given['phone'] ?? null,
    preferred_locales: given['preferred_locales'] ?? [],
    shipping: null,
    tax_exempt: given['tax_exempt'] ?? 'none',
    test_clock: null,
  };
}

export function lineView(line: Item): Json {
  return {
    id: line.lineId,
    object: 'line_item',
    amount: line.amount,
    currency: line.currency,
    description: line.description,
    discount_amounts: [],
    discountable: line.discountable,
    discounts: [],
    invoice: line.invoice,
    livemode: false,
    metadata: { ...line.metadata },
    parent: {
      invoice_item_details: {
        invoice_item: line.id,
        proration: false,
        proration_details: null,
        subscription: null,
      },
      subscription_item_details: null,
      type: 'invoice_item_details',
    },
    period: { ...line.period },
    pretax_credit_amounts: [],
    pricing: null,
    quantity: line.quantity,
    quantity_decimal: String(line.quantity),
    subscription: null,
    subtotal: line.amount,
    taxes: [],
  };
}

export function itemView(item: Item): Json {
  return {
    id: item.id,
    object: 'invoiceitem',
    amount: item.amount,
    currency: item.currency,
    customer: item.customer,
    customer_account: null,
    date: item.createdS,
    description: item.description,
    discountable: item.discountable,
    discounts: [],
    invoice: item.invoice,
    livemode: false,
    metadata: { ...item.metadata },
    net_amount: item.amount,
    parent: null,
    period: { ...item.period },
    pricing: null,
    proration: false,
    quantity: item.quantity,
    quantity_decimal: String(item.quantity),
    tax_rates: [],
    test_clock: null,
  };
}

export function invoiceView(world: World, invoice: Invoice): Json {
  const customer = world.customers.get(invoice.customer);
  const embedded = invoice.lines.slice(0, stripeLimits.embeddedLinesMax);
  return {
    id: invoice.id,
    object: 'invoice',
    ...amountMembers(world, invoice),
    ...stateMembers(invoice),
    ...givenMembers(invoice),
    customer: invoice.customer,
    customer_account: null,
    customer_address: customer?.given['address'] ?? null,
    customer_email: customer?.given['email'] ?? null,
    customer_name: customer?.given['name'] ?? null,
    customer_phone: customer?.given['phone'] ?? null,
    customer_shipping: null,
    customer_tax_exempt: customer?.given['tax_exempt'] ?? 'none',
    customer_tax_ids: [],
    lines: {
      object: 'list',
      data: embedded.map(lineView),
      has_more: invoice.lines.length > embedded.length,
      url: `/v1/invoices/${invoice.id}/lines`,
    },
    metadata: { ...invoice.metadata },
  };
}

function amountMembers(world: World, invoice: Invoice): Json {
  const { subtotal, tax, total } = amountsOf(world, invoice);
  return {
    amount_due: invoice.amountDue,
    amount_overpaid: 0,
    amount_paid: invoice.amountPaid,
    amount_paid_off_stripe: invoice.paidOffStripe,
    amount_remaining: Math.max(invoice.amountDue - invoice.amountPaid, 0),
    amount_shipping: 0,
    currency: invoice.currency,
    ending_balance: invoice.endingBalance,
    post_payment_credit_notes_amount: invoice.postPaymentCredit,
    pre_payment_credit_notes_amount: invoice.prePaymentCredit,
    shipping_cost: null,
    starting_balance: invoice.startingBalance,
    subtotal,
    subtotal_excluding_tax: subtotal,
    total,
    total_discount_amounts: [],
    total_excluding_tax: subtotal,
    total_pretax_credit_amounts: [],
    total_taxes:
      tax === 0
        ? []
        : [
            {
              amount: tax,
              tax_behavior: 'exclusive',
              tax_rate_details: null,
              taxability_reason: 'standard_rated',
              taxable_amount: subtotal,
              type: 'tax_rate_details',
            },
          ],
  };
}

function stateMembers(invoice: Invoice): Json {
  const page =
    invoice.finalizedAtS === null ? null : `https://invoice.stripe.example/i/${invoice.id}`;
  const automatic = invoice.autoAdvance && invoice.status === 'draft';
  return {
    account_country: 'US',
    account_name: 'Fake Stripe',
    account_tax_ids: null,
    application: null,
    attempt_count: invoice.attempts,
    attempted: invoice.attempts > 0,
    auto_advance: invoice.autoAdvance,
    automatic_tax: {
      disabled_reason: null,
      enabled: invoice.automaticTax,
      liability: invoice.automaticTax ? { type: 'self' } : null,
      provider: invoice.automaticTax ? 'stripe' : null,
      status: invoice.automaticTax ? 'complete' : null,
    },
    automatically_finalizes_at: automatic
      ? invoice.createdS + stripeLimits.autoAdvanceMs / 1_000
      : null,
    billing_reason: 'manual',
    collection_method: invoice.collectionMethod,
    created: invoice.createdS,
    due_date: invoice.dueDateS,
    effective_at: invoice.given['effective_at'] ?? invoice.finalizedAtS,
    hosted_invoice_url: page,
    invoice_pdf: page === null ? null : `${page}/pdf`,
    last_finalization_error: null,
    latest_revision: null,
    livemode: false,
    next_payment_attempt: null,
    number: invoice.number,
    period_end: invoice.createdS,
    period_start: invoice.createdS,
    receipt_number: null,
    status: invoice.status,
    status_transitions: {
      finalized_at: invoice.finalizedAtS,
      marked_uncollectible_at: invoice.uncollectibleAtS,
      paid_at: invoice.paidAtS,
      voided_at: invoice.voidedAtS,
    },
    test_clock: null,
    webhooks_delivered_at: invoice.createdS,
  };
}

function givenMembers({ given }: Invoice): Json {
  return {
    custom_fields: given['custom_fields'] ?? null,
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: given['description'] ?? null,
    discounts: [],
    footer: given['footer'] ?? null,
    from_invoice: null,
    issuer: { type: 'self' },
    on_behalf_of: null,
    parent: null,
    payment_settings: {
      default_mandate: null,
      payment_method_options: null,
      payment_method_types: null,
    },
    rendering: null,
    shipping_details: null,
    statement_descriptor: given['statement_descriptor'] ?? null,
  };
}

export function creditNoteView(note: CreditNote): Json {
  const type =
    note.postPayment === 0 ? 'pre_payment' : note.prePayment === 0 ? 'post_payment' : 'mixed';
  return {
    id: note.id,
    object: 'credit_note',
    amount: note.amount,
    amount_shipping: 0,
    created: note.createdS,
    currency: note.currency,
    customer: note.customer,
    customer_account: null,
    customer_balance_transaction: note.balanceTransaction,
    discount_amount: 0,
    discount_amounts: [],
    effective_at: note.createdS,
    invoice: note.invoice,
    lines: {
      object: 'list',
      data: note.lines.slice(0, stripeLimits.embeddedLinesMax),
      has_more: note.lines.length > stripeLimits.embeddedLinesMax,
      url: `/v1/credit_notes/${note.id}/lines`,
    },
    livemode: false,
    memo: note.memo,
    metadata: { ...note.metadata },
    number: note.number,
    out_of_band_amount: note.outOfBand,
    pdf: `https://invoice.stripe.example/cn/${note.id}/pdf`,
    post_payment_amount: note.postPayment,
    pre_payment_amount: note.prePayment,
    pretax_credit_amounts: [],
    reason: note.reason,
    refunds: note.refunds.map(({ id, amount }) => ({
      ...{ amount_refunded: amount, payment_record_refund: null, refund: id, type: 'refund' },
    })),
    shipping_cost: null,
    status: note.status,
    subtotal: note.amount,
    subtotal_excluding_tax: note.amount,
    total: note.amount,
    total_excluding_tax: note.amount,
    total_taxes: [],
    type,
    voided_at: note.voidedAtS,
  };
}

export function balanceTransactionView(entry: BalanceTransaction): Json {
  return {
    id: entry.id,
    object: 'customer_balance_transaction',
    amount: entry.amount,
    checkout_session: null,
    created: entry.createdS,
    credit_note: entry.creditNote,
    currency: entry.currency,
    customer: entry.customer,
    customer_account: null,
    description: entry.description,
    ending_balance: entry.endingBalance,
    invoice: entry.invoice,
    livemode: false,
    metadata: { ...entry.metadata },
    type: entry.type,
  };
}

export function eventView(event: StripeEvent, pendingWebhooks: number): Json {
  return {
    id: event.id,
    object: 'event',
    api_version: API_VERSION,
    created: event.createdS,
    data: { object: event.object },
    livemode: false,
    pending_webhooks: pendingWebhooks,
    request: event.request,
    type: event.type,
  };
}
