/** Life of a customer: the fold of `customer-<id>` and what may happen to it. */
import type { CustomerCreated, CustomerEvent } from './customer-events.ts';

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
