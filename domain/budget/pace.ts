/**
 * The pace of a window: how much of it a proxy asks for at once, and how often it asks (docs/design.md,
 * Budgets: leases). Amounts are integers of 1e-12 of the budget's unit.
 */

/** What a proxy took out of its slices lately is weighed over so long, ms. */
const RATE_MS = 10_000n;
/** A slice of a new window lasts so long at the proxy's own rate, s, if the budget has it. */
const SLICE_SECONDS = 60n;
/** Each time a window's stream has got so many events longer, its proxies wait twice as long. */
const EVENTS_PER_DOUBLING = 512n;
/**
 * The same of an end user's window, since there may be a hundred thousand of them; and while so many end
 * users have idle slices that not all of them may keep theirs.
 */
export const END_USER_EVENTS_PER_DOUBLING = 4n;
export const CROWD_EVENTS_PER_DOUBLING = 64n;
const DOUBLINGS_MAX = 12n;

/**
 * How many times as long the waits of a window are as those of a new one, so that a stream grows more
 * slowly the longer it is: a window that lasts a month has a few thousand events, not millions.
 *
 * @param events that the window's stream has
 * @param perDoubling so many of them double the waits
 */
export function stretchOf(events: bigint, perDoubling = EVENTS_PER_DOUBLING): bigint {
  const doublings = events / perDoubling;
  // seam: long-streams-wait-longer
  return 1n << (doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX);
}

/**
 * What a proxy spends in a second, moved towards what it has spent since this was last worked out.
 *
 * @param perSecond as it was
 * @param spent since then; less than nothing if running calls gave back what they had held
 * @param ms since then
 */
export function rateAfter(perSecond: bigint, spent: bigint, ms: number): bigint {
  const elapsedMs = BigInt(Math.max(0, Math.round(ms)));
  const recent = spent > 0n ? spent : 0n;
  return (perSecond * RATE_MS + recent * 1_000n) / (RATE_MS + elapsedMs);
}

/**
 * What a proxy needs of a window until it asks again.
 *
 * @param perSecond its own rate
 * @param stretch of the window
 */
export function aheadOf(perSecond: bigint, stretch: bigint): bigint {
  return perSecond * SLICE_SECONDS * stretch;
}
