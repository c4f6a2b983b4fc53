/**
 * OpenAI's `usage` object → disjoint buckets. OpenAI counts cached and audio tokens *inside*
 * `prompt_tokens`, reasoning and audio *inside* `completion_tokens`: they are taken out here, so
 * that nothing is billed twice.
 *
 * I8: an explicit zero stays zero; what is absent, negative, fractional or contradictory makes the
 * whole usage unknown (null), never a guess.
 */
import { type KnownQuantities, noQuantities } from './quantities.ts';

type Fields = Record<string, unknown>;

/** @param usage the answer's `usage` member, of any shape */
export function quantitiesFromOpenAiUsage(usage: unknown): KnownQuantities | null {
  if (!isFields(usage)) return null;
  // seam: prompt-count
  const prompt = count(usage['prompt_tokens']);
  const completion = completionTokens(usage);
  const promptDetails = details(usage['prompt_tokens_details']);
  const completionDetails = details(usage['completion_tokens_details']);
  if (prompt === null || completion === null) return null;
  if (!addsUp(prompt + completion, usage['total_tokens'])) return null;
  if (promptDetails === null || completionDetails === null) return null;
  const cacheRead = optionalCount(promptDetails['cached_tokens']);
  const cacheWrite = optionalCount(promptDetails['cache_write_tokens']);
  const audioInput = optionalCount(promptDetails['audio_tokens']);
  const reasoning = optionalCount(completionDetails['reasoning_tokens']);
  const audioOutput = optionalCount(completionDetails['audio_tokens']);
  if (cacheRead === null || cacheWrite === null || audioInput === null) return null;
  if (reasoning === null || audioOutput === null) return null;
  const input = prompt - cacheRead - cacheWrite - audioInput;
  const output = completion - reasoning - audioOutput;
  if (input < 0 || output < 0) return null;
  return {
    ...noQuantities(),
    inputTokens: input,
    cacheReadTokens: cacheRead,
    cacheWriteTokens: cacheWrite,
    audioInputTokens: audioInput,
    outputTokens: output,
    reasoningTokens: reasoning,
    audioOutputTokens: audioOutput,
    requests: 1,
  };
}

/** Embeddings have no completion: there it is absent, and the total is the prompt's. */
function completionTokens(usage: Fields): number | null {
  const stated = usage['completion_tokens'];
  if (stated !== undefined && stated !== null) return count(stated);
  return usage['total_tokens'] === usage['prompt_tokens'] ? 0 : null;
}

/** Some dialects leave reasoning out of the completion; they bill by the total. */
function addsUp(sum: number, total: unknown): boolean {
  return total === undefined || total === null || total === sum;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Absent and null details mean that there are none of these; anything else must be an object. */
function details(value: unknown): Fields | null {
  if (value === undefined || value === null) return {};
  return isFields(value) ? value : null;
}

/**
 * The most tokens that one call may be stated to have used; a larger count is a mistake, not a
 * statement.
 */
const COUNT_MAX = 1_000_000_000;

function count(value: unknown): number | null {
  if (!Number.isSafeInteger(value)) return null;
  const stated = value as number;
  return stated >= 0 && stated <= COUNT_MAX ? stated : null;
}

function optionalCount(value: unknown): number | null {
  return value === undefined || value === null ? 0 : count(value);
}
