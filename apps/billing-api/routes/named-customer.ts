/** The customer that a request names, by our id or by the operator's own. */
import type { Customer } from '@tollgate/domain/customer/customer.ts';
import type { ApiContext } from '../context.ts';
import { ApiProblem } from '../http/errors.ts';

/**
 * The customer that a command is about, who must exist and not be archived.
 *
 * @throws ApiProblem customer_not_found, customer_archived
 */
export function liveCustomer(context: ApiContext, idOrExternalId: string): Customer {
  const found = context.directory.findCustomer(idOrExternalId);
  if (found === undefined) throw new ApiProblem('customer_not_found');
  if (found.state.archived) throw new ApiProblem('customer_archived');
  return found.state;
}

export function lifeStatus({ archived }: { archived: boolean }): 'active' | 'archived' {
  return archived ? 'archived' : 'active';
}

/** The filter of a list: everything of that customer, or everything if no customer is named. */
export function ofCustomer(
  { directory }: Pick<ApiContext, 'directory'>,
  named: string | undefined,
): (thing: { customer_id: string }) => boolean {
  if (named === undefined) return () => true;
  const customerId = directory.findCustomer(named)?.state.customer_id ?? named;
  return (thing) => thing.customer_id === customerId;
}
