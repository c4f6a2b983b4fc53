/** Life of a customer: the fold of `customer-<id>` and what may happen to it. */
import type { BillingDetails } from '../invoice/billing-details.ts';
import type { KeyDefaults } from '../key/key-defaults.ts';
import { ANY_MODEL, type ModelLists } from '../routing/model-access.ts';
import type {
  CustomerArchived,
  CustomerCreated,
  CustomerEvent,
  CustomerUpdated,
} from './customer-events.ts';

export type Customer = CustomerCreated['data'] &
  ModelLists & {
    key_defaults: KeyDefaults | null;
    billing_details: BillingDetails | null;
    archived: boolean;
  };

/** @param state undefined before the first event */
export function evolveCustomer(state: Customer | undefined, event: CustomerEvent): Customer {
  if (event.type === 'CustomerCreated') {
    const unsaid = { key_defaults: null, billing_details: null };
    return { ...ANY_MODEL, ...unsaid, ...event.data, archived: false };
  }
  if (state === undefined) throw new Error(`${event.type} before CustomerCreated`);
  switch (event.type) {
    case 'CustomerUpdated':
      return { ...state, ...event.data };
    case 'CustomerArchived':
      return { ...state, archived: true };
    default:
      return event satisfies never;
  }
}

export type CustomerRefusal = { refused: 'customer_not_found' | 'customer_archived' };

/** A mark-up holds for periods that begin to close after it (docs/design.md, Closing a period). */
export function decideUpdateCustomer(
  state: Customer | undefined,
  change: Omit<CustomerUpdated['data'], 'customer_id'>,
): CustomerUpdated | CustomerRefusal {
  const customer = liveOrRefused(state);
  if ('refused' in customer) return customer;
  const { customer_id } = customer;
  return { type: 'CustomerUpdated', data: { ...change, customer_id } };
}

/** Its keys open nothing any more; its periods are closed and billed as before. */
export function decideArchiveCustomer(
  state: Customer | undefined,
): CustomerArchived | CustomerRefusal {
  const customer = liveOrRefused(state);
  if ('refused' in customer) return customer;
  return { type: 'CustomerArchived', data: { customer_id: customer.customer_id } };
}

function liveOrRefused(state: Customer | undefined): Customer | CustomerRefusal {
  if (state === undefined) return { refused: 'customer_not_found' };
  return state.archived ? { refused: 'customer_archived' } : state;
}
