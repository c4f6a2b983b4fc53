/** From when to when a budget's window goes. */
import type { WindowOpened } from '@tollgate/domain/budget/budget-events.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { windowBounds } from '@tollgate/domain/budget/window.ts';

/**
 * As its first event says; before there is one, its name has the start, and the definition the rest.
 *
 * @param stream the window's
 */
export function windowTimes(
  stream: string,
  opened: WindowOpened['data'] | null,
  definition: BudgetDefinition | null,
): { window_start: string; window_end: string | null } {
  if (opened !== null) return { window_start: opened.window_start, window_end: opened.window_end };
  const named = stream.slice(stream.lastIndexOf('@') + 1);
  const startMs = Temporal.Instant.from(named).epochMilliseconds;
  const endMs = definition === null ? Number.NaN : windowBounds(definition, startMs).endMs;
  return {
    window_start: new Date(startMs).toISOString(),
    window_end: Number.isFinite(endMs) ? new Date(endMs).toISOString() : null,
  };
}
