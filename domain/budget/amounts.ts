/**
 * What a budget's unit counts: the one place that turns usage into amounts of a budget
 * (docs/design.md, Hold, Settle, Resolutions). Proxy, resolver and audit all count by it. Amounts
 * are integers of 1e-12 of the unit, whatever the unit.
 *
 * I3: what nobody stated is charged at the hold, or at a bound that was proven since; a charge above
 * the hold is an overrun.
 */
import { PICO_PER_UNIT } from '../money/money.ts';
import { divideUp } from '../money/rounding.ts';
import { type CompiledPrice, isFree } from '../pricing/compile.ts';
import { type CostBound, isBoundPriced, worstCaseCost } from '../pricing/cost.ts';
import { type KnownQuantities, quantities } from '../usage/quantities.ts';
import { available, type BudgetAccount } from './account.ts';
import type { CountedTokens } from './budget-events.ts';
import { allocateCharge } from './grant.ts';
import { type HoldUnit, PPM } from './hold-unit.ts';

/** What an attempt used, as the provider stated it. */
export type StatedUsage = {
  /** Pico-dollars; null: the model has no price. */
  cost: bigint | null;
  quantities: KnownQuantities;
};

type TokenField = Extract<(typeof quantities)[number], { unit: 'tokens' }>['field'];

function tokenFields(...directions: ('in' | 'out')[]): readonly TokenField[] {
  return quantities.flatMap((one) =>
    one.unit === 'tokens' && directions.includes(one.direction) ? [one.field] : [],
  );
}

const FIELDS: Readonly<Record<CountedTokens, readonly TokenField[]>> = {
  total: tokenFields('in', 'out'),
  input: tokenFields('in'),
  output: tokenFields('out'),
};

/** The tokens that a budget of tokens counts. */
function tokensOf(used: KnownQuantities, counts: CountedTokens, cacheReads: boolean): number {
  let tokens = 0;
  for (const field of FIELDS[counts]) tokens += used[field];
  return cacheReads || counts === 'output' ? tokens : tokens - used.cacheReadTokens;
}

/**
 * The most that one attempt within `bound` can be charged.
 *
 * @param price null: the model has none
 * @returns null if there is no such amount, because the unit is money and the model has no price
 */
export function worstCase(
  unit: HoldUnit,
  bound: CostBound,
  price: CompiledPrice | null,
): bigint | null {
  return worstCaseIn(bound, price)(unit);
}

/** The same for several budgets: what the attempt can cost is worked out once. */
export function worstCaseIn(
  bound: CostBound,
  price: CompiledPrice | null,
): (unit: HoldUnit) => bigint | null {
  let cost: bigint | undefined;
  return (unit) => {
    if (unit.kind !== 'usd') return mostOf(unit, bound);
    if (price === null) return null;
    if (!isBoundPriced(price, bound)) return null;
    cost ??= worstCaseCost(price, bound);
    const worst = billedOf(cost, unit);
    // A charge beyond the bound falls on a lease: something must be held of one.
    return worst === 0n && !isFree(price) ? 1n : worst;
  };
}

function mostOf(unit: Exclude<HoldUnit, { kind: 'usd' }>, bound: CostBound): bigint {
  switch (unit.kind) {
    case 'tokens': {
      const input = unit.counts === 'output' ? 0 : bound.inputTokensMax;
      const output = unit.counts === 'input' ? 0 : bound.outputTokensMax;
      const worst = (BigInt(input) + BigInt(output)) * PICO_PER_UNIT;
      // As above: what a provider counts all the same falls on a lease.
      return worst === 0n ? 1n : worst;
    }
    case 'requests':
      return whole(bound.requestsMax);
    default:
      return unit satisfies never;
  }
}

/** A count of the unit as an amount: of one, what each call holds and is charged. */
function whole(count: number): bigint {
  return count === 1 ? PICO_PER_UNIT : BigInt(count) * PICO_PER_UNIT;
}

/** A cost with its mark-up, rounded up: a budget never counts less than an invoice will ask. */
function billedOf(cost: bigint, { factorPpm }: Extract<HoldUnit, { kind: 'usd' }>): bigint {
  return factorPpm === PPM ? cost : divideUp(cost * factorPpm, PPM);
}

/** What a budget is charged for an attempt whose usage the provider stated; null: not known. */
export function chargeOf(unit: HoldUnit, { cost, quantities: used }: StatedUsage): bigint | null {
  switch (unit.kind) {
    case 'usd':
      return cost === null ? null : billedOf(cost, unit);
    case 'tokens':
      return whole(tokensOf(used, unit.counts, unit.cacheReads));
    case 'requests':
      return whole(used.requests);
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
  unit: HoldUnit,
  parts: readonly bigint[],
  stated: StatedUsage | null,
  proven: bigint | null = null,
): { charges: bigint[]; overrun: bigint } {
  let held = 0n;
  for (const amount of parts) held += amount;
  return allocateCharge(parts, chargeAmount(unit, held, stated, proven));
}

/** What one hold of `held` is charged in all. */
export function chargeAmount(
  unit: HoldUnit,
  held: bigint,
  stated: StatedUsage | null,
  proven: bigint | null,
): bigint {
  const most = proven === null || proven > held ? held : proven;
  const charge = stated === null ? null : chargeOf(unit, stated);
  // seam: unknown-outcome-is-charged
  return charge === null ? most : charge;
}

/**
 * What each part of a hold is charged more (or less) once a resolution says what the attempt used.
 *
 * @param parts as the usage event has them in `hold_amounts`
 * @param stated by the attempt itself: a model without a price states tokens, and no cost
 * @param resolved of the attempt and its resolution together
 */
export function resolvedDeltas(
  unit: HoldUnit,
  parts: readonly bigint[],
  stated: StatedUsage | null,
  resolved: StatedUsage,
): bigint[] {
  // seam: what-was-charged-before
  const { charges: before } = chargeHold(unit, parts, stated);
  const { charges } = chargeHold(unit, parts, resolved);
  return charges.map((charge, index) => charge - (before[index] ?? 0n));
}

/** What is left of the limit. @param free held in leases of this process that no call uses */
export function leftOf(account: BudgetAccount, free: bigint): bigint {
  return available(account) + free;
}

/** What is spent or reserved by running calls, with the same `free`. */
export function takenOf(account: BudgetAccount, free: bigint): bigint {
  return account.spent + account.held - free;
}
