/** What is spent of soft budgets, for their views: by the warehouse, or not known now. */
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { softSpend } from '../../alarms/soft-spend.ts';
import type { ApiContext } from '../../context.ts';
import type { Entity } from '../../resources/entities.ts';

type Window = { stream: string; startMs: number; endMs: number };

/** By window; nothing of any of them while the warehouse does not answer. @param windows of the items */
export async function softSpendOf(
  items: readonly Entity<BudgetDefinition>[],
  windows: readonly Window[],
  { warehouse, directory, limits, onError }: ApiContext,
): Promise<Map<string, string>> {
  const soft = items.flatMap(({ state: budget }, index) => {
    const { stream, ...bounds } = windows[index] as Window;
    return budget.enforcement === 'soft' ? [{ stream, budget, bounds }] : [];
  });
  if (soft.length === 0) return new Map();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('it does not answer')), limits.unresolvedWaitMs);
  const markupOf = (id: string) => directory.customers.get(id)?.state.markup_ppm ?? 0;
  try {
    const spent = await Promise.race([softSpend(warehouse, soft, markupOf), late]);
    return new Map([...spent].map(([stream, amount]) => [stream, formatDecimal12(amount)]));
  } catch (error) {
    onError('what is spent of soft budgets cannot be read', error);
    return new Map();
  } finally {
    clearTimeout(timer);
  }
}
