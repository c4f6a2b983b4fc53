/** Which prices differ from ours, by how much, and on which days. */
import { divideHalfAwayFromZero } from '../../money/rounding.ts';
import type { Cell, Side } from './cells.ts';
import type { ComparedCell, PriceMove } from './comparison.ts';
import type { MoneyContext } from './money-shares.ts';

export type PricedCell = { cell: Cell; context: MoneyContext };

export function priceMoves(
  judged: readonly PricedCell[],
  compared: readonly ComparedCell[],
): PriceMove[] {
  const moves = new Map<string, PriceMove>();
  for (const [index, { cell, context }] of judged.entries()) {
    const price = compared[index]?.shares.find(({ cause }) => cause === 'price');
    if (price === undefined) continue;
    const stated = movedPrices(cell, context);
    const whole = { model: cell.model, bucket: null, theirs: null, ours: null };
    for (const move of stated.length > 0 ? stated : [{ ...whole, amount: price.amount ?? 0n }]) {
      const key = `${move.model}\n${move.bucket}\n${move.theirs}\n${move.ours}`;
      const into = moves.get(key);
      if (into === undefined) moves.set(key, { ...move, firstDay: cell.day, lastDay: cell.day });
      else {
        into.amount += move.amount;
        into.lastDay = cell.day;
      }
    }
  }
  return [...moves.values()];
}

/** Which bucket of a cell was charged at another price than ours. */
function movedPrices(cell: Cell, context: MoneyContext): Omit<PriceMove, 'firstDay' | 'lastDay'>[] {
  const side: Side = cell.own;
  const moves: Omit<PriceMove, 'firstDay' | 'lastDay'>[] = [];
  for (const [bucket, amount] of side.amountOf) {
    // Of an export of money alone, the quantities are ours.
    const said = context.states.includes(bucket) ? side : cell.ours;
    const quantity = said.quantities[bucket] ?? 0;
    const ours = context.prices?.[bucket];
    if (quantity === 0 || ours === undefined) continue;
    const more = amount - BigInt(quantity) * ours;
    const size = more < 0n ? -more : more;
    if (size <= (context.roundingAtto ?? 0n) * BigInt(side.amounts)) continue;
    const theirs = divideHalfAwayFromZero(amount, BigInt(quantity));
    moves.push({ model: cell.model, bucket, theirs, ours, amount: more });
  }
  return moves;
}
