/**
 * Quantities of one attempt in disjoint buckets: their sum is the provider's total. In code a known
 * quantity is a number; what is not known is `null` as a whole (I8).
 */
import type { UsageQuantities } from './usage-event.ts';

/** Non-negative safe integers, all of them known. */
export type KnownQuantities = {
  /** Uncached text input. */
  inputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  /** Text output without reasoning. */
  outputTokens: number;
  reasoningTokens: number;
  audioInputTokens: number;
  audioOutputTokens: number;
  images: number;
  requests: number;
};

/** Nothing was used: zero, and known to be. */
export function noQuantities(): KnownQuantities {
  return {
    inputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    audioInputTokens: 0,
    audioOutputTokens: 0,
    images: 0,
    requests: 0,
  };
}

export function toEventQuantities(q: KnownQuantities): UsageQuantities {
  return {
    input_tokens: q.inputTokens,
    cache_read_tokens: q.cacheReadTokens,
    cache_write_tokens: q.cacheWriteTokens,
    output_tokens: q.outputTokens,
    reasoning_tokens: q.reasoningTokens,
    audio_input_tokens: q.audioInputTokens,
    audio_output_tokens: q.audioOutputTokens,
    images: q.images,
    requests: q.requests,
  };
}

export function zeroQuantities(): UsageQuantities {
  return toEventQuantities(noQuantities());
}

export function unknownQuantities(): UsageQuantities {
  return {
    input_tokens: null,
    cache_read_tokens: null,
    cache_write_tokens: null,
    output_tokens: null,
    reasoning_tokens: null,
    audio_input_tokens: null,
    audio_output_tokens: null,
    images: null,
    requests: null,
  };
}
