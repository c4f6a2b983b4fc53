/** Invoices: made as drafts, filled, finalized, and settled in one of three ways. */
import { listOf, pageFields, searchFields, searchPageOf } from '../wire/paging.ts';
import {
  choice,
  currency,
  flag,
  ignored,
  integer,
  list,
  metadata,
  object,
  required,
  text,
} from '../wire/params.ts';
import { type Route, route } from '../wire/route.ts';
import {
  automaticTax,
  createdField,
  expandField,
  inRange,
  mergedMetadata,
} from '../wire/shared-fields.ts';
import { invalid, noSuch } from '../wire/stripe-error.ts';
import { existingCustomer, newestFirst } from './customer-routes.ts';
import { changed, finalize, markUncollectible, pay, send, voidInvoice } from './lifecycle.ts';
import { checkDraft } from './lines.ts';
import { refreshDraft } from './totals.ts';
import { customerView, invoiceView } from './views.ts';
import type { Customer, Invoice, Item, World } from './world.ts';

const collection = choice('charge_automatically', 'send_invoice');

const writable = {
  ...expandField,
  account_tax_ids: ignored,
  auto_advance: flag,
  automatic_tax: automaticTax,
  automatically_finalizes_at: integer,
  collection_method: collection,
  custom_fields: list(object({ name: required(text(40)), value: required(text(140)) })),
  days_until_due: integer,
  default_payment_method: text(),
  default_tax_rates: ignored,
  description: text(1_500),
  discounts: ignored,
  due_date: integer,
  effective_at: integer,
  footer: text(),
  issuer: ignored,
  metadata,
  number: text(26),
  payment_settings: ignored,
  rendering: ignored,
  statement_descriptor: text(22),
};

const SEARCHED = ['created', 'currency', 'customer', 'metadata', 'number', 'status', 'total'];

export function existingInvoice(
  world: World,
  id: string | undefined,
  param = 'invoice',
  status: 400 | 404 = 404,
): Invoice {
  const invoice = world.invoices.get(id ?? '');
  if (invoice === undefined) throw noSuch('invoice', id ?? '', param, status);
  return invoice;
}

const PLAIN = ['custom_fields', 'description', 'effective_at', 'footer', 'statement_descriptor'];

function givenOf(
  old: Invoice['given'],
  params: Readonly<Record<string, unknown>>,
): Invoice['given'] {
  const named = PLAIN.filter((name) => params[name] !== undefined);
  return {
    ...old,
    ...Object.fromEntries(named.map((name) => [name, params[name] === '' ? null : params[name]])),
  };
}

export const invoiceRoutes: readonly Route[] = [
  route(
    'POST',
    '/v1/invoices',
    {
      ...writable,
      currency,
      customer: text(),
      from_invoice: ignored,
      pending_invoice_items_behavior: choice('exclude', 'include'),
    },
    ({ world, params }) => {
      if (params.customer === undefined)
        throw invalid('Missing required param: customer.', 'parameter_missing', 'customer');
      const customer = existingCustomer(world, params.customer, 'customer', 400);
      const invoice = newInvoice(world, customer, params);
      const pending =
        params.pending_invoice_items_behavior === 'include' ? pendingItems(world, invoice) : [];
      checkCollection(invoice, params);
      checkNumber(world, invoice, params.number);
      world.invoices.set(invoice.id, invoice);
      invoice.lines = pending;
      for (const item of pending) item.invoice = invoice.id;
      refreshDraft(world, invoice);
      changed(world, invoice, 'invoice.created');
      return answer(world, invoice, params.expand);
    },
  ),
  route(
    'GET',
    '/v1/invoices/search',
    { ...expandField, ...searchFields, query: required(text()) },
    ({ world, params }) => {
      const found = world.search.find('invoice', params.query, SEARCHED);
      const invoices = found.flatMap((id) => world.invoices.get(id) ?? []);
      return searchPageOf(
        '/v1/invoices/search',
        invoices,
        (one) => invoiceView(world, one),
        params,
      );
    },
  ),
  route(
    'GET',
    '/v1/invoices',
    {
      ...expandField,
      ...createdField,
      ...pageFields,
      collection_method: collection,
      customer: text(),
      status: choice('draft', 'open', 'paid', 'uncollectible', 'void'),
    },
    ({ world, params }) => {
      const { customer, status, collection_method: method, created } = params;
      const all = newestFirst(world.invoices.values()).filter(
        (invoice) =>
          (customer === undefined || invoice.customer === customer) &&
          (status === undefined || invoice.status === status) &&
          (method === undefined || invoice.collectionMethod === method) &&
          inRange(invoice.createdS, created),
      );
      return listOf(
        '/v1/invoices',
        all,
        ({ id }) => id,
        (one) => invoiceView(world, one),
        params,
      );
    },
  ),
  route('GET', '/v1/invoices/{}', expandField, ({ world, params, ids: [id] }) =>
    answer(world, existingInvoice(world, id), params.expand),
  ),
  route('POST', '/v1/invoices/{}', writable, ({ world, params, ids: [id] }) => {
    const invoice = existingInvoice(world, id);
    update(world, invoice, params);
    changed(world, invoice, 'invoice.updated');
    return answer(world, invoice, params.expand);
  }),
  route('DELETE', '/v1/invoices/{}', {}, ({ world, ids: [id] }) => {
    const invoice = existingInvoice(world, id);
    if (invoice.status !== 'draft')
      throw invalid('You can only delete draft invoices.', 'invoice_not_editable');
    world.invoices.delete(invoice.id);
    for (const line of invoice.lines) world.items.delete(line.id);
    world.search.put(invoice.id, null);
    world.emit('invoice.deleted', invoiceView(world, invoice));
    return { id: invoice.id, object: 'invoice', deleted: true };
  }),
  act('finalize', { auto_advance: flag }, (world, invoice, { auto_advance: automatic }) =>
    finalize(world, invoice, automatic as boolean | undefined),
  ),
  act(
    'pay',
    {
      forgive: flag,
      off_session: flag,
      paid_out_of_band: flag,
      payment_method: text(),
      source: text(),
    },
    (world, invoice, params) => pay(world, invoice, params['paid_out_of_band'] === true),
  ),
  act('send', {}, send),
  act('void', {}, voidInvoice),
  act('mark_uncollectible', {}, markUncollectible),
];

type Given = {
  readonly [Name in keyof typeof writable]: ReturnType<(typeof writable)[Name]['read']> | undefined;
};

function act(
  verb: string,
  fields: Route['fields'],
  perform: (world: World, invoice: Invoice, params: Readonly<Record<string, unknown>>) => void,
): Route {
  return route(
    'POST',
    `/v1/invoices/{}/${verb}`,
    { ...expandField, ...fields },
    ({ world, params, ids: [id] }) => {
      const invoice = existingInvoice(world, id);
      perform(world, invoice, params);
      return answer(world, invoice, params.expand);
    },
  );
}

function newInvoice(
  world: World,
  customer: Customer,
  params: Given & { readonly currency: string | undefined },
): Invoice {
  return {
    id: world.id('in'),
    customer: customer.id,
    currency: params.currency ?? customer.currency ?? 'usd',
    createdS: world.nowS(),
    status: 'draft',
    given: givenOf({}, params),
    metadata: mergedMetadata({}, params.metadata),
    autoAdvance: params.auto_advance ?? false,
    collectionMethod: params.collection_method ?? 'charge_automatically',
    automaticTax: params.automatic_tax?.enabled === 'true',
    daysUntilDue: params.days_until_due ?? null,
    dueDateS: params.due_date ?? null,
    number: params.number ?? null,
    lines: [],
    startingBalance: 0,
    endingBalance: null,
    amountDue: 0,
    amountPaid: 0,
    paidOffStripe: 0,
    prePaymentCredit: 0,
    postPaymentCredit: 0,
    attempts: 0,
    finalizedAtS: null,
    paidAtS: null,
    voidedAtS: null,
    uncollectibleAtS: null,
  };
}

/** What waits for the customer's next invoice, newest first, as Stripe sorts them. */
function pendingItems(world: World, invoice: Invoice): Item[] {
  const waiting = newestFirst(world.items.values()).filter(
    (item) =>
      item.invoice === null &&
      item.customer === invoice.customer &&
      item.currency === invoice.currency,
  );
  return waiting.slice(0, world.settings.invoiceLinesMax);
}

function checkCollection(
  { collectionMethod }: Pick<Invoice, 'collectionMethod'>,
  { days_until_due: days, due_date: date }: Pick<Given, 'days_until_due' | 'due_date'>,
): void {
  const dated = days !== undefined || date !== undefined;
  if (collectionMethod === 'charge_automatically' && dated) {
    throw invalid(
      "You can only specify 'days_until_due' or 'due_date' if 'collection_method' is set to 'send_invoice'.",
      undefined,
      days === undefined ? 'due_date' : 'days_until_due',
    );
  }
  if (collectionMethod === 'send_invoice' && !dated) {
    throw invalid(
      "Invoices with 'collection_method' set to 'send_invoice' need 'days_until_due' or 'due_date'.",
      'parameter_missing',
      'days_until_due',
    );
  }
}

function checkNumber(world: World, invoice: Invoice, number: string | undefined): void {
  if (number === undefined) return;
  const taken = [...world.invoices.values()].some(
    (one) => one !== invoice && one.number === number,
  );
  if (taken)
    throw invalid(`An invoice with the number '${number}' already exists.`, undefined, 'number');
}

const AFTER_FINALIZING: ReadonlySet<string> = new Set([
  'auto_advance',
  'expand',
  'metadata',
  'default_payment_method',
]);

function update(world: World, invoice: Invoice, params: Given): void {
  const given = Object.entries(params).filter(([, value]) => value !== undefined);
  if (invoice.status !== 'draft' && given.some(([name]) => !AFTER_FINALIZING.has(name)))
    checkDraft(invoice);
  const collectionMethod = params.collection_method ?? invoice.collectionMethod;
  if (params.collection_method !== undefined || params.days_until_due !== undefined) {
    checkCollection({ collectionMethod }, params);
  }
  checkNumber(world, invoice, params.number);
  invoice.collectionMethod = collectionMethod;
  invoice.given = givenOf(invoice.given, params);
  invoice.metadata = mergedMetadata(invoice.metadata, params.metadata);
  invoice.autoAdvance = params.auto_advance ?? invoice.autoAdvance;
  invoice.daysUntilDue = params.days_until_due ?? invoice.daysUntilDue;
  invoice.dueDateS = params.due_date ?? invoice.dueDateS;
  if (params.number !== undefined) invoice.number = params.number === '' ? null : params.number;
  if (params.automatic_tax) invoice.automaticTax = params.automatic_tax.enabled === 'true';
  if (invoice.status === 'draft') refreshDraft(world, invoice);
}

function answer(world: World, invoice: Invoice, expand: readonly string[] | undefined): object {
  const view = invoiceView(world, invoice);
  const customer = world.customers.get(invoice.customer);
  if (!expand?.includes('customer') || customer === undefined) return view;
  return { ...view, customer: customerView(customer) };
}
