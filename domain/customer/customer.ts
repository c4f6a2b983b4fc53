/** Life of a customer: the fold of `customer-<id>` and what may happen to it. */
import type { CustomerCreated, CustomerEvent, CustomerUpdated } from './customer-events.ts';

export type Customer = CustomerCreated['data'] & { archived: boolean };

/** @param state undefined before the first event */
export function evolveCustomer(state: Customer | undefined, event: CustomerEvent): Customer {
  if (event.type === 'CustomerCreated') return { ...event.data, archived: false };
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

/** Null: nothing changes. */
export function decideUpdateCustomer(
  state: Customer | undefined,
  change: Omit<CustomerUpdated['data'], 'customer_id'>,
): CustomerUpdated | null | CustomerRefusal {
  if (state === undefined) return { refused: 'customer_not_found' };
  if (state.archived) return { refused: 'customer_archived' };
  const same =
    (change.name ?? state.name) === state.name &&
    (change.markup_ppm ?? state.markup_ppm) === state.markup_ppm;
  if (same) return null;
  return { type: 'CustomerUpdated', data: { customer_id: state.customer_id, ...change } };
}

/** Archiving what is archived changes nothing. */
export function decideArchiveCustomer(
  state: Customer | undefined,
): CustomerEvent | null | CustomerRefusal {
  if (state === undefined) return { refused: 'customer_not_found' };
  if (state.archived) return null;
  return { type: 'CustomerArchived', data: { customer_id: state.customer_id } };
}
