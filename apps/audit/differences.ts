/** What an audit finds: where two places that must agree do not. */

export type Difference = {
  /** Which store: log, raw, roll-up, dead letters, budget, snapshot, invoice, ledger. */
  store: string;
  /** Position, bucket, window, stream or path: enough to go there. */
  place: string;
  /** What is stored there, and what should be. */
  finding: string;
};

const LISTED_MAX = 1_000;

/** Lists the first thousand, counts all: a broken store must not exhaust the memory. */
export class Differences {
  readonly listed: Difference[] = [];
  count = 0;

  add(store: string, place: string, finding: string): void {
    this.count++;
    if (this.listed.length < LISTED_MAX) this.listed.push({ store, place, finding });
  }
}

/** Paths at which two JSON values differ, such as `lines[3].cost`. */
export function jsonDifferences(
  stored: unknown,
  should: unknown,
  path: string,
  report: (path: string, finding: string) => void,
): void {
  if (Object.is(stored, should)) return;
  const both = [stored, should].every((value) => typeof value === 'object' && value !== null);
  if (!both || Array.isArray(stored) !== Array.isArray(should)) {
    report(path, `is ${JSON.stringify(stored)}, should be ${JSON.stringify(should)}`);
    return;
  }
  const [left, right] = [stored, should] as Record<string, unknown>[];
  const names = new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})]);
  for (const name of names) {
    const step = Array.isArray(stored) ? `[${name}]` : `${path === '' ? '' : '.'}${name}`;
    jsonDifferences(left?.[name], right?.[name], path + step, report);
  }
}
