/**
 * Decides what a chat call will use, from the request alone: the same request always gets the
 * same counts, streamed or not. Knobs override the default rules within the same bounds: never
 * more input tokens than body bytes, never more output than the limit, per choice.
 */
import { hash } from 'node:crypto';
import { invalid } from '../http/openai-error.ts';
import type { Knobs } from '../knobs/knobs.ts';
import type { Model } from '../price-table.ts';
import type { Usage } from '../pricing/cost.ts';
import { CHARS_PER_TOKEN } from './chat-text.ts';
import { type Reply, replyTo } from './reply.ts';
import type { ReplyForm } from './reply-form.ts';

/** What a call of any dialect asks for. */
export type AnswerRequest = {
  readonly model: Model;
  /**
   * Everything that the model would read, joined: input tokens and the seed are derived from it.
   */
  readonly text: string;
  readonly choices: number;
  /** Per choice, reasoning included. */
  readonly outputTokensMax: number;
  readonly form: ReplyForm;
  /** Whether it reasons; undefined: as the model does. */
  readonly reasons?: boolean | undefined;
  /** Where the request bounds it by itself, per choice. */
  readonly reasoningTokensMax?: number | undefined;
  /** What of the input a cache has or takes; undefined: as OpenAI's does by itself. */
  readonly cached?: ((inputTotal: number) => CacheShares) | undefined;
  readonly searches?: number | undefined;
};

/** Tokens of the input; they do not overlap. */
export type CacheShares = {
  readonly read: number;
  readonly write: number;
  readonly write1h: number;
};

export type ChatPlan = {
  /** Over all choices: the charged amounts. */
  readonly usage: Usage;
  readonly choices: number;
  readonly outputTokensPerChoice: number;
  readonly reasoningTokensPerChoice: number;
  readonly finishReason: 'stop' | 'length' | 'tool_calls';
  /** The same in every choice. */
  readonly reply: Reply;
};

/** Plans the call; throws a 400 for knobs that contradict the request. */
export function planChat(request: AnswerRequest, knobs: Knobs, bodyBytes: number): ChatPlan {
  const { model, choices, outputTokensMax, text } = request;
  const seeds = seedsOf(request);
  const inputTotal = planInputTokens(model, text, knobs, bodyBytes);
  const { read, write, write1h } = planCache(request, knobs, inputTotal, seeds[1]);
  const reasoningWanted = knobs.reasoning_tokens ?? defaultReasoning(request, seeds[2]);
  const reply = replyTo(request.form, text);
  const outputWanted = knobs.output_tokens ?? reply.tokens ?? 1 + (seeds[0] % 256);
  const reasoning = Math.min(reasoningWanted, outputTokensMax);
  const output = Math.min(outputWanted, outputTokensMax - reasoning);
  const least = Math.max(outputWanted, reply.tokens ?? 0);
  const wasCut = reasoning < reasoningWanted || output < least;
  return {
    usage: {
      inputTokens: inputTotal - read - write - write1h,
      ...{ cacheReadTokens: read, cacheWriteTokens: write, cacheWrite1hTokens: write1h },
      outputTokens: output * choices,
      reasoningTokens: reasoning * choices,
      searches: knobs.searches ?? request.searches ?? 0,
    },
    choices,
    outputTokensPerChoice: output,
    reasoningTokensPerChoice: reasoning,
    finishReason: wasCut ? 'length' : reply.finishReason,
    reply,
  };
}

function planCache(
  request: AnswerRequest,
  knobs: Knobs,
  inputTotal: number,
  seed: number,
): CacheShares {
  const byOpenAi = { read: defaultCached(inputTotal, seed), write: 0, write1h: 0 };
  const byRule = request.cached?.(inputTotal) ?? byOpenAi;
  const steered = ['cached_tokens', 'cache_write_tokens', 'cache_write_1h_tokens'] as const;
  // A knob says all of it, so that the rule for another part cannot exceed the input.
  const isSteered = steered.some((name) => knobs[name] !== undefined);
  const shares = isSteered
    ? {
        read: knobs.cached_tokens ?? 0,
        write: knobs.cache_write_tokens ?? 0,
        write1h: knobs.cache_write_1h_tokens ?? 0,
      }
    : byRule;
  if (shares.read + shares.write + shares.write1h > inputTotal) {
    throw invalid('sim_cached_tokens', 'More cached tokens than input tokens.');
  }
  return shares;
}

/** Input tokens, cached ones included: a quarter of the characters, or what the knob says. */
export function planInputTokens(
  model: Model,
  text: string,
  knobs: Knobs,
  bodyBytes: number,
): number {
  const counted = Math.max(1, Math.ceil(text.length / CHARS_PER_TOKEN));
  const tokens = knobs.input_tokens ?? Math.min(counted, bodyBytes);
  if (tokens > bodyBytes) {
    throw invalid(
      'sim_input_tokens',
      `sim_input_tokens is ${tokens}, but the body has only ${bodyBytes} bytes.`,
    );
  }
  if (tokens > model.contextTokens) {
    throw invalid(
      'messages',
      `This model's maximum context length is ${model.contextTokens} tokens.`,
      'context_length_exceeded',
    );
  }
  return tokens;
}

function defaultReasoning({ model, reasons, reasoningTokensMax }: AnswerRequest, seed: number) {
  if (!(reasons ?? model.reasons)) return 0;
  return Math.min(64 * (1 + (seed % 8)), reasoningTokensMax ?? Number.POSITIVE_INFINITY);
}

/** Like OpenAI: prompts of 1,024 tokens and more, in steps of 128; half of them hit the cache. */
function defaultCached(inputTotal: number, seed: number): number {
  if (inputTotal < 1_024 || seed % 2 === 0) return 0;
  return 128 * Math.floor(inputTotal / 256);
}

function seedsOf(request: AnswerRequest): readonly [number, number, number] {
  const { model, choices, outputTokensMax, text } = request;
  const digest = hash('sha256', `${model.id}\n${choices}\n${outputTokensMax}\n${text}`, 'buffer');
  return [digest.readUInt32BE(0), digest.readUInt32BE(4), digest.readUInt32BE(8)];
}
