/** The fold of `budget_definition-<id>`: what a budget limits, and by how much. */
import { THRESHOLDS_DEFAULT } from '../alarm/alarm.ts';
import { parseDecimal12 } from '../money/money.ts';
import type {
  BudgetDefined,
  BudgetDefinitionEvent,
  BudgetRaised,
  BudgetToppedUp,
} from './budget-events.ts';

/** Tokens. */
const CLAMP_MIN_DEFAULT = 1;

/** More prepaid credit. */
export type TopUp = {
  id: string;
  amount: bigint;
  /** Infinity: it does not end. */
  expiresAtMs: number;
  /** Of the definition stream, with which it came. */
  revision: bigint;
};

/** Added to the limit until an instant. */
export type Raise = {
  id: string;
  amount: bigint;
  untilMs: number;
  /** Before its time. */
  ended: boolean;
};

export type BudgetDefinition = Required<Omit<BudgetDefined['data'], 'limit' | 'thresholds'>> & {
  /** Percent of the limit. */
  thresholds: readonly number[];
  /** 1e-12 of the unit, without top-ups and raises. */
  limit: bigint;
  /** All there ever were, oldest first. */
  topUps: readonly TopUp[];
  raises: readonly Raise[];
  archived: boolean;
  /** Revision of the definition stream that this state includes. */
  revision: bigint;
};

/** Whether other customers spend from it too: then no customer is told its amounts (I10). */
export function hasOthers({ scope }: Pick<BudgetDefinition, 'scope'>): boolean {
  // seam: others-amounts-are-not-told
  return scope.type === 'installation';
}

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
      clamp_min_output_tokens: data.clamp_min_output_tokens ?? CLAMP_MIN_DEFAULT,
      thresholds: data.thresholds ?? THRESHOLDS_DEFAULT,
      per: data.per ?? null,
      limit: parseDecimal12(data.limit),
      topUps: [],
      raises: [],
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
    case 'BudgetOnExceededChanged': {
      const { on_exceeded = state.on_exceeded, clamp_min_output_tokens: least } = event.data;
      const kept = least ?? state.clamp_min_output_tokens;
      const clamp_min_output_tokens = on_exceeded === 'clamp' ? kept : CLAMP_MIN_DEFAULT;
      // seam: on-exceeded-changes
      return { ...state, on_exceeded, clamp_min_output_tokens, revision };
    }
    case 'BudgetArchived':
      return { ...state, archived: true, revision };
    case 'BudgetRestored':
      return { ...state, archived: false, revision };
    case 'BudgetToppedUp':
      return { ...state, topUps: [...state.topUps, topUpOf(event.data, revision)], revision };
    case 'BudgetRaised':
      return { ...state, raises: [...state.raises, raiseOf(event.data)], revision };
    case 'BudgetRaiseEnded': {
      const { raise_id } = event.data;
      const raises = state.raises.map((raise) =>
        raise.id === raise_id ? { ...raise, ended: true } : raise,
      );
      return { ...state, raises, revision };
    }
    default:
      return event satisfies never;
  }
}

function topUpOf(data: BudgetToppedUp['data'], revision: bigint): TopUp {
  const { top_up_id: id, amount, expires_at } = data;
  const expiresAtMs = expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(expires_at);
  return { id, amount: parseDecimal12(amount), expiresAtMs, revision };
}

function raiseOf({ raise_id: id, amount, until }: BudgetRaised['data']): Raise {
  return { id, amount: parseDecimal12(amount), untilMs: Date.parse(until), ended: false };
}
