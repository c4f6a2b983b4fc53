/**
 * What one `usage` object of a provider says → disjoint buckets. OpenAI counts cached and audio tokens
 * *inside* `prompt_tokens`, reasoning and audio *inside* `completion_tokens`; others count some of them
 * outside, and then the total tells. They are taken apart here, so that nothing is billed twice.
 *
 * I8: an explicit zero stays zero. What is absent, negative, fractional or contradictory, and a count
 * whose name is not known here, makes the whole usage unknown, never a guess.
 */
import { readPlainUsage } from './plain-usage.ts';
import { type KnownQuantities, noQuantities } from './quantities.ts';
import { type Gathered, gatherUsage } from './usage-members.ts';
import type { UsageDoubt, UsageReading } from './usage-reading.ts';

/** A whole with what is in it: input with all that was cached, output with all reasoning. */
type Totals = { prompt: number; completion: number };

/**
 * @param usage of any shape
 * @param generates false: there is no output, so a total alone is the input
 */
export function readOpenAiUsage(usage: unknown, generates = true): UsageReading {
  const plain = typeof usage === 'object' && usage !== null ? readPlainUsage(usage) : null;
  return plain ?? readUsageByNames(usage, generates);
}

/** Of every spelling. Parameters as of `readOpenAiUsage`. */
export function readUsageByNames(usage: unknown, generates = true): UsageReading {
  const gathered = gatherUsage(usage);
  if (gathered === null) return { kind: 'nothing' };
  const doubt = gathered.unread ?? (gathered.invalid ? 'usage_invalid' : null);
  const unclear = (why: UsageDoubt): UsageReading => ({
    ...{ kind: 'unclear', doubt: why, unread: gathered.unread !== null },
    claim: gathered.claim,
  });
  if (doubt !== null) return unclear(doubt);
  if (gathered.contradicts) return unclear('usage_contradictory');
  const totals = generates ? totalsOf(gathered) : inputOnly(gathered);
  if (typeof totals === 'string') return unclear(totals);
  const quantities = bucketsOf(gathered, totals);
  if (quantities === null) return unclear('usage_contradictory');
  const { prompt, completion } = totals;
  const { cacheRead, cacheWrite, audioInput, reasoning, audioOutput } = gathered;
  return {
    kind: 'stated',
    quantities,
    claim: { prompt, completion, total: prompt + completion },
    parts: { cacheRead, cacheWrite, audioInput, reasoning, audioOutput },
  };
}

/** Without output, prompt and total are the same, and one of them is enough. */
function inputOnly(gathered: Gathered): Totals | UsageDoubt {
  const { total, completion } = gathered;
  if (completion !== null && completion > 0) return totalsOf(gathered);
  const prompt = promptOf(gathered.prompt, gathered.input, 0);
  if (prompt === null && total === null) return 'usage_incomplete';
  if (prompt === null) return { prompt: total as number, completion: 0 };
  const agrees = total === null || total === prompt;
  return agrees ? { prompt: prompt as number, completion: 0 } : 'usage_contradictory';
}

function totalsOf(gathered: Gathered): Totals | UsageDoubt {
  const { prompt, input } = gathered;
  const cached = (gathered.cacheRead ?? 0) + (gathered.cacheWrite ?? 0);
  const stated = promptOf(prompt, input, cached);
  if (stated === null) return 'usage_incomplete';
  if (stated === 'contradicts') return 'usage_contradictory';
  const withTools = stated + (gathered.toolUse ?? 0);
  const prompts = promptsOf(gathered, withTools, cached, prompt === null && input !== null);
  let totals: Totals | undefined;
  for (const whole of prompts) {
    for (const completion of completionsOf(gathered, whole)) {
      const isSame = totals?.prompt === whole && totals.completion === completion;
      if (totals !== undefined && !isSame) return 'usage_contradictory';
      totals = { prompt: whole, completion };
    }
  }
  if (totals !== undefined) return totals;
  const missing = gathered.completion === null && gathered.total === null;
  return missing ? 'usage_incomplete' : 'usage_contradictory';
}

/** Two names for the prompt: a zero says nothing next to a count; one of them may leave out the cache. */
function promptOf(
  prompt: number | null,
  input: number | null,
  cached: number,
): number | null | 'contradicts' {
  // seam: prompt-count
  const stated = prompt;
  if (stated === null || input === null) return stated ?? input;
  if (stated === input || input === 0 || stated === input + cached) return stated;
  return stated === 0 ? input : 'contradicts';
}

/**
 * Whether the cache is in the prompt or outside of it. By OpenAI's names it is inside; by Anthropic's
 * it is outside of `input_tokens`, and what `prompt_tokens` next to them means, only the total tells.
 *
 * @returns the wholes that are possible
 */
function promptsOf(
  gathered: Gathered,
  prompt: number,
  cached: number,
  anthropic: boolean,
): readonly number[] {
  if (cached === 0 || !gathered.cacheMayBeOutside) return [prompt];
  const { completion, total } = gathered;
  if (total === null) return anthropic ? [prompt + cached] : [];
  if (completion === null) return [];
  // Some add up input and output and forget the cache: that total tells nothing.
  const within = anthropic || cached > prompt ? [] : [prompt];
  return [...within, prompt + cached];
}

/** Whether reasoning is in the completion or outside of it: the total tells. */
function completionsOf(gathered: Gathered, prompt: number): readonly number[] {
  const { completion, total, reasoning, thoughts } = gathered;
  const hidden = reasoning ?? 0;
  if (total === null) {
    if (completion === null) return [];
    return [thoughts ? completion + hidden : completion];
  }
  const rest = total - prompt;
  if (completion === null) return rest < 0 ? [] : [rest];
  return rest === completion || rest === completion + hidden ? [rest] : [];
}

/** @returns null if a part is larger than its whole, or parts overlap by nobody knows how much */
function bucketsOf(gathered: Gathered, { prompt, completion }: Totals): KnownQuantities | null {
  const { miss, cachedAudio, cachedText } = gathered;
  const cacheRead = gathered.cacheRead ?? 0;
  const cacheWrite = gathered.cacheWrite ?? 0;
  const cacheWrite1h = gathered.cacheWrite1h ?? 0;
  const cacheWrite5m = gathered.cacheWrite5m ?? cacheWrite - cacheWrite1h;
  // A lifetime that is stated is one of the writes that are; fields that a server leaves at zero say nothing.
  if (cacheWrite1h > 0 && cacheWrite1h + cacheWrite5m !== cacheWrite) return null;
  const reasoning = gathered.reasoning ?? 0;
  const audioOutput = gathered.audioOutput ?? 0;
  // Fields that a server leaves at zero say nothing.
  if (miss !== null && miss + cacheRead > 0 && miss !== prompt - cacheRead) return null;
  if (cachedText !== null && cachedText + (cachedAudio ?? 0) !== cacheRead) return null;
  let audioInput = gathered.audioInput ?? 0;
  if (audioInput > 0 && cacheRead + cacheWrite > 0) {
    // Cached audio is in both counts.
    if (cachedAudio === null || cachedAudio > cacheRead || cacheWrite > 0) return null;
    audioInput -= cachedAudio;
  }
  const inputTokens = prompt - cacheRead - cacheWrite - audioInput;
  const outputTokens = completion - reasoning - audioOutput;
  if (inputTokens < 0 || outputTokens < 0 || audioInput < 0) return null;
  return {
    ...noQuantities(),
    inputTokens,
    cacheReadTokens: cacheRead,
    cacheWriteTokens: cacheWrite - cacheWrite1h,
    cacheWrite1hTokens: cacheWrite1h,
    audioInputTokens: audioInput,
    outputTokens,
    reasoningTokens: reasoning,
    audioOutputTokens: audioOutput,
    requests: 1,
  };
}
