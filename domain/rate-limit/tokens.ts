/** What a call counts against a limit: its worst case before it starts, and what it used after. */
import type { UsageQuantities } from '../usage/quantities.ts';
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
  const { input_tokens, cache_read_tokens, cache_write_tokens, audio_input_tokens } = used;
  const { output_tokens, reasoning_tokens, audio_output_tokens } = used;
  const input = sum(input_tokens, cache_read_tokens, cache_write_tokens, audio_input_tokens);
  const output = sum(output_tokens, reasoning_tokens, audio_output_tokens);
  if (measure === 'input_tokens') return input;
  return measure === 'output_tokens' ? output : sum(input, output);
}

function sum(...parts: readonly (number | null)[]): number | null {
  let total = 0;
  for (const part of parts) {
    if (part === null) return null;
    total += part;
  }
  return total;
}
