/**
 * Each limit that a budget's window was told, against the definition that it names (I3): a window
 * never has more than its budget allows, however its windows learned of it. No clock is asked: when a
 * raise or a top-up ended is what the window says, and that it had an end is what the definition says.
 */
import { budgetDefinitionEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { BudgetAccount } from '@tollgate/domain/budget/account.ts';
import {
  type BudgetDefinitionEvent,
  type BudgetWindowEvent,
  budgetWindowStreams,
  type LimitFacts,
} from '@tollgate/domain/budget/budget-events.ts';
import { type BudgetDefinition, evolveDefinition } from '@tollgate/domain/budget/definition.ts';
import { limitAt } from '@tollgate/domain/budget/limit.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { pastEvents } from './log-and-ledger.ts';

/** Of each budget, its definition as of each revision. */
export type Definitions = ReadonlyMap<string, readonly BudgetDefinition[]>;

export async function definitionsOf(ledger: Ledger): Promise<Definitions> {
  const all = new Map<string, BudgetDefinition[]>();
  for await (const at of pastEvents(ledger, [budgetDefinitionEvents.prefix])) {
    let event: BudgetDefinitionEvent;
    try {
      event = budgetDefinitionEvents.parse(at);
    } catch {
      // The audit of the ledger names it.
      continue;
    }
    const id = event.data.budget_id;
    const states = all.get(id) ?? [];
    states[Number(at.revision)] = evolveDefinition(states.at(-1), event, at.revision);
    all.set(id, states);
  }
  return all;
}

/**
 * What is wrong with the limit that an event tells a window; null: nothing, or it tells none.
 *
 * @param before the window's account before the event
 */
export function wrongLimit(
  event: BudgetWindowEvent,
  stream: string,
  before: BudgetAccount,
  definitions: Definitions,
): string | null {
  switch (event.type) {
    case 'WindowOpened':
    case 'LimitChanged': {
      const [id = ''] = budgetWindowStreams.idOf(stream).split('@');
      const states = definitions.get(id);
      if (states === undefined) return null;
      const definition = states[Number(event.data.definition_revision)];
      if (definition !== undefined)
        return isAudited(states) ? wrongFacts(event.data, definition) : null;
      return `names revision ${event.data.definition_revision} of a definition that has none`;
    }
    case 'CreditExpired': {
      const { top_up_id, unused } = event.data;
      const left = before.lots.find((lot) => lot.id === top_up_id)?.left;
      if (left === undefined || unused === formatDecimal12(left)) return null;
      return `${unused} of ${top_up_id} ended unused, and ${formatDecimal12(left)} were left`;
    }
    default:
      return null;
  }
}

/** Only where time changes it: a limit that was set is the operator's word in both places. */
function isAudited(states: readonly BudgetDefinition[]): boolean {
  const last = states.at(-1);
  return last !== undefined && (last.raises.length > 0 || last.topUps.length > 0);
}

function wrongFacts(data: LimitFacts, definition: BudgetDefinition): string | null {
  const asOfMs = data.as_of === undefined ? Number.NEGATIVE_INFINITY : Date.parse(data.as_of);
  const should = formatDecimal12(limitAt(definition, asOfMs));
  if (data.limit !== should) return `is told a limit of ${data.limit}, it is ${should}`;
  for (const { top_up_id, amount, expires_at } of data.credit ?? []) {
    const topUp = definition.topUps.find(({ id }) => id === top_up_id);
    const same =
      topUp !== undefined &&
      formatDecimal12(topUp.amount) === amount &&
      topUp.expiresAtMs === Date.parse(expires_at);
    if (!same) return `is told of a top-up ${top_up_id} of ${amount} that was not made`;
  }
  return null;
}
