/** What a call counts against a limit: its worst case before it starts, and what it used after. */
import { type QuantityName, quantities, type UsageQuantities } from '../usage/quantities.ts';
import type { RateMeasure } from './rate-limit-events.ts';

export type CallBound = { inputTokensMax: number; outputTokensMax: number };

/** Concurrent calls are counted by slots, one a call. */
export type WindowMeasure = Exclude<RateMeasure, 'concurrent_calls'>;

/** The most that a call within `bound` can count. */
export function reservedFor(measure: WindowMeasure, bound: CallBound): number {
  switch (measure) {
    case 'requests':
      return 1;
    case 'input_tokens':
      return bound.inputTokensMax;
    case 'output_tokens':
      return bound.outputTokensMax;
    case 'total_tokens':
      return bound.inputTokensMax + bound.outputTokensMax;
    default:
      return measure satisfies never;
  }
}

/**
 * What a call counts once its usage is known; null: it is not, or the measure is not of tokens, and
 * what was reserved counts.
 */
export function usedBy(measure: WindowMeasure, used: UsageQuantities): number | null {
  if (measure === 'requests') return null;
  let total = 0;
  for (const name of COUNTED[measure]) {
    const tokens = used[name];
    if (tokens === null) return null;
    total += tokens ?? 0;
  }
  return total;
}

function tokensOf(...directions: readonly ('in' | 'out')[]): readonly QuantityName[] {
  return quantities.flatMap((one) =>
    one.unit === 'tokens' && directions.includes(one.direction) ? [one.name] : [],
  );
}

const COUNTED = {
  input_tokens: tokensOf('in'),
  output_tokens: tokensOf('out'),
  total_tokens: tokensOf('in', 'out'),
};
