/**
 * Windows of a rate limit: seconds and minutes of UTC, whatever zone anybody lives in. A call counts
 * in the window in which it starts, by the clock of the store.
 */
import type { RatePeriod } from './rate-limit-events.ts';

export type RateWindow = { startMs: number; endMs: number };

const SECOND_MS = 1_000;
const SECONDS_PER_MINUTE = 60;

export function windowLengthMs(per: Exclude<RatePeriod, null>): number {
  return per === 'second' ? SECOND_MS : SECONDS_PER_MINUTE * SECOND_MS;
}

/** The window that `nowMs` is in: `[startMs, endMs)`. */
export function rateWindow(lengthMs: number, nowMs: number): RateWindow {
  const startMs = Math.floor(nowMs / lengthMs) * lengthMs;
  return { startMs, endMs: startMs + lengthMs };
}

/**
 * How much of a limit may have been given by `nowMs`. With smoothing, a minute's limit becomes
 * available second by second, in equal steps; what a second leaves may be used in a later one, or a
 * call larger than a step could never be served.
 */
export function availableBy(
  limit: number,
  smoothing: boolean,
  { startMs, endMs }: RateWindow,
  nowMs: number,
): number {
  if (!smoothing) return limit;
  const seconds = Math.floor((endMs - startMs) / SECOND_MS);
  const begun = Math.floor((nowMs - startMs) / SECOND_MS) + 1;
  return Math.ceil((limit * Math.min(begun, seconds)) / seconds);
}

/**
 * How long until `amount` may be there, if nobody else takes any of it.
 *
 * @param given of this window so far
 * @returns null: never, since it is more than a whole window has
 */
export function msUntilAvailable(
  { limit, smoothing }: { limit: number; smoothing: boolean },
  window: RateWindow,
  { given, amount, nowMs }: { given: number; amount: number; nowMs: number },
): number | null {
  if (amount > limit) return null;
  if (smoothing) {
    for (let atMs = nowMs; atMs < window.endMs; ) {
      if (given + amount <= availableBy(limit, true, window, atMs)) return atMs - nowMs;
      atMs = (Math.floor(atMs / SECOND_MS) + 1) * SECOND_MS;
    }
  }
  return window.endMs - nowMs;
}
