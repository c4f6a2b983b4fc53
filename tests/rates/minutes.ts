/**
 * What the simulator's bill says of each minute of UTC: calls by when it received them, and the tokens
 * that they used. Pure.
 */

export type StartedCall = { model: string; startedMs: number; tokens: number };

export type Limits = { requests: number; tokens: number };

export type Row = {
  model: string;
  minuteMs: number;
  requests: number;
  tokens: number;
  /** The store was away in it, or the load did not run for all of it: it need not be used up. */
  isPartial: boolean;
  verdict: 'ok' | 'over' | 'not used';
};

export type Load = {
  fromMs: number;
  untilMs: number;
  /** When the store was away; null: never. */
  outage: { fromMs: number; untilMs: number } | null;
};

const MINUTE_MS = 60_000;
/** So much of a limit must be used where there are calls for it. */
const USED_PART = 0.95;

/** One row for each model and minute of the load; the limits are each model's own. */
export function rowsOf(
  calls: readonly StartedCall[],
  models: readonly string[],
  limits: Limits,
  load: Load,
): Row[] {
  const rows: Row[] = [];
  const first = Math.floor(load.fromMs / MINUTE_MS) * MINUTE_MS;
  for (let minuteMs = first; minuteMs < load.untilMs; minuteMs += MINUTE_MS) {
    for (const model of models) {
      const started = calls.filter(
        (call) =>
          call.model === model &&
          call.startedMs >= minuteMs &&
          call.startedMs < minuteMs + MINUTE_MS,
      );
      const requests = started.length;
      const tokens = started.reduce((sum, call) => sum + call.tokens, 0);
      const isPartial = !runsThrough(minuteMs, load);
      rows.push({
        ...{ model, minuteMs, requests, tokens, isPartial },
        verdict: verdictOf({ requests, tokens }, limits, isPartial),
      });
    }
  }
  return rows;
}

function runsThrough(minuteMs: number, { fromMs, untilMs, outage }: Load): boolean {
  const endMs = minuteMs + MINUTE_MS;
  if (fromMs > minuteMs || untilMs < endMs) return false;
  return outage === null || outage.untilMs <= minuteMs || outage.fromMs >= endMs;
}

function verdictOf(used: Limits, limits: Limits, isPartial: boolean): Row['verdict'] {
  if (used.requests > limits.requests || used.tokens > limits.tokens) return 'over';
  const part = Math.max(used.requests / limits.requests, used.tokens / limits.tokens);
  return isPartial || part >= USED_PART ? 'ok' : 'not used';
}
