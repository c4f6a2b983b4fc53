/** A budget on a key's path, with how that key's calls count in it. */
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { type HoldUnit, holdUnitOf } from '@tollgate/domain/budget/hold-unit.ts';
import { globMatcher } from '@tollgate/domain/routing/glob.ts';

export type PathBudget = {
  readonly definition: BudgetDefinition;
  readonly unit: HoldUnit;
  /** Whether it limits a model of this name; null: it limits all. */
  readonly limitsModel: ((name: string) => boolean) | null;
};

/** @param markupPpm of the key's customer */
export function pathBudget(definition: BudgetDefinition, markupPpm: number): PathBudget {
  const { model } = definition;
  const unit = holdUnitOf(definition, markupPpm);
  return { definition, unit, limitsModel: model === null ? null : globMatcher(model) };
}

/**
 * The budgets that limit a call of a model. A limit on any of its names binds: the client's, the provider's,
 * and the one by which a route leads to it.
 */
export function budgetsOfModel(
  onPath: readonly PathBudget[],
  requested: string,
  { alias, model }: { alias: string; model: string },
): readonly PathBudget[] {
  // Most installations have no such budget: the list is used as it is.
  if (onPath.every(({ limitsModel }) => limitsModel === null)) return onPath;
  return onPath.filter(({ limitsModel: limits }) => {
    // seam: budget-binds-by-any-name
    return limits === null || limits(requested) || limits(model) || limits(alias);
  });
}
