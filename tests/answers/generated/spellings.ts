/**
 * One truth in the words of many providers: whole statements of it, and statements that say nothing,
 * less, or something else.
 */
import { completionOf, oneOf, perhaps, promptOf, type Random, type Truth, upTo } from './truth.ts';

export type Statement = {
  usage: unknown;
  /** It names every part that there is. */
  tellsAll: boolean;
  /** And a reader who knows the names cannot take it for anything else. */
  isPlain: boolean;
};

type Spell = (truth: Truth, random: Random) => Statement;

/** OpenAI's details of the prompt; cached audio is in both counts there. */
function promptDetails(truth: Truth, random: Random): Record<string, unknown> {
  const { cacheRead, cacheWrite, audioInput } = truth;
  const details: Record<string, unknown> = {};
  const cachedAudio = audioInput > 0 && cacheRead > 0 ? upTo(random, cacheRead) : 0;
  if (cacheRead > 0 || perhaps(random, 0.5)) details['cached_tokens'] = cacheRead;
  if (cacheWrite > 0) {
    details[oneOf(random, ['cache_write_tokens', 'cache_creation_tokens'])] = cacheWrite;
  }
  if (audioInput > 0 || perhaps(random, 0.3)) details['audio_tokens'] = audioInput + cachedAudio;
  if (audioInput > 0 && cacheRead > 0) {
    details['cached_tokens_details'] = {
      audio_tokens: cachedAudio,
      text_tokens: cacheRead - cachedAudio,
    };
  }
  if (perhaps(random, 0.2)) details['text_tokens'] = truth.input;
  return details;
}

function completionDetails(truth: Truth, random: Random): Record<string, unknown> {
  const details: Record<string, unknown> = {};
  if (truth.reasoning > 0 || perhaps(random, 0.5)) details['reasoning_tokens'] = truth.reasoning;
  if (truth.audioOutput > 0) details['audio_tokens'] = truth.audioOutput;
  if (perhaps(random, 0.2)) details['rejected_prediction_tokens'] = 0;
  return details;
}

/** A way that has no name for some parts. */
const only = (all: boolean) => ({ tellsAll: all, isPlain: all });

/** Audio and writes in one prompt overlap by nobody knows how much. */
const overlaps = ({ audioInput, cacheWrite }: Truth) => audioInput > 0 && cacheWrite > 0;

const openAi: Spell = (truth, random) => {
  const [prompt, completion] = [promptOf(truth), completionOf(truth)];
  const total = perhaps(random, 0.8) ? { total_tokens: prompt + completion } : {};
  const inResponses = perhaps(random, 0.3);
  const names = inResponses ? (['input', 'output'] as const) : (['prompt', 'completion'] as const);
  return {
    ...{ tellsAll: true, isPlain: !overlaps(truth) },
    usage: {
      [`${names[0]}_tokens`]: prompt,
      [`${names[1]}_tokens`]: completion,
      ...total,
      [`${names[0]}_tokens_details`]: promptDetails(truth, random),
      [`${names[1]}_tokens_details`]: completionDetails(truth, random),
    },
  };
};

/** A prompt and a total: the completion is the difference. */
const difference: Spell = (truth, random) => {
  const prompt = promptOf(truth);
  const usage = {
    ...{ prompt_tokens: prompt, completion_tokens: null },
    total_tokens: prompt + completionOf(truth),
    prompt_tokens_details: promptDetails(truth, random),
    completion_tokens_details: completionDetails(truth, random),
  };
  return { usage, tellsAll: true, isPlain: !overlaps(truth) };
};

/** DeepSeek and Moonshot: cached tokens at the top, writes and audio nowhere. */
const cachedAtTop: Spell = (truth, random) => {
  const prompt = promptOf(truth);
  const { cacheRead } = truth;
  const miss = prompt - cacheRead;
  return {
    ...only(truth.cacheWrite + truth.audioInput + truth.audioOutput === 0),
    usage: {
      ...{ prompt_tokens: prompt, completion_tokens: completionOf(truth) },
      total_tokens: prompt + completionOf(truth),
      ...oneOf<object>(random, [
        { prompt_cache_hit_tokens: cacheRead, prompt_cache_miss_tokens: miss },
        { cached_tokens: cacheRead },
        { prompt_cache_hit_tokens: cacheRead, cached_tokens: cacheRead },
      ]),
      completion_tokens_details: { reasoning_tokens: truth.reasoning },
    },
  };
};

/** Anthropic: the cache is outside of the input, and there is no total. */
const anthropic: Spell = (truth) => ({
  ...only(truth.audioInput + truth.audioOutput + truth.reasoning === 0),
  usage: {
    input_tokens: truth.input,
    output_tokens: completionOf(truth),
    cache_read_input_tokens: truth.cacheRead,
    cache_creation_input_tokens: truth.cacheWrite,
  },
});

/** Gateways that have taken Anthropic's names over: the total tells what the prompt has in it. */
const gateway: Spell = (truth, random) => {
  const inside = perhaps(random, 0.5);
  const prompt = inside ? promptOf(truth) : truth.input;
  const cached = truth.cacheRead + truth.cacheWrite;
  return {
    tellsAll: truth.audioInput + truth.audioOutput === 0,
    // As much reasoning as cache: the total does not tell which of them is outside.
    isPlain: truth.audioInput + truth.audioOutput === 0 && cached !== truth.reasoning,
    usage: {
      ...{ prompt_tokens: prompt, completion_tokens: completionOf(truth) },
      total_tokens: promptOf(truth) + completionOf(truth),
      cache_read_input_tokens: truth.cacheRead,
      cache_creation_input_tokens: truth.cacheWrite,
      completion_tokens_details: { reasoning_tokens: truth.reasoning },
    },
  };
};

/** xAI: reasoning is outside of the completion, and inside the total. */
const reasoningOutside: Spell = (truth, random) => {
  const prompt = promptOf(truth);
  return {
    ...{ tellsAll: true, isPlain: !overlaps(truth) },
    usage: {
      prompt_tokens: prompt,
      completion_tokens: truth.output + truth.audioOutput,
      total_tokens: prompt + completionOf(truth),
      prompt_tokens_details: promptDetails(truth, random),
      completion_tokens_details: {
        reasoning_tokens: truth.reasoning,
        audio_tokens: truth.audioOutput,
      },
    },
  };
};

const gemini: Spell = (truth) => ({
  ...only(truth.cacheWrite + truth.audioInput + truth.audioOutput === 0),
  usage: {
    promptTokenCount: promptOf(truth),
    candidatesTokenCount: truth.output + truth.audioOutput,
    totalTokenCount: promptOf(truth) + completionOf(truth),
    ...(truth.reasoning > 0 ? { thoughtsTokenCount: truth.reasoning } : {}),
    ...(truth.cacheRead > 0 ? { cachedContentTokenCount: truth.cacheRead } : {}),
  },
});

const SPELLINGS = [
  ...[openAi, openAi, openAi, difference, cachedAtTop, anthropic, gateway],
  ...[reasoningOutside, gemini],
];

/** Members that are no quantities, and fields that a server leaves empty. */
const HARMLESS: readonly object[] = [
  ...[{}, {}, { queue_time: 0.0123, total_time: 1.5 }, { cost: 0.0004, is_byok: false }],
  ...[{ num_sources_used: 0 }, { server_tool_use: null }, { tokens_per_second: 81.4 }],
];

/** What a provider says of it, in the way of one that has names for all of its parts. */
export function statementOf(truth: Truth, random: Random): Statement {
  for (;;) {
    const statement = oneOf(random, SPELLINGS)(truth, random);
    if (!statement.tellsAll) continue;
    const usage = { ...(statement.usage as object), ...oneOf(random, HARMLESS) };
    return { ...statement, usage };
  }
}

/** Billed members that nobody here knows: with one of them no total is the whole. */
export const UNREAD: readonly object[] = [
  ...[{ citation_tokens: 512 }, { num_search_queries: 3 }, { num_sources_used: 7 }],
  ...[{ server_tool_use: { web_search_requests: 2 } }, { prompt_audio_seconds: 12 }],
  ...[{ completion_tokens_details: { image_tokens: 1_290 } }, { completion_tokens: 14_417.92 }],
];

/** Says nothing: replaces nothing, wherever it is. */
export const EMPTY: readonly unknown[] = [
  ...[null, {}, '', { prompt_tokens: null, completion_tokens: null, total_tokens: null }],
  ...[{ queue_time: 0.1 }, { prompt_tokens: null, prompt_tokens_details: {} }],
];

/** Says less than the truth, or the same in a way that is no statement; behind or before it. */
export function lesserOf(truth: Truth, random: Random): unknown {
  const [prompt, completion] = [promptOf(truth), completionOf(truth)];
  const less = (count: number) => upTo(random, count);
  return oneOf<unknown>(random, [
    { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    { prompt_tokens: 0, completion_tokens: null, total_tokens: 0 },
    { prompt_tokens: String(prompt), completion_tokens: String(completion) },
    { prompt_tokens: prompt },
    { completion_tokens: completion },
    { prompt_tokens: -prompt, completion_tokens: completion },
    { prompt_tokens: less(prompt), completion_tokens: completion / 2 + 0.25 },
    { total_tokens: less(prompt + completion) },
  ]);
}

/** A smaller total, whole and well formed: a preview, or one hop's own count. */
export function smallerOf(truth: Truth, random: Random): unknown {
  const prompt = upTo(random, truth.input);
  const completion = upTo(random, Math.max(0, truth.output - 1));
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
  };
}

/** More of one thing than the truth, and less of another: both cannot be. */
export function contraryOf(truth: Truth, random: Random): unknown {
  const prompt = promptOf(truth) + 1 + upTo(random, 50);
  return { prompt_tokens: prompt, completion_tokens: upTo(random, completionOf(truth) - 1) };
}
