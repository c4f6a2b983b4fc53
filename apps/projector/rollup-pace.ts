/** How often a projector rolls up. Pure. */
import type { ProjectorLimits } from './limits.ts';

/**
 * The pause between two passes of the roll-up. A backlog touches the same closed buckets batch after
 * batch, so roll-ups keep to their share of the time.
 *
 * @param tookMs how long the last pass took
 */
export function rollupPauseMs(
  tookMs: number,
  limits: Pick<ProjectorLimits, 'rollupEveryMs' | 'rollupShareMax' | 'rollupPauseMsMax'>,
): number {
  const { rollupEveryMs, rollupShareMax, rollupPauseMsMax } = limits;
  return Math.min(Math.max(rollupEveryMs, tookMs / rollupShareMax), rollupPauseMsMax);
}
