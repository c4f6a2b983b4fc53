/** How fast a budget is spent, and when it will be used up if that goes on. Times are Unix ms. */
import { divideDown } from '../money/rounding.ts';

const HOUR_MS = 3_600_000n;
/** The last instant that a date can have (ECMA-262 §21.4.1.1). */
const LAST_MS = 8_640_000_000_000_000n;

/** So much of a budget's unit (1e-12) in so long. */
export type SpendRate = { amount: bigint; overMs: bigint };

/** Rounded down. */
export function perHour({ amount, overMs }: SpendRate): bigint {
  return divideDown(amount * HOUR_MS, span(overMs));
}

/**
 * @param left of the limit
 * @param endMs of the window, exclusive; null: it does not end
 * @returns null: not before the window ends
 */
export function exhaustedAtMs(
  left: bigint,
  rate: SpendRate,
  nowMs: bigint,
  endMs: bigint | null,
): bigint | null {
  if (left <= 0n) return nowMs;
  if (rate.amount <= 0n) return null;
  const atMs = nowMs + divideDown(left * span(rate.overMs), rate.amount);
  return atMs < (endMs ?? LAST_MS) ? atMs : null;
}

/** What was spent within no time was spent within a millisecond. */
function span(ms: bigint): bigint {
  return ms < 1n ? 1n : ms;
}
