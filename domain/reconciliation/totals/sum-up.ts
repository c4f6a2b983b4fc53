/** Sums of a comparison: by cause, by bucket, and in all. */
import type { QuantityName } from '../../usage/quantities.ts';
import type { Share } from './cause.ts';
import { isForeign } from './cells.ts';
import type { CauseTotal, ComparedBucket, ComparedCell, Comparison } from './comparison.ts';
import { entries } from './quantity-shares.ts';
import type { ProviderTotals } from './totals-row.ts';

export type DatedShare = Share & { day: string };

/** Fees, taxes and credits: money for no tokens. */
export function otherCharges(totals: ProviderTotals, own: ReadonlySet<string>): DatedShare[] {
  return totals.rows.flatMap((row): DatedShare[] => {
    if (row.model !== null || row.amount === null) return [];
    const cause = isForeign(row, own) ? 'gap' : 'other_charges';
    return [{ cause, candidates: [], quantities: {}, amount: row.amount, day: row.day }];
  });
}

export function causeTotals(
  cells: readonly ComparedCell[],
  others: readonly DatedShare[],
): CauseTotal[] {
  const all = cells.flatMap(({ day, shares }) => shares.map((share) => ({ ...share, day })));
  const totals = new Map<string, CauseTotal & { on: Set<string> }>();
  for (const { day, ...share } of [...all, ...others]) {
    const key = [share.cause, ...share.candidates].join();
    const into = totals.get(key) ?? {
      ...{ ...share, quantities: {}, amount: 0n, on: new Set<string>() },
      ...{ days: 0, firstDay: day, lastDay: day },
    };
    for (const [name, value] of entries(share.quantities)) {
      into.quantities[name] = (into.quantities[name] ?? 0) + value;
    }
    if (share.amount === null || into.amount === null) into.amount = null;
    else into.amount += share.amount;
    into.on.add(day);
    if (day < into.firstDay) into.firstDay = day;
    if (day > into.lastDay) into.lastDay = day;
    totals.set(key, into);
  }
  return [...totals.values()]
    .map(({ on, ...total }) => ({ ...total, days: on.size }))
    .sort(largestFirst);
}

/** By money, and where that is the same, or not known, by quantity. */
function largestFirst(one: CauseTotal, other: CauseTotal): number {
  const size = ({ amount }: CauseTotal) => (amount === null ? 0n : amount < 0n ? -amount : amount);
  const count = ({ quantities }: CauseTotal) =>
    entries(quantities).reduce((sum, [, value]) => sum + Math.abs(value), 0);
  if (size(one) !== size(other)) return size(one) < size(other) ? 1 : -1;
  return count(other) - count(one);
}

export function totalOf(
  cells: readonly ComparedCell[],
  others: readonly DatedShare[],
  states: readonly QuantityName[],
): Comparison['total'] {
  const isPriced = cells.some(({ money }) => money.theirs !== null) || others.length > 0;
  const sum = (pick: (cell: ComparedCell) => bigint | null) =>
    cells.reduce((all, cell) => all + (pick(cell) ?? 0n), 0n);
  const charged = others.reduce((all, { amount }) => all + (amount ?? 0n), 0n);
  const theirs = isPriced ? sum(({ money }) => money.theirs) + charged : null;
  const ours = sum(({ money }) => money.ours);
  return {
    ...{ theirs, ours, difference: theirs === null ? null : theirs - ours },
    unexplained: isPriced ? sum(({ money }) => money.unexplained ?? -money.ours) : null,
    quantities: bucketTotals(cells, states),
  };
}

function bucketTotals(
  cells: readonly ComparedCell[],
  states: readonly QuantityName[],
): ComparedBucket[] {
  return states.map((bucket) => {
    const all = cells.flatMap(({ buckets }) => buckets.filter((one) => one.bucket === bucket));
    const sum = (pick: (one: ComparedBucket) => number | null) =>
      all.reduce((total, one) => total + (pick(one) ?? 0), 0);
    const byCause = new Map<string, ComparedBucket['explained'][number]>();
    for (const one of all.flatMap(({ explained }) => explained)) {
      const key = [one.cause, ...one.candidates].join();
      const before = byCause.get(key)?.quantity ?? 0;
      byCause.set(key, { ...one, quantity: before + one.quantity });
    }
    return {
      ...{ bucket, theirs: sum((one) => one.theirs), ours: sum((one) => one.ours) },
      difference: sum((one) => one.difference),
      explained: [...byCause.values()],
      unexplained: sum((one) => one.unexplained),
    };
  });
}
