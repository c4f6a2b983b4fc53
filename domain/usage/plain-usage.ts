/**
 * The `usage` object that nearly every answer has: OpenAI's own members and no others, all of them counts,
 * in a total that adds up. It is read without looking names up. Anything else is none of it, and is read by
 * all the names that are known (`usage-members.ts`); what is read here is read there as the same
 * (`plain-usage.prop.test.ts`).
 */
import { isCount } from './usage-members.ts';
import type { UsageReading } from './usage-reading.ts';

type Members = Record<string, unknown>;

/** @returns null: it is not plain */
export function readPlainUsage(usage: object): UsageReading | null {
  const {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: total,
    prompt_tokens_details: input,
    completion_tokens_details: output,
  } = usage as Members;
  if (!isCount(prompt) || !isCount(completion) || total !== prompt + completion) return null;
  if (!isCount(total) || !areDetails(input) || !areDetails(output)) return null;
  const others = (input === undefined ? 0 : 1) + (output === undefined ? 0 : 1);
  if (memberCount(usage) !== 3 + others) return null;
  if (!isPlainInput(input) || !isPlainOutput(output)) return null;
  const cacheRead = countAt(input, 'cached_tokens');
  const audioInput = countAt(input, 'audio_tokens');
  const reasoning = countAt(output, 'reasoning_tokens');
  const audioOutput = countAt(output, 'audio_tokens');
  const inputTokens = prompt - (cacheRead ?? 0);
  const outputTokens = completion - (reasoning ?? 0) - (audioOutput ?? 0);
  // Audio that may be cached as well is in two counts.
  if ((audioInput ?? 0) > 0 || inputTokens < 0 || outputTokens < 0) return null;
  return {
    kind: 'stated',
    quantities: {
      inputTokens,
      cacheReadTokens: cacheRead ?? 0,
      cacheWriteTokens: 0,
      outputTokens,
      reasoningTokens: reasoning ?? 0,
      audioInputTokens: 0,
      audioOutputTokens: audioOutput ?? 0,
      images: 0,
      requests: 1,
      cacheWrite1hTokens: 0,
      imageInputTokens: 0,
      imageOutputTokens: 0,
      searches: 0,
      audioSeconds: 0,
      characters: 0,
    },
    claim: { prompt, completion, total },
    parts: { cacheRead, cacheWrite: null, audioInput, reasoning, audioOutput },
  };
}

/** Undefined, or an object. */
function areDetails(value: unknown): value is Members | undefined {
  if (value === undefined) return true;
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function memberCount(members: object): number {
  let count = 0;
  for (const _ in members) count++;
  return count;
}

function isPlainInput(details: Members | undefined): boolean {
  for (const name in details) {
    if (name !== 'cached_tokens' && name !== 'audio_tokens') return false;
    if (!isCount(details[name])) return false;
  }
  return true;
}

function isPlainOutput(details: Members | undefined): boolean {
  for (const name in details) {
    if (!isCount(details[name])) return false;
    if (name === 'reasoning_tokens' || name === 'audio_tokens') continue;
    if (name !== 'accepted_prediction_tokens' && name !== 'rejected_prediction_tokens')
      return false;
  }
  return true;
}

/** Of plain details. */
function countAt(details: Members | undefined, name: string): number | null {
  return (details?.[name] as number | undefined) ?? null;
}
