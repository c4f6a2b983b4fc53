/** The fold of `budget_definition-<id>`: what a budget limits, and by how much. */
import { THRESHOLDS_DEFAULT } from '../alarm/alarm.ts';
import { parseDecimal12 } from '../money/money.ts';
import type { BudgetDefined, BudgetDefinitionEvent } from './budget-events.ts';

export type BudgetDefinition = Required<Omit<BudgetDefined['data'], 'limit' | 'thresholds'>> & {
  /** Percent of the limit. */
  thresholds: readonly number[];
  /** 1e-12 of the unit. */
  limit: bigint;
  archived: boolean;
  /** Revision of the definition stream that this state includes. */
  revision: bigint;
};

/** @param state undefined before the first event */
export function evolveDefinition(
  state: BudgetDefinition | undefined,
  event: BudgetDefinitionEvent,
  revision: bigint,
): BudgetDefinition {
  if (event.type === 'BudgetDefined') {
    const { data } = event;
    return {
      ...data,
      anchor: data.anchor ?? null,
      model: data.model ?? null,
      counts: data.counts ?? 'total',
      cache_reads: data.cache_reads ?? true,
      on_exceeded: data.on_exceeded ?? 'refuse',
      clamp_min_output_tokens: data.clamp_min_output_tokens ?? 1,
      thresholds: data.thresholds ?? THRESHOLDS_DEFAULT,
      limit: parseDecimal12(data.limit),
      archived: false,
      revision,
    };
  }
  if (state === undefined) throw new Error(`${event.type} before BudgetDefined`);
  switch (event.type) {
    case 'BudgetLimitChanged':
      return { ...state, limit: parseDecimal12(event.data.limit), revision };
    case 'BudgetThresholdsChanged':
      return { ...state, thresholds: event.data.thresholds, revision };
    case 'BudgetArchived':
      return { ...state, archived: true, revision };
    default:
      return event satisfies never;
  }
}
