/**
 * Which attempts an import decides: those that started in its range and in no earlier accepted
 * range of that provider. So one bill decides each attempt, in whatever order the imports are
 * processed.
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
