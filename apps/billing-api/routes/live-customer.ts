/** The customer that a command is about, who must exist and not be archived. */
import type { Customer } from '@tollgate/domain/customer/customer.ts';
import type { ApiContext } from '../context.ts';
import { ApiProblem } from '../http/errors.ts';

/** @throws ApiProblem customer_not_found, customer_archived */
export function liveCustomer(context: ApiContext, idOrExternalId: string): Customer {
  const found = context.directory.findCustomer(idOrExternalId);
  if (found === undefined) throw new ApiProblem('customer_not_found');
  if (found.state.archived) throw new ApiProblem('customer_archived');
  return found.state;
}
