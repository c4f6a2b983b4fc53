/**
 * POST /v1/resolutions: an operator rules about attempts whose usage nobody has stated, many
 * at a time (docs/design.md, Resolutions). A ruling is an import that decides what it names, alone.
 */
import {
  type AttemptFilter,
  filteredUnresolved,
  knownCost,
} from '@tollgate/adapters/warehouse/queries/attempts.ts';
import { formatDecimal12, parseDecimal, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import type { BillLine } from '@tollgate/domain/reconciliation/reconciliation-events.ts';
import { perQuantity } from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { resolutionRequest, resolutionResult } from '@tollgate/schemas/http/reconciliation.ts';
import type { z } from 'zod';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute } from '../../http/route.ts';
import { isStatedEarlier } from '../../reconciliation/earlier-bills.ts';
import { storeImport } from '../reconciliations/reconciliations.ts';

type Body = z.output<typeof resolutionRequest>;

const PLACES = 12;
const NOTHING = perQuantity(() => 0);

export const resolveByRule = defineRoute({
  operationId: 'resolveByRule',
  method: 'POST',
  path: '/v1/resolutions',
  tag: 'Reconciliation',
  summary: 'Rule about attempts without a known usage',
  description:
    'Attempts whose usage nobody has stated are charged to their budgets at the most that they can ' +
    'have cost: what they reserved, or less if their answer proves it. ' +
    '`not_billed` resolves those that the filter describes to zero: for example those with status ' +
    '`unknown`, which our own failure cut. `total` does so only if `total_cost`, the sum that the ' +
    'provider billed for this filter, is what is known of the others to the last digit, so that ' +
    'nothing is left for these. A bill by attempt that arrives later is compared and changes nothing.',
  body: resolutionRequest,
  status: 201,
  response: resolutionResult,
  errors: ['total_required', 'total_differs', 'bill_range_not_past', 'ledger_unavailable'],
  async handler({ body, newId, timeMs }, context) {
    if (Date.parse(body.end) > timeMs) throw new ApiProblem('bill_range_not_past');
    const total = totalOf(body);
    const importId = newId('rul');
    return await context.importLock.hold(async () => {
      const filter = filterOf(body);
      const known = await knownCost(context.warehouse, body, filter);
      if (total !== null && total !== parseDecimal12(known)) {
        throw new ApiProblem('total_differs', { detail: `known: ${known}` });
      }
      const found = await openAttempts(context, body, filter);
      const isChange = !body.dry_run && found.attempts.length > 0;
      if (isChange) await store(context, importId, body, found.attempts);
      return {
        object: 'resolution' as const,
        import_id: isChange ? importId : null,
        rule: body.rule,
        attempts: found.attempts.length,
        released: releasedOf(found.attempts),
        known_cost: known,
        more: found.more,
      };
    });
  },
});

/** Pico-dollars; null: the rule asks for none. */
function totalOf({ rule, total_cost, status }: Body): bigint | null {
  const isTotal = rule === 'total';
  if (isTotal !== (total_cost !== undefined) || (isTotal && status !== undefined)) {
    throw new ApiProblem('total_required');
  }
  return total_cost === undefined ? null : parseDecimal(total_cost, PLACES);
}

function filterOf({ status, model, customer_id, key_id, budget_id }: Body): AttemptFilter {
  return { status, model, customerId: customer_id, keyId: key_id, budgetId: budget_id };
}

/** Those that no bill speaks about: what a bill says is on its way, and holds. */
async function openAttempts(
  context: ApiContext,
  range: Pick<Body, 'provider' | 'start' | 'end'>,
  filter: AttemptFilter,
): Promise<{ attempts: UsageEvent[]; more: boolean }> {
  const limit = context.limits.rulingAttemptsMax;
  const unresolved = await filteredUnresolved(context.warehouse, range, filter, limit);
  const isStated = await isStatedEarlier(context, range);
  const attempts = unresolved.filter(({ id, time }) => !isStated(id, Date.parse(time)));
  return { attempts, more: unresolved.length === limit };
}

async function store(
  context: ApiContext,
  importId: string,
  { provider, start, end, rule, reason }: Body,
  attempts: readonly UsageEvent[],
): Promise<void> {
  const lines: BillLine[] = attempts.map(({ id }) => ({
    attempt_id: id,
    ...NOTHING,
    cost: formatDecimal12(0n),
  }));
  const accepted = {
    import_id: importId,
    ...{ provider, start, end },
    lines: lines.length,
    chunks: Math.ceil(lines.length / context.limits.reconciliationChunkLines),
    ruling: { rule, reason },
  };
  await storeImport(context, accepted, lines);
}

function releasedOf(attempts: readonly UsageEvent[]): Record<string, string> {
  const byUnit = new Map<string, bigint>();
  for (const { hold_units, hold_amounts } of attempts) {
    hold_units.forEach((unit, index) => {
      const amount = parseDecimal12(hold_amounts[index] as string);
      byUnit.set(unit, (byUnit.get(unit) ?? 0n) + amount);
    });
  }
  return Object.fromEntries([...byUnit].map(([unit, sum]) => [unit, formatDecimal12(sum)]));
}
