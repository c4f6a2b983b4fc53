/**
 * What explains the difference in money of one model on one day: quantities that differ, at our price;
 * then what the provider charges otherwise for the same quantities. The shares and what is left always
 * sum to the difference, exactly.
 */
import { attoOfPico } from '../../money/atto.ts';
import type { QuantityName } from '../../usage/quantities.ts';
import type { Cause, Quantities, Share } from './cause.ts';
import type { Cell } from './cells.ts';
import { entries, type Known, type QuantityShare } from './quantity-shares.ts';

/** Pico-dollars per million units, which is 1e-18 dollars for one; null: no price is known. */
export type UnitPrices = Partial<Record<QuantityName, bigint>> | null;

const HALF_A_PICO = 500_000n;

export type Money = {
  /** Null: the export states no money for this model and day. */
  theirs: bigint | null;
  ours: bigint;
  unexplained: bigint | null;
  shares: Share[];
};

export type MoneyContext = Known & {
  prices: UnitPrices;
  /** Null: the export states no money. */
  roundingAtto: bigint | null;
  /** Buckets that the export has within others. */
  within: Partial<Record<QuantityName, QuantityName>>;
  /** Quantities that no share explains. */
  left: Quantities;
};

export function moneyOf(
  cell: Cell,
  quantityShares: readonly QuantityShare[],
  context: MoneyContext,
): Money {
  const { prices, left } = context;
  const ours = attoOfPico(cell.ours.costPico);
  const nothing = context.roundingAtto === null ? null : 0n;
  const theirs = sumOf(cell.own.amount, cell.foreign.amount) ?? nothing;
  const shares = quantityShares.map(
    (one): Share => ({ ...one, amount: valued(one.quantities, prices) }),
  );
  if (theirs === null) return { theirs, ours, unexplained: null, shares };
  const gap = foreignGap(cell, context);
  if (gap !== null) add(shares, gap);
  for (const [, side] of cell.tiers) {
    const value = valued(side.quantities, prices);
    if (side.amount === null || value === null) continue;
    shares.push(plain('tier', side.amount - value));
  }
  const unexplained = valued(left, prices) ?? 0n;
  const explained = shares.reduce((sum, { amount }) => sum + (amount ?? 0n), unexplained);
  const rest = theirs - ours - explained;
  // seam: what-is-not-on-the-bill-is-unexplained
  const isOnBill = cell.own.amounts + cell.foreign.amounts > 0;
  const wide = shares.find((one) => isWithin(rest, spreadOf(one.quantities, context)));
  if (rest !== 0n && isOnBill) {
    if (wide === undefined) shares.push(...restShares(cell, rest, context));
    else wide.amount = (wide.amount ?? 0n) + rest;
  }
  const named = shares.filter(
    ({ amount, quantities }) => amount !== 0n || entries(quantities).length > 0,
  );
  return { theirs, ours, unexplained: isOnBill ? unexplained : unexplained + rest, shares: named };
}

/** What other credentials were charged, beyond those tokens at our price. */
function foreignGap(cell: Cell, { states, prices }: MoneyContext): Share | null {
  if (cell.foreign.amount === null) return null;
  const quantities: Quantities = {};
  for (const name of states) quantities[name] = cell.foreign.quantities[name] ?? 0;
  const value = valued(quantities, prices) ?? 0n;
  return plain('gap', cell.foreign.amount - value);
}

/**
 * By how much the value of tokens that differ is open, where the export has several buckets in one: what
 * it calls input may have been read from the cache.
 */
function spreadOf(quantities: Quantities, { within, prices }: MoneyContext): bigint {
  let spread = 0n;
  for (const [name, quantity] of entries(quantities)) {
    const own = prices?.[name];
    if (own === undefined) continue;
    const merged = (Object.entries(within) as [QuantityName, QuantityName][]).flatMap(
      ([from, into]) => (into === name ? (prices?.[from] ?? []) : []),
    );
    const gaps = merged.map((price) => sizeOf(price - own));
    const widest = gaps.reduce((most, gap) => (gap > most ? gap : most), 0n);
    spread += sizeOf(BigInt(quantity)) * widest;
  }
  return spread;
}

const isWithin = (rest: bigint, bound: bigint) => bound > 0n && sizeOf(rest) <= bound;
const sizeOf = (value: bigint) => (value < 0n ? -value : value);

function restShares(cell: Cell, rest: bigint, context: MoneyContext): Share[] {
  const amounts = cell.own.amounts + cell.foreign.amounts;
  const ours = Object.values(cell.ours.attempts).reduce((sum, count) => sum + count, 0);
  // Each cost of ours is rounded too, to a pico-dollar.
  const rounded = (context.roundingAtto ?? 0n) * BigInt(amounts) + HALF_A_PICO * BigInt(ours);
  if (sizeOf(rest) <= rounded) return [plain('rounding', rest)];
  if (context.prices === null || cell.ours.attempts.unpriced > 0) return [plain('unpriced', rest)];
  const causes: Cause[] = ['price'];
  if ([...cell.tiers.values()].some(({ amount }) => amount === null)) causes.push('tier');
  if (context.states.length === 0) {
    // Money alone: more of it may be another price, or more tokens.
    if (cell.ours.attempts.estimated > 0) causes.push('estimates');
    if (cell.ours.attempts.unknown > 0) causes.push('unknown_attempts');
    if (!context.identities) causes.push('gap');
  }
  if (causes.length === 1) return [plain('price', rest)];
  return [{ cause: 'undecided', candidates: causes, quantities: {}, amount: rest }];
}

/** Null: something of it has no price. */
function valued(quantities: Quantities, prices: UnitPrices): bigint | null {
  let sum = 0n;
  for (const [name, quantity] of entries(quantities)) {
    if (quantity === 0 || name === 'images') continue;
    const price = prices?.[name];
    if (price === undefined) return null;
    sum += BigInt(quantity) * price;
  }
  return sum;
}

function add(shares: Share[], one: Share): void {
  const same = shares.find(({ cause }) => cause === one.cause);
  if (same === undefined) shares.push(one);
  else same.amount = (same.amount ?? 0n) + (one.amount ?? 0n);
}

function plain(cause: Cause, amount: bigint): Share {
  return { cause, candidates: [], quantities: {}, amount };
}

function sumOf(one: bigint | null, other: bigint | null): bigint | null {
  return one === null && other === null ? null : (one ?? 0n) + (other ?? 0n);
}
