/** Customers, and the ledger of their balances. */
import { stripeLimits } from '../limits.ts';
import { listOf, pageFields, searchFields, searchPageOf } from '../wire/paging.ts';
import {
  choice,
  currency,
  ignored,
  integer,
  list,
  metadata,
  required,
  text,
} from '../wire/params.ts';
import { type Route, route } from '../wire/route.ts';
import {
  address,
  createdField,
  expandField,
  inRange,
  mergedMetadata,
} from '../wire/shared-fields.ts';
import { invalid, noSuch } from '../wire/stripe-error.ts';
import { moveBalance } from './balance.ts';
import { checkAmount } from './currencies.ts';
import { balanceTransactionView, customerView } from './views.ts';
import type { Customer, World } from './world.ts';

const writable = {
  ...expandField,
  address,
  balance: integer,
  business_name: text(150),
  description: text(),
  email: text(512),
  individual_name: text(150),
  invoice_prefix: text(12),
  invoice_settings: ignored,
  metadata,
  name: text(256),
  next_invoice_sequence: integer,
  phone: text(20),
  preferred_locales: list(text()),
  shipping: ignored,
  tax: ignored,
  tax_exempt: choice('exempt', 'none', 'reverse'),
};

const SEARCHED = ['created', 'email', 'metadata', 'name', 'phone'];

/** The customer that a parameter names; 404 where the path names it. */
export function existingCustomer(
  world: World,
  id: string | undefined,
  param: string,
  status: 400 | 404,
): Customer {
  const customer = world.customers.get(id ?? '');
  if (customer === undefined || customer.deleted) throw noSuch('customer', id ?? '', param, status);
  return customer;
}

/** Newest first, as every list of Stripe's. */
export function newestFirst<T extends { readonly id: string }>(all: Iterable<T>): T[] {
  return [...all].reverse();
}

export const customerRoutes: readonly Route[] = [
  route('POST', '/v1/customers', { ...writable, tax_id_data: ignored }, ({ world, params }) => {
    const {
      metadata: given,
      balance,
      next_invoice_sequence: next,
      invoice_prefix: prefix,
    } = params;
    const id = world.id('cus');
    const customer: Customer = {
      id,
      createdS: world.nowS(),
      given: givenOf({}, params),
      metadata: mergedMetadata({}, given),
      currency: null,
      balances: new Map(),
      invoicePrefix: prefix ?? id.slice(-8).toUpperCase(),
      nextSequence: next ?? 1,
      deleted: false,
      payment: 'none',
    };
    world.customers.set(id, customer);
    if (balance)
      moveBalance(world, customer, { amount: balance, currency: 'usd', type: 'initial' });
    return noted(world, customer, 'customer.created');
  }),
  route(
    'GET',
    '/v1/customers/search',
    { ...expandField, ...searchFields, query: required(text()) },
    ({ world, params }) => {
      const found = world.search.find('customer', params.query, SEARCHED);
      const customers = found.flatMap((id) => world.customers.get(id) ?? []);
      return searchPageOf('/v1/customers/search', customers, customerView, params);
    },
  ),
  route(
    'GET',
    '/v1/customers',
    { ...expandField, ...createdField, ...pageFields, email: text(512) },
    ({ world, params }) => {
      const { email, created } = params;
      const all = newestFirst(world.customers.values()).filter(
        (customer) =>
          !customer.deleted &&
          (email === undefined || customer.given['email'] === email) &&
          inRange(customer.createdS, created),
      );
      return listOf('/v1/customers', all, ({ id }) => id, customerView, params);
    },
  ),
  route('GET', '/v1/customers/{}', expandField, ({ world, ids: [id] }) => {
    const customer = world.customers.get(id ?? '');
    if (customer === undefined) throw noSuch('customer', id ?? '', 'id', 404);
    return customerView(customer);
  }),
  route(
    'POST',
    '/v1/customers/{}',
    { ...writable, default_source: ignored },
    ({ world, params, ids: [id] }) => {
      const customer = existingCustomer(world, id, 'id', 404);
      const { balance, metadata: given, next_invoice_sequence: next } = params;
      customer.given = givenOf(customer.given, params);
      customer.metadata = mergedMetadata(customer.metadata, given);
      if (next !== undefined) customer.nextSequence = next;
      if (balance !== undefined) {
        const money = customer.currency ?? 'usd';
        const amount = balance - (customer.balances.get(money) ?? 0);
        if (amount !== 0)
          moveBalance(world, customer, { amount, currency: money, type: 'adjustment' });
      }
      return noted(world, customer, 'customer.updated');
    },
  ),
  route('DELETE', '/v1/customers/{}', {}, ({ world, ids: [id] }) => {
    const customer = existingCustomer(world, id, 'id', 404);
    customer.deleted = true;
    world.search.put(customer.id, null);
    world.emit('customer.deleted', customerView(customer));
    return customerView(customer);
  }),
];

function givenOf(
  old: Customer['given'],
  params: Readonly<Record<string, unknown>>,
): Customer['given'] {
  const named = [
    'address',
    'description',
    'email',
    'name',
    'phone',
    'preferred_locales',
    'tax_exempt',
  ];
  const given = named.filter((name) => params[name] !== undefined);
  return {
    ...old,
    ...Object.fromEntries(given.map((name) => [name, addressed(name, params[name])])),
  };
}

/** An address is answered with all its members; an empty text unsets. */
function addressed(name: string, value: unknown): unknown {
  if (name !== 'address' || value === null) return value === '' ? null : value;
  const empty = {
    city: null,
    country: null,
    line1: null,
    line2: null,
    postal_code: null,
    state: null,
  };
  const lines = Object.entries(value as object).filter(([, line]) => line !== undefined);
  return { ...empty, ...Object.fromEntries(lines) };
}

function noted(world: World, customer: Customer, type: string): object {
  const view = customerView(customer);
  world.search.put(customer.id, view);
  world.emit(type, view);
  return view;
}

export const balanceRoutes: readonly Route[] = [
  route(
    'POST',
    '/v1/customers/{}/balance_transactions',
    {
      ...expandField,
      amount: required(integer),
      currency: required(currency),
      description: text(350),
      metadata,
    },
    ({ world, params, ids: [id] }) => {
      const customer = existingCustomer(world, id, 'customer', 404);
      checkAmount(params.amount, params.currency, 'amount');
      if (Math.abs(params.amount) > stripeLimits.amountMax * 100)
        throw invalid('Amount too large', 'amount_too_large', 'amount');
      const made = moveBalance(world, customer, {
        amount: params.amount,
        currency: params.currency,
        type: 'adjustment',
        description: params.description,
        metadata: mergedMetadata({}, params.metadata),
      });
      return transactionView(world, customer, made);
    },
  ),
  route(
    'GET',
    '/v1/customers/{}/balance_transactions',
    { ...expandField, ...createdField, ...pageFields, invoice: text() },
    ({ world, params, ids: [id] }) => {
      const customer = existingCustomer(world, id, 'customer', 404);
      const all = newestFirst(world.balanceTransactions.values()).filter(
        (entry) =>
          entry.customer === customer.id &&
          (params.invoice === undefined || entry.invoice === params.invoice) &&
          inRange(entry.createdS, params.created),
      );
      const url = `/v1/customers/${customer.id}/balance_transactions`;
      return listOf(url, all, (entry) => entry.id, balanceTransactionView, params);
    },
  ),
  route(
    'GET',
    '/v1/customers/{}/balance_transactions/{}',
    expandField,
    ({ world, ids: [id, entry = ''] }) =>
      transactionView(world, existingCustomer(world, id, 'customer', 404), entry),
  ),
  route(
    'POST',
    '/v1/customers/{}/balance_transactions/{}',
    { ...expandField, description: text(350), metadata },
    ({ world, params, ids: [id, entry = ''] }) => {
      const customer = existingCustomer(world, id, 'customer', 404);
      const found = world.balanceTransactions.get(entry);
      if (found?.customer === customer.id) {
        found.metadata = mergedMetadata(found.metadata, params.metadata);
        found.description = params.description ?? found.description;
      }
      return transactionView(world, customer, entry);
    },
  ),
];

function transactionView(world: World, customer: Customer, id: string): object {
  const entry = world.balanceTransactions.get(id);
  if (entry === undefined || entry.customer !== customer.id) {
    throw noSuch('customer balance transaction', id, 'transaction', 404);
  }
  return balanceTransactionView(entry);
}
