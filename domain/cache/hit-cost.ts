/** What a hit of the cache costs and saves: parts of what its call would have cost (I6, I7). */
import { divideHalfAwayFromZero } from '../money/rounding.ts';

export type HitCost = {
  /** Pico-dollars. */
  cost: bigint;
  saved: bigint;
};

/** @param fullCost at the price in force at the hit, pico-dollars @param percent 0 to 100, whole */
export function hitCost(fullCost: bigint, percent: number): HitCost {
  const cost = divideHalfAwayFromZero(fullCost * BigInt(percent), 100n);
  return { cost, saved: fullCost - cost };
}
