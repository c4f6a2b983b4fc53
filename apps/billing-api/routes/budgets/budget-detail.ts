/** What a budget's view says of one budget alone: leases, rate of spending, and when it is used up. */
import { endUserDigest } from '@tollgate/adapters/digest/end-user-digest.ts';
import { chargedSince } from '@tollgate/adapters/warehouse/queries/budget-rate.ts';
import { available } from '@tollgate/domain/budget/account.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { exhaustedAtMs, perHour, type SpendRate } from '@tollgate/domain/budget/forecast.ts';
import { accountAt } from '@tollgate/domain/budget/limit.ts';
import { type WindowBounds, windowBounds, windowStream } from '@tollgate/domain/budget/window.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import type { budgetDetail, heldLease } from '@tollgate/schemas/http/budget-detail.ts';
import type { budgetView } from '@tollgate/schemas/http/resources.ts';
import type { z } from 'zod';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import type { Entity } from '../../resources/entities.ts';
import { answeredIn } from '../answered-in.ts';
import { readWindow, type WindowHistory } from './window-history.ts';

/**
 * @param view the same budget as lists show it
 * @param endUser whose window of a template; undefined: that of calls that name nobody
 */
export async function withDetail(
  view: z.input<typeof budgetView>,
  { state: definition, createdAtMs }: Entity<BudgetDefinition>,
  context: ApiContext,
  endUser?: string,
): Promise<z.input<typeof budgetDetail>> {
  const { ledger, limits } = context;
  const nowMs = context.clock();
  const bounds = windowBounds(definition, nowMs);
  const digest = definition.per === null ? null : endUserDigest(endUser ?? null);
  const stream = windowStream(definition.budget_id, bounds.startMs, digest);
  const reader = { ledger, pageEvents: limits.ledgerPageEvents };
  const history = await readWindow(reader, stream).catch((cause: unknown) => {
    throw new ApiProblem('ledger_unavailable', { cause });
  });
  const account = accountAt(history.account, definition, bounds, nowMs);
  // Of a soft budget nothing is held or settled: the warehouse alone knows, if it answers.
  const isSoft = definition.enforcement === 'soft';
  const counted = view.current.spent === null ? null : parseDecimal12(view.current.spent);
  const spent = isSoft ? counted : account.spent;
  const at = { nowMs, bounds, left: account.limit - (spent ?? 0n) };
  const sinceMs = Math.min(nowMs, Math.max(bounds.startMs, createdAtMs));
  return {
    ...view,
    current: {
      ...view.current,
      // As of the same instant as the leases.
      limit: formatDecimal12(account.limit),
      spent: isSoft ? view.current.spent : formatDecimal12(account.spent),
      held: formatDecimal12(account.held),
      available: spent === null ? null : formatDecimal12(available({ ...account, spent })),
      resets_at: Number.isFinite(bounds.endMs) ? new Date(bounds.endMs).toISOString() : null,
    },
    leases: leasesOf(history),
    spending: {
      window: spent === null ? null : rateView(sinceMs, spent, at),
      recent: isSoft ? null : await recentRate(context, stream, at),
    },
  };
}

/** Oldest first, as the stream has them. */
export function leasesOf({ account, leases }: WindowHistory): z.input<typeof heldLease>[] {
  return [...account.openLeases].map(([lease_id, { instanceId, amount, overrun }]) => ({
    ...{ lease_id, instance_id: instanceId, amount: formatDecimal12(amount) },
    overrun: formatDecimal12(overrun),
    since: new Date(leases.get(lease_id)?.grantedAtMs ?? 0).toISOString(),
  }));
}

type Moment = { nowMs: number; bounds: WindowBounds; left: bigint };

/** What is held counts as not spent yet. */
function rateView(sinceMs: number, amount: bigint, { nowMs, bounds, left }: Moment) {
  const rate: SpendRate = { amount, overMs: BigInt(nowMs - sinceMs) };
  const endMs = Number.isFinite(bounds.endMs) ? BigInt(bounds.endMs) : null;
  const endsAtMs = exhaustedAtMs(left, rate, BigInt(nowMs), endMs);
  return {
    since: new Date(sinceMs).toISOString(),
    amount: formatDecimal12(amount),
    per_hour: formatDecimal12(perHour(rate)),
    exhausted_at: endsAtMs === null ? null : new Date(Number(endsAtMs)).toISOString(),
  };
}

/** Leases are settled now and then; what attempts were charged lately is in their events. */
async function recentRate(context: ApiContext, stream: string, moment: Moment) {
  const { warehouse, limits } = context;
  const { nowMs, bounds } = moment;
  const sinceMs = Math.max(bounds.startMs, nowMs - limits.budgetRecentMs);
  const charged = await answeredIn(
    limits.unresolvedWaitMs,
    () => chargedSince(warehouse, stream, sinceMs),
    (error) => context.onError('the rate of a budget cannot be read', error),
  );
  return charged === null ? null : rateView(sinceMs, parseDecimal12(charged), moment);
}
