/**
 * Which attempts an import decides: those that started in its range and in no range accepted before
 * it for that provider. So one bill decides an attempt, whatever is carried out first.
 */

/** `[startMs, endMs)`, Unix ms. */
export type TimeRange = { startMs: number; endMs: number };

/** @returns the parts of `range` that none of `earlier` covers, oldest first */
export function uncovered(range: TimeRange, earlier: readonly TimeRange[]): TimeRange[] {
  let open = [range].filter(isSome);
  for (const taken of earlier) open = open.flatMap((part) => without(part, taken));
  return open;
}

function without(part: TimeRange, taken: TimeRange): TimeRange[] {
  if (taken.endMs <= part.startMs || taken.startMs >= part.endMs) return [part];
  return [
    { startMs: part.startMs, endMs: taken.startMs },
    { startMs: taken.endMs, endMs: part.endMs },
  ].filter(isSome);
}

function isSome({ startMs, endMs }: TimeRange): boolean {
  return startMs < endMs;
}
