/**
 * What a provider answers, in no dialect: the same events for a whole answer and for a stream, in the order
 * in which they are said. Usage is no event: it is the meter's own reading of the provider's answer, so the
 * client is told what is billed.
 */
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';

export type AnswerEvent =
  /** First, once. */
  | { kind: 'start'; id: string | null; model: string | null }
  | { kind: 'text'; text: string }
  /** A piece of what was thought. */
  | { kind: 'thinking'; text: string }
  /** Ends a piece of thinking: its provider's proof. Without text before it, what was thought is hidden. */
  | { kind: 'signature'; signature: string; isRedacted: boolean }
  /** A call of a tool begins, and what is open ends. @param key tells the calls of one answer apart */
  | { kind: 'call'; key: number; id: string; name: string; signature: string | null }
  /** A piece of the JSON of its input. */
  | { kind: 'input'; key: number; json: string }
  /** Why the model does not answer, in its words. */
  | { kind: 'refusal'; text: string }
  /** The answer is whole. */
  | { kind: 'stop'; reason: StopReason; sequence: string | null }
  | { kind: 'error'; error: StatedError }
  /** What no other dialect can be told: the answer cannot be given. @param what its name in the answer */
  | { kind: 'unknown'; what: string };

export type StopReason =
  | 'end'
  | 'length'
  | 'stop_sequence'
  | 'calls'
  | 'refusal'
  /** The provider waits for the conversation to be sent again. */
  | 'pause'
  | 'context';

/** An error as its provider states it. */
export type StatedError = {
  message: string;
  /** A code of the provider's; null: it has none. */
  code: string | null;
};

/** Tokens, in buckets that do not overlap. */
export type AnswerUsage = {
  input: number;
  cacheRead: number;
  cacheWrite: number;
  /** With what was thought. */
  output: number;
  thinking: number;
};

/** As it is metered. */
export function usageOf(quantities: KnownQuantities): AnswerUsage {
  const { reasoningTokens } = quantities;
  const { inputTokens, audioInputTokens, imageInputTokens = 0 } = quantities;
  const { outputTokens, audioOutputTokens, imageOutputTokens = 0 } = quantities;
  return {
    // seam: told-input-is-without-the-cache
    input: inputTokens + audioInputTokens + imageInputTokens,
    cacheRead: quantities.cacheReadTokens,
    cacheWrite: quantities.cacheWriteTokens + (quantities.cacheWrite1hTokens ?? 0),
    output: outputTokens + reasoningTokens + audioOutputTokens + imageOutputTokens,
    thinking: reasoningTokens,
  };
}
