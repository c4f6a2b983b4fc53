/**
 * What binds the calls of a key, and what of it is left as this proxy sees it. I10: scopes have a type,
 * and no id or name; amounts of a scope that has other customers in it are not told.
 */
import { endUserDigest } from '@tollgate/adapters/digest/end-user-digest.ts';
import type { BudgetAccount } from '@tollgate/domain/budget/account.ts';
import { type BudgetDefinition, hasOthers } from '@tollgate/domain/budget/definition.ts';
import { limitAt } from '@tollgate/domain/budget/limit.ts';
import { windowBounds, windowStream } from '@tollgate/domain/budget/window.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import type { RateLimit } from '@tollgate/domain/rate-limit/rate-limit.ts';
import type { Me } from '@tollgate/schemas/http/me.ts';
import type { BudgetBook } from '../budget/budget-book.ts';
import { freeOf, type LocalLease } from '../budget/local-lease.ts';
import type { RateBook } from '../rates/rate-book.ts';
import type { WindowReader } from './window-reader.ts';

type OwnBudget = Me['budgets'][number];
type OwnRateLimit = Me['rate_limits'][number];

/**
 * @param endUser whose window is told of a template; null: of none, since it is different for each
 * @throws if the ledger cannot be read, or a time zone is not known here
 */
export async function ownBudget(
  definition: BudgetDefinition,
  nowMs: number,
  { budgets, windows }: { budgets: Pick<BudgetBook, 'leasesOf'>; windows: WindowReader },
  endUser: string | null = null,
): Promise<OwnBudget> {
  const { startMs, endMs } = windowBounds(definition, nowMs);
  const { unit, basis, counts, model, window, per } = definition;
  const rule = {
    ...{ scope: definition.scope.type, unit, basis, counts, model, window, per },
    window_start: new Date(startMs).toISOString(),
    resets_at: Number.isFinite(endMs) ? new Date(endMs).toISOString() : null,
  };
  // seam: template-has-no-amounts
  if (per !== null && endUser === null) {
    const limit = formatDecimal12(limitAt(definition, nowMs));
    return { ...rule, limit, spent: null, reserved: null, remaining: null, exhausted: null };
  }
  const digest = per === null ? null : endUserDigest(endUser);
  const stream = windowStream(definition.budget_id, startMs, digest);
  const account = await windows.account(stream);
  const amounts = amountsOf(definition, account, budgets.leasesOf(stream));
  const isShared = hasOthers(definition);
  const told = (amount: bigint) => (isShared ? null : formatDecimal12(amount));
  return {
    ...rule,
    limit: told(amounts.limit),
    spent: told(amounts.spent),
    reserved: told(amounts.reserved),
    remaining: told(amounts.remaining),
    exhausted: amounts.remaining <= 0n,
  };
}

/**
 * What this proxy's calls have spent of its slices is spent, and what none of them uses is left. A
 * slice that was granted or settled since the account was read is in neither.
 */
function amountsOf(
  definition: BudgetDefinition,
  account: BudgetAccount,
  own: readonly LocalLease[],
) {
  const isCurrent = account.opened && account.definitionRevision >= definition.revision;
  const limit = isCurrent ? account.limit : definition.limit;
  let ownSpent = 0n;
  let ownFree = 0n;
  for (const lease of own) {
    if (!account.openLeases.has(lease.leaseId)) continue;
    ownSpent += lease.spent;
    ownFree += freeOf(lease);
  }
  const spent = account.spent + ownSpent;
  const reserved = account.held - ownSpent - ownFree;
  return { limit, spent, reserved, remaining: limit - spent - reserved };
}

export function ownRateLimit(limit: RateLimit, rates: Pick<RateBook, 'seen'>): OwnRateLimit {
  const { scope, measure, per } = limit;
  const seen = rates.seen(limit);
  return {
    ...{ scope: scope.type, measure, window: per, limit: limit.limit },
    model: scope.type === 'key_model' ? scope.model : null,
    remaining: seen?.left ?? null,
    resets_at:
      seen === null || seen.resetsAtMs === null ? null : new Date(seen.resetsAtMs).toISOString(),
  };
}
