/** What a request to define a budget says, checked against what exists and what makes sense. */
import type { BudgetScope, BudgetUnit } from '@tollgate/domain/budget/budget-events.ts';
import type { Customer } from '@tollgate/domain/customer/customer.ts';
import { formatDecimal12, parseDecimal } from '@tollgate/domain/money/money.ts';
import type { budgetRequest } from '@tollgate/schemas/http/resources.ts';
import type { z } from 'zod';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import { liveCustomer } from '../named-customer.ts';

/** The scope by our own ids, and whose it is: null of the whole installation. */
export function namedScope(
  scope: BudgetScope,
  context: ApiContext,
): [BudgetScope, Customer | null] {
  const { keys, teams } = context.directory;
  switch (scope.type) {
    case 'key': {
      const key = keys.get(scope.id);
      if (key === undefined) throw new ApiProblem('key_not_found');
      return [scope, liveCustomer(context, key.state.customer_id)];
    }
    case 'team': {
      const team = teams.get(scope.id);
      if (team === undefined) throw new ApiProblem('team_not_found');
      return [scope, liveCustomer(context, team.state.customer_id)];
    }
    case 'customer': {
      const customer = liveCustomer(context, scope.id);
      return [{ type: 'customer', id: customer.customer_id }, customer];
    }
    case 'installation':
      return [scope, null];
    default:
      return scope satisfies never;
  }
}

/**
 * Refuses what would be accepted and never do what it says.
 *
 * @param within the path of it in the body, with a dot behind it; empty: it is the body
 * @throws ApiProblem invalid_request, naming the field
 */
export function requireSense(body: z.output<typeof budgetRequest>, within = ''): void {
  const wrong = (field: string, message: string) => wrongField(`${within}${field}`, message);
  const { scope, unit, window, basis, anchor, counts, cache_reads, enforcement, per } = body;
  if (unit !== 'usd') requireWhole(body.limit, `${within}limit`);
  if (unit !== 'usd' && basis !== 'cost') wrong('basis', 'only money has a basis');
  if (unit !== 'tokens' && (counts !== 'total' || !cache_reads)) {
    wrong(cache_reads ? 'counts' : 'cache_reads', 'only a budget of tokens counts tokens');
  }
  if (counts === 'output' && !cache_reads) wrong('cache_reads', 'no output is read from a cache');
  requirePolicy(body, within);
  if (anchor !== null && window !== 'week' && window !== 'month') {
    wrong('anchor', 'only weeks and months are counted from a day');
  }
  if (per !== null && scope.type !== 'key' && scope.type !== 'customer') {
    wrong('per', 'only a key or a customer has end users');
  }
  if (per !== null && enforcement === 'soft') wrong('per', 'a soft budget warns of no end user');
}

type Policy = Pick<
  z.output<typeof budgetRequest>,
  'enforcement' | 'unit' | 'counts' | 'on_exceeded' | 'clamp_min_output_tokens'
>;

/** @throws ApiProblem invalid_request where it could not do what it says of calls beyond the limit */
export function requirePolicy(policy: Policy, within = ''): void {
  const { enforcement, unit, counts, on_exceeded, clamp_min_output_tokens } = policy;
  if (on_exceeded === 'refuse' && clamp_min_output_tokens !== 1) {
    const message = 'only a budget that clamps sets output limits';
    wrongField(`${within}clamp_min_output_tokens`, message);
  }
  if (on_exceeded === 'refuse') return;
  const field = `${within}on_exceeded`;
  // seam: a-soft-budget-clamps-nothing
  if (enforcement === 'soft')
    wrongField(field, 'a soft budget warns: it refuses and clamps nothing');
  if (unit === 'requests' || counts === 'input') {
    wrongField(field, 'a smaller output takes no less of this budget');
  }
}

/** @throws ApiProblem invalid_request, naming the field of the body */
export function wrongField(field: string, message: string): never {
  throw new ApiProblem('invalid_request', { errors: [{ path: `body.${field}`, message }] });
}

export function requireWhole(limit: string, field = 'limit'): void {
  if (!limit.includes('.')) return;
  wrongField(field, 'tokens and requests are whole numbers');
}

/**
 * What is added to a budget, with 12 places.
 *
 * @throws ApiProblem invalid_request
 */
export function requirePositive(amount: string, unit: BudgetUnit): string {
  if (unit !== 'usd') requireWhole(amount, 'amount');
  const pico = parseDecimal(amount, 12);
  if (pico > 0n) return formatDecimal12(pico);
  return wrongField('amount', 'must be above zero');
}

/** @throws ApiProblem invalid_request for an instant that is not ahead */
export function requireAhead(field: string, at: string, nowMs: number): void {
  if (Date.parse(at) > nowMs) return;
  wrongField(field, 'must be later than now');
}
