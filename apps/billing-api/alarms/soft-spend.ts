/**
 * What counts in windows of soft budgets, which hold nothing: the usage of their scope, by the warehouse
 * (docs/design.md, Alarms). One question for all budgets of one window and kind of scope.
 */
import { type ScopeSpend, scopeSpend } from '@tollgate/adapters/warehouse/queries/scope-spend.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { chargeOf } from '@tollgate/domain/budget/amounts.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { holdUnitOf } from '@tollgate/domain/budget/hold-unit.ts';
import type { WindowBounds } from '@tollgate/domain/budget/window.ts';
import { globMatcher } from '@tollgate/domain/routing/glob.ts';

/** Rows of one answer: keys by customer, and by the names of models where a budget names some. */
const ROWS_MAX = 100_000;

export type SoftWindow = { stream: string; budget: BudgetDefinition; bounds: WindowBounds };

/**
 * By window, 1e-12 of the budget's unit. Usage that nobody stated counts nothing here, since nothing was
 * held for it.
 *
 * @param markupOf parts per million, of a customer, as it is in force
 */
export async function softSpend(
  warehouse: Warehouse,
  windows: readonly SoftWindow[],
  markupOf: (customerId: string) => number,
): Promise<Map<string, bigint>> {
  const spent = new Map<string, bigint>();
  const groups = Map.groupBy(windows, ({ budget, bounds: { startMs, endMs } }) =>
    [budget.scope.type, startMs, endMs, budget.model !== null].join(),
  );
  for (const group of groups.values()) {
    const [{ budget, bounds }] = group as [SoftWindow, ...SoftWindow[]];
    const rows = await scopeSpend(warehouse, {
      scope: budget.scope.type,
      ids: [...new Set(group.map((window) => window.budget.scope.id))],
      ...bounds,
      byModel: budget.model !== null,
      rowsMax: ROWS_MAX,
    });
    const byScope = Map.groupBy(rows, ({ scopeId }) => scopeId);
    for (const window of group) {
      const used = byScope.get(window.budget.scope.id) ?? [];
      spent.set(window.stream, spentOf(window.budget, used, markupOf));
    }
  }
  return spent;
}

function spentOf(
  budget: BudgetDefinition,
  used: readonly ScopeSpend[],
  markupOf: (customerId: string) => number,
): bigint {
  const isLimited = budget.model === null ? null : globMatcher(budget.model);
  let spent = 0n;
  for (const { customerId, models, costPicoUsd: cost, quantities } of used) {
    if (isLimited !== null && !models.some(isLimited)) continue;
    spent += chargeOf(holdUnitOf(budget, markupOf(customerId)), { cost, quantities }) ?? 0n;
  }
  return spent;
}
