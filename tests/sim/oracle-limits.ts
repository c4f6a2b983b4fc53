/** What a window may be told of its limit: worked out once more from what the operator did. */
import type { LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import type { CreditModel, ModelLot } from './credit-model.ts';

type Lot = Pick<ModelLot, 'id' | 'endsMs' | 'given'>;
type Raise = { id: string; amount: bigint; untilMs: number };
/** A budget as of one revision of its definition. */
type Budget = { limit: bigint; toppedUp: bigint; lots: readonly Lot[]; raises: readonly Raise[] };

/** As the ledger stores it. */
export type LimitTold = {
  limit: string;
  definition_revision: string;
  as_of?: string;
  credit?: { top_up_id: string; amount: string; expires_at: string }[];
};

/** What a proxy knew of a window's limit when it took a call. */
export type LimitKnown = {
  stream: string;
  revision: bigint;
  /** By its clock. */
  atMs: number;
  /** How far other clocks may be ahead. */
  aheadMs: number;
  /** Credit that the window had then. */
  live: readonly string[];
};

export class OracleLimits {
  /** By budget, as of each revision. */
  readonly #budgets = new Map<string, Budget[]>();
  readonly counts = { raises: 0, raisesOver: 0, creditGiven: 0, creditEnded: 0 };

  /** The ledger has stored an event of a definition. */
  defined({ type, data }: LedgerEvent): void {
    const fields = data as Record<string, string>;
    const id = fields['budget_id'] ?? '';
    const states = this.#budgets.get(id) ?? [];
    this.#budgets.set(id, states);
    const before = states.at(-1) ?? { limit: 0n, toppedUp: 0n, lots: [], raises: [] };
    states.push(after(before, type, fields));
    if (type === 'BudgetRaised') this.counts.raises++;
  }

  /** @returns what is wrong with it; null: nothing */
  told(budgetId: string, credit: CreditModel, data: LimitTold): string | null {
    const state = this.#budgets.get(budgetId)?.[Number(data.definition_revision)];
    if (state === undefined) return `revision ${data.definition_revision} does not exist`;
    const asOfMs = data.as_of === undefined ? -Infinity : Date.parse(data.as_of);
    const limit = limitOf(state, asOfMs);
    if (pico(data.limit) !== limit) return `it is told ${data.limit}, and its limit is ${limit}`;
    if (Number.isFinite(asOfMs)) this.counts.raisesOver++;
    const added = (data.credit ?? []).map(({ top_up_id }) => top_up_id);
    const known = new Set(credit.lots.map(({ id }) => id));
    const lots = state.lots.filter(({ id }) => added.includes(id) && !known.has(id));
    if (lots.length !== added.length) return `it is told of credit that it cannot have: ${added}`;
    this.counts.creditGiven += lots.length;
    credit.change(limit, lots);
    return null;
  }

  ended(credit: CreditModel, id: string, unused: string): string | null {
    if (!credit.live().some((lot) => lot.id === id)) return `credit ${id} ends, and is not there`;
    this.counts.creditEnded++;
    const left = credit.end(id);
    return left === pico(unused) ? null : `${unused} of ${id} are gone, and ${left} were left`;
  }

  /**
   * A proxy that was asked at this time by its clock has recorded all that had ended, as far as it could
   * know.
   *
   * @returns what it has not; null: nothing
   */
  behind(budgetId: string, credit: CreditModel, asOfMs: number, known: LimitKnown): string | null {
    const { revision, atMs, aheadMs, live } = known;
    const states = this.#budgets.get(budgetId) ?? [];
    const state = states[Number(revision)];
    const still = new Set(states.at(-1)?.raises.map(({ id }) => id));
    const over = state?.raises.find(
      ({ id, untilMs }) => untilMs <= atMs && untilMs > asOfMs && still.has(id),
    );
    if (over !== undefined) return `${over.id} outlives its end`;
    const lot = credit.live().find(({ id, endsMs }) => endsMs <= atMs && live.includes(id));
    if (lot !== undefined) return `${lot.id} outlives its end`;
    const there = new Set(credit.lots.map(({ id }) => id));
    // By a clock that is ahead it may have ended before the window could know of it.
    const missing = state?.lots.find(({ id, endsMs }) => endsMs > atMs + aheadMs && !there.has(id));
    return missing === undefined ? null : `${missing.id} was given, and is not there`;
  }
}

/** Without credit that ends. */
function limitOf({ limit, toppedUp, raises }: Budget, atMs: number): bigint {
  const inForce = raises.filter(({ untilMs }) => untilMs > atMs);
  return inForce.reduce((sum, { amount }) => sum + amount, limit + toppedUp);
}

function after(before: Budget, type: string, fields: Record<string, string>): Budget {
  const amount = pico(fields['amount'] ?? '0');
  switch (type) {
    case 'BudgetDefined':
    case 'BudgetLimitChanged':
      return { ...before, limit: pico(fields['limit'] ?? '') };
    case 'BudgetRaised': {
      const untilMs = Date.parse(fields['until'] ?? '');
      return {
        ...before,
        raises: [...before.raises, { id: fields['raise_id'] ?? '', amount, untilMs }],
      };
    }
    case 'BudgetRaiseEnded':
      return { ...before, raises: before.raises.filter(({ id }) => id !== fields['raise_id']) };
    case 'BudgetToppedUp': {
      const ends = fields['expires_at'];
      if (typeof ends !== 'string') return { ...before, toppedUp: before.toppedUp + amount };
      const lot = { id: fields['top_up_id'] ?? '', endsMs: Date.parse(ends), given: amount };
      return { ...before, lots: [...before.lots, lot] };
    }
    default:
      return before;
  }
}

/** Decimal text with 12 places. */
function pico(text: string): bigint {
  return BigInt(text.replace('.', ''));
}
