/**
 * Compares a provider's totals with our events: per day, model and bucket theirs, ours, the difference
 * and what explains it. Pure; the rules and their limits are in docs/reconcile.md.
 */
import type { QuantityName } from '../../usage/quantities.ts';
import type { Quantities } from './cause.ts';
import { type Cell, type CellOptions, cellsOf, theirQuantity } from './cells.ts';
import type { ComparedBucket, ComparedCell, Comparison } from './comparison.ts';
import { type MoneyContext, moneyOf, type UnitPrices } from './money-shares.ts';
import type { OurGroup } from './our-group.ts';
import { priceMoves } from './price-moves.ts';
import {
  entries,
  type Known,
  ownDifference,
  quantityShares,
  unexplained,
} from './quantity-shares.ts';
import { causeTotals, otherCharges, totalOf } from './sum-up.ts';
import type { AttributedBy, ProviderTotals } from './totals-row.ts';

export type CompareOptions = Omit<CellOptions, 'attributedBy'> & {
  /** Default: whichever the totals fit better, and of two that fit alike the provider's usual one. */
  attributedBy?: AttributedBy | undefined;
  /** Our prices of a model (as our events name it) on a day. */
  pricesOf: (models: ReadonlySet<string>, day: string) => UnitPrices;
};

export function compareTotals(
  totals: ProviderTotals,
  groups: readonly OurGroup[],
  options: CompareOptions,
): Comparison {
  const { facts } = totals;
  const own = new Set(options.ownIdentities);
  const known: Known = {
    states: facts.states,
    identities: own.size > 0 && totals.rows.every((row) => row.identities.length > 0),
  };
  const attributedBy = options.attributedBy ?? betterFit(totals, groups, options);
  const cells = cellsOf(totals, groups, { ...options, attributedBy });
  const judged = cells.map((cell) => judge(cell, known, totals, options));
  shiftDays(judged, known);
  const compared = judged.map(({ cell, context, shares }) => comparedCell(cell, context, shares));
  const others = otherCharges(totals, own);
  return {
    attributedBy,
    attributedOtherwise: attributedBy !== facts.attributedBy,
    cells: compared,
    causes: causeTotals(compared, others),
    moves: priceMoves(judged, compared),
    total: totalOf(compared, others, facts.states),
    modelsOnlyOnBill: namesOf(
      cells,
      (cell) => cell.isOnBill,
      (cell) => cell.ours.models.size > 0,
    ),
    modelsOnlyOurs: namesOf(
      cells,
      (cell) => !cell.isOnBill,
      () => false,
    ),
  };
}

type Judged = { cell: Cell; context: MoneyContext; shares: ReturnType<typeof quantityShares> };

function judge(cell: Cell, known: Known, totals: ProviderTotals, options: CompareOptions): Judged {
  const shares = quantityShares(cell, known);
  const models = cell.ours.models.size > 0 ? cell.ours.models : new Set([cell.model]);
  const prices = options.pricesOf(models, cell.day);
  const left = unexplained(cell, known, shares);
  const { roundingAtto, facts } = totals;
  return {
    ...{ cell, shares },
    context: { ...known, prices, roundingAtto, left, within: facts.within },
  };
}

/** Sum of all differences, however signed: less of it means that the days fit better. */
function misfit(cells: readonly Cell[], states: readonly QuantityName[]): number {
  let sum = 0;
  for (const cell of cells) {
    for (const [name, value] of entries(ownDifference(cell, states))) {
      if (name !== 'requests') sum += Math.abs(value);
    }
  }
  return sum;
}

function betterFit(
  totals: ProviderTotals,
  groups: readonly OurGroup[],
  options: CompareOptions,
): AttributedBy {
  const usual = totals.facts.attributedBy;
  const other: AttributedBy = usual === 'start' ? 'end' : 'start';
  const misfitBy = (attributedBy: AttributedBy) =>
    misfit(cellsOf(totals, groups, { ...options, attributedBy }), totals.facts.states);
  return misfitBy(other) < misfitBy(usual) ? other : usual;
}

/**
 * What one day has too little, to the last token of each bucket, the next has too much, and calls of
 * ours ran near that midnight: they are counted on the other day.
 */
function shiftDays(judged: readonly Judged[], known: Known): void {
  const byDay = new Map(judged.map((one) => [`${one.cell.model}\n${one.cell.day}`, one]));
  for (const one of judged) {
    const next = byDay.get(`${one.cell.model}\n${nextDay(one.cell.day)}`);
    if (next === undefined || isSure(one) || isSure(next)) continue;
    if (one.cell.ours.nearMidnight + next.cell.ours.nearMidnight === 0) continue;
    const [here, there] = [one, next].map(({ cell }) => ownDifference(cell, known.states));
    const isOpposite = entries(here ?? {}).every(([name, v]) => v === -(there?.[name] ?? 0));
    if (!isOpposite || entries(here ?? {}).every(([, value]) => value === 0)) continue;
    for (const moved of [one, next]) becomeShifted(moved, known);
  }
}

/** True: attempts without a known usage explain it already, or there is nothing to explain. */
function isSure({ cell, shares }: Judged): boolean {
  const { estimated, unknown } = cell.ours.attempts;
  return estimated + unknown > 0 || shares.some(({ cause }) => cause === 'day_boundary');
}

function becomeShifted(one: Judged, known: Known): void {
  const foreign: Quantities = { ...one.cell.foreign.quantities };
  const quantities = ownDifference(one.cell, known.states);
  const gap = entries(foreign).some(([, value]) => value !== 0)
    ? [{ cause: 'gap' as const, candidates: [], quantities: foreign }]
    : [];
  one.shares = [...gap, { cause: 'day_boundary', candidates: [], quantities }];
  one.context.left = unexplained(one.cell, known, one.shares);
}

function nextDay(day: string): string {
  return Temporal.PlainDate.from(day).add({ days: 1 }).toString();
}

function comparedCell(cell: Cell, context: MoneyContext, shares: Judged['shares']): ComparedCell {
  const money = moneyOf(cell, shares, context);
  const names = Object.keys(cell.ours.quantities) as QuantityName[];
  const buckets = names.flatMap((bucket): ComparedBucket[] => {
    const theirs = theirQuantity(cell, bucket, context.states.includes(bucket));
    const ours = cell.ours.quantities[bucket];
    if ((theirs ?? 0) === 0 && ours === 0) return [];
    const explained = shares.flatMap(({ cause, candidates, quantities }) => {
      const quantity = quantities[bucket] ?? 0;
      return quantity === 0 ? [] : [{ cause, candidates, quantity }];
    });
    const difference = theirs === null ? null : theirs - ours;
    const left = theirs === null ? null : (context.left[bucket] ?? 0);
    return [{ bucket, theirs, ours, difference, explained, unexplained: left }];
  });
  return {
    ...{ day: cell.day, model: cell.model, ourModels: [...cell.ours.models].sort(), buckets },
    money: {
      ...{ theirs: money.theirs, ours: money.ours, unexplained: money.unexplained },
      difference: money.theirs === null ? null : money.theirs - money.ours,
    },
    ...{ shares: money.shares, attempts: cell.ours.attempts, heldPico: cell.ours.heldPico },
    nearMidnight: cell.ours.nearMidnight,
  };
}

function namesOf(
  cells: readonly Cell[],
  isCandidate: (cell: Cell) => boolean,
  isFound: (cell: Cell) => boolean,
): string[] {
  const found = new Set(cells.filter(isFound).map(({ model }) => model));
  const names = cells.filter(isCandidate).map(({ model }) => model);
  return [...new Set(names)].filter((name) => !found.has(name)).sort();
}
