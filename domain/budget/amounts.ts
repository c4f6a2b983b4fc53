/**
 * What a budget's unit counts: the one place that turns usage into amounts of a budget
 * (docs/design.md, Hold, Settle, Resolutions). Proxy, resolver and audit all count by it. Amounts
 * are integers of 1e-12 of the unit, whatever the unit; every basis counts at cost until a customer
 * has a mark-up.
 *
 * I3: what nobody stated is charged at the hold, or at a bound that was proven since; a charge above
 * the hold is an overrun.
 */
import { PICO_PER_UNIT } from '../money/money.ts';
import { type CompiledPrice, isFree, isPriced } from '../pricing/compile.ts';
import { type CostBound, worstCaseCost } from '../pricing/cost.ts';
import { type KnownQuantities, quantities } from '../usage/quantities.ts';
import { available, type BudgetAccount } from './account.ts';
import type { BudgetUnit } from './budget-events.ts';
import { allocateCharge } from './grant.ts';

/** What an attempt used, as the provider stated it. */
export type StatedUsage = {
  /** Pico-dollars. */
  cost: bigint;
  tokens: number;
  requests: number;
};

const TOKEN_FIELDS = quantities.flatMap(({ unit, field }) => (unit === 'tokens' ? [field] : []));

/** The tokens that a token budget counts: of every kind, in and out. */
export function tokensOf(used: KnownQuantities): number {
  let tokens = 0;
  for (const field of TOKEN_FIELDS) tokens += used[field];
  return tokens;
}

/**
 * The most that one attempt within `bound` can be charged.
 *
 * @param price null: the model has none
 * @returns null if there is no such amount, because the unit is money and the model has no price
 */
export function worstCase(
  unit: BudgetUnit,
  bound: CostBound,
  price: CompiledPrice | null,
): bigint | null {
  switch (unit) {
    case 'usd': {
      if (price === null) return null;
      if (bound.outputTokensMax > 0 && !isPriced(price, 'output')) return null;
      const worst = worstCaseCost(price, bound);
      // A charge beyond the bound falls on a lease: something must be held of one.
      return worst === 0n && !isFree(price) ? 1n : worst;
    }
    case 'tokens':
      return (BigInt(bound.inputTokensMax) + BigInt(bound.outputTokensMax)) * PICO_PER_UNIT;
    case 'requests':
      return BigInt(bound.requestsMax) * PICO_PER_UNIT;
    default:
      return unit satisfies never;
  }
}

/** What a budget is charged for an attempt whose usage the provider stated. */
function chargeOf(unit: BudgetUnit, stated: StatedUsage): bigint {
  switch (unit) {
    case 'usd':
      return stated.cost;
    case 'tokens':
      return BigInt(stated.tokens) * PICO_PER_UNIT;
    case 'requests':
      return BigInt(stated.requests) * PICO_PER_UNIT;
    default:
      return unit satisfies never;
  }
}

/**
 * How the end of an attempt falls on the leases that its hold on one budget was taken from.
 *
 * @param parts amounts of the hold, lease by lease
 * @param stated null: nobody knows what was used, so the most that it can be is charged
 * @param proven that most, in amounts of the unit; null: nothing below the hold is proven
 * @returns one charge per part, and what was charged above the hold
 */
export function chargeHold(
  unit: BudgetUnit,
  parts: readonly bigint[],
  stated: StatedUsage | null,
  proven: bigint | null = null,
): { charges: bigint[]; overrun: bigint } {
  const held = parts.reduce((sum, amount) => sum + amount, 0n);
  const most = proven === null || proven > held ? held : proven;
  // seam: unknown-outcome-is-charged
  return allocateCharge(parts, stated === null ? most : chargeOf(unit, stated));
}

/**
 * What each part of a hold is charged more (or less) once a resolution says what the attempt cost;
 * null if a resolution says nothing about this unit.
 *
 * @param parts what was charged, lease by lease, as the usage event has it in `hold_amounts`
 * @param cost pico-dollars, of the attempt and its resolution together
 */
export function resolvedDeltas(
  unit: BudgetUnit,
  parts: readonly bigint[],
  cost: bigint,
): bigint[] | null {
  if (unit !== 'usd') return null;
  const { charges } = allocateCharge(parts, cost);
  return charges.map((charge, index) => charge - (parts[index] ?? 0n));
}

/** What is left of the limit. @param free held in leases of this process that no call uses */
export function leftOf(account: BudgetAccount, free: bigint): bigint {
  return available(account) + free;
}

/** What is spent or reserved by running calls, with the same `free`. */
export function takenOf(account: BudgetAccount, free: bigint): bigint {
  return account.spent + account.held - free;
}
