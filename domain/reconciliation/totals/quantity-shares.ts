/**
 * What explains the difference in quantities of one model on one day. Only what follows from the
 * totals is decided; where two causes would explain the same tokens, the share is `undecided` and
 * names both.
 */
import type { QuantityName } from '../../usage/quantities.ts';
import type { Cause, Quantities } from './cause.ts';
import type { Cell } from './cells.ts';

export type QuantityShare = {
  cause: Cause;
  candidates: readonly Cause[];
  quantities: Quantities;
};

/** Tokens that a provider may count in another bucket of the same family. */
const FAMILIES: readonly (readonly QuantityName[])[] = [
  ['input_tokens', 'cache_read_tokens', 'cache_write_tokens'],
  ['output_tokens', 'reasoning_tokens'],
];

export type Known = {
  states: readonly QuantityName[];
  /** Each line says with whose credentials its calls were made, and we know which are the gateway's. */
  identities: boolean;
};

/** Theirs, of the gateway's credentials as far as that is known, minus ours. */
export function ownDifference(cell: Cell, states: readonly QuantityName[]): Quantities {
  const difference: Quantities = {};
  for (const name of states) {
    difference[name] = (cell.own.quantities[name] ?? 0) - cell.ours.quantities[name];
  }
  return difference;
}

export function quantityShares(cell: Cell, known: Known): QuantityShare[] {
  const foreign: Quantities = {};
  for (const name of known.states) foreign[name] = cell.foreign.quantities[name] ?? 0;
  const { estimated, unknown } = cell.ours.attempts;
  const difference = ownDifference(cell, known.states);
  const shares = [share('gap', foreign)];
  shares.push(
    ...(estimated + unknown === 0 ? certain(difference) : uncertain(cell, difference, known)),
  );
  return merged(shares);
}

/** What no share explains. */
export function unexplained(
  cell: Cell,
  known: Known,
  shares: readonly QuantityShare[],
): Quantities {
  const left: Quantities = {};
  for (const name of known.states) {
    const foreign = cell.foreign.quantities[name] ?? 0;
    const own = (cell.own.quantities[name] ?? 0) - cell.ours.quantities[name];
    const explained = shares.reduce((sum, one) => sum + (one.quantities[name] ?? 0), 0);
    left[name] = foreign + own - explained;
  }
  return left;
}

/** The provider has stated to us what every attempt used: what it has more is of calls of others. */
function certain(difference: Quantities): QuantityShare[] {
  const split = bucketSplit(difference);
  const rest = minus(difference, split);
  const more: Quantities = {};
  const hasCount = rest.requests !== undefined;
  for (const [name, value] of entries(rest)) {
    // More tokens in the same number of calls are not explained by calls that we do not know.
    if (value > 0 && (!hasCount || (rest.requests ?? 0) > 0)) more[name] = value;
  }
  return [share('bucket_split', split), share('gap', more)];
}

function uncertain(cell: Cell, difference: Quantities, known: Known): QuantityShare[] {
  const { estimated, unknown } = cell.ours.attempts;
  const { requests, ...tokens } = difference;
  const shares: QuantityShare[] = [];
  // An unknown attempt is one call on the bill, or none; further calls are not ours.
  const billed = Math.min(Math.max(requests ?? 0, 0), unknown);
  const beyond = Math.max((requests ?? 0) - unknown, 0);
  if (requests !== undefined) {
    shares.push(
      share('unknown_attempts', { requests: billed }),
      share('gap', { requests: beyond }),
    );
  }
  const causes: Cause[] = [];
  if (estimated > 0) causes.push('estimates');
  // By the count of calls, none of the unknown ones was billed.
  if (unknown > 0 && !(requests !== undefined && billed === 0)) causes.push('unknown_attempts');
  const mayBeGap = requests === undefined ? !known.identities : beyond > 0;
  if (mayBeGap) causes.push('gap');
  const bounded: Quantities = {};
  for (const [name, value] of entries(tokens)) {
    // What was estimated can at most turn out to be nothing.
    bounded[name] = Math.max(value, -cell.ours.estimated[name]);
  }
  shares.push(decided(causes, bounded));
  return shares;
}

function decided(causes: readonly Cause[], quantities: Quantities): QuantityShare {
  const [only] = causes;
  if (only === undefined) return share('undecided', {});
  // seam: undecided-is-not-guessed
  if (causes.length === 1) return share(only, quantities);
  return { cause: 'undecided', candidates: causes, quantities };
}

/** What is missing from one bucket of a family and too much in another. */
function bucketSplit(difference: Quantities): Quantities {
  const moved: Quantities = {};
  for (const family of FAMILIES) {
    const values = family.flatMap((name) => {
      const value = difference[name];
      return value === undefined || value === 0 ? [] : [[name, value] as const];
    });
    const more = values.reduce((sum, [, value]) => sum + Math.max(value, 0), 0);
    const less = values.reduce((sum, [, value]) => sum + Math.max(-value, 0), 0);
    let [give, take] = [Math.min(more, less), Math.min(more, less)];
    for (const [name, value] of values) {
      const part = value > 0 ? Math.min(value, take) : -Math.min(-value, give);
      if (part > 0) take -= part;
      else give += part;
      moved[name] = part;
    }
  }
  return moved;
}

function minus(one: Quantities, other: Quantities): Quantities {
  return Object.fromEntries(
    entries(one).map(([name, value]) => [name, value - (other[name] ?? 0)]),
  );
}

export function entries(quantities: Quantities): [QuantityName, number][] {
  return Object.entries(quantities) as [QuantityName, number][];
}

function share(cause: Cause, quantities: Quantities): QuantityShare {
  return { cause, candidates: [], quantities };
}

/** One share per cause, of what is not nothing. */
function merged(shares: readonly QuantityShare[]): QuantityShare[] {
  const byCause = new Map<string, QuantityShare>();
  for (const { cause, candidates, quantities } of shares) {
    const some = entries(quantities).filter(([, value]) => value !== 0);
    if (some.length === 0) continue;
    const key = [cause, ...candidates].join();
    const into = byCause.get(key) ?? { cause, candidates, quantities: {} };
    for (const [name, value] of some) into.quantities[name] = (into.quantities[name] ?? 0) + value;
    byCause.set(key, into);
  }
  return [...byCause.values()];
}
