/**
 * `POST /v1/embeddings`: counts input tokens and answers vectors that depend only on the text, as
 * numbers or as base64 of little-endian float32.
 */
import { hash } from 'node:crypto';
import { withUsage } from '../calls/answer-json.ts';
import type { Attempt } from '../calls/attempt.ts';
import { planInputTokens } from '../chat/chat-plan.ts';
import { invalid } from '../http/openai-error.ts';
import type { Knobs } from '../knobs/knobs.ts';
import { limits } from '../limits.ts';
import type { Model } from '../price-table.ts';
import { nothingUsed, type Usage } from '../pricing/cost.ts';

export type EmbeddingsRequest = {
  readonly model: Model;
  /** One text per vector; token arrays are shown as their numbers. */
  readonly inputs: readonly string[];
  /** Stated by the client in token arrays; undefined for texts, which are estimated. */
  readonly inputTokens: number | undefined;
  readonly dimensions: number;
  readonly base64: boolean;
};

/** Small, so that tests are about tokens and not about megabytes of digits. */
export const DIMENSIONS_DEFAULT = 64;

type Json = Readonly<Record<string, unknown>>;

/** Throws OpenAI's 400 for what OpenAI would refuse. */
export function readEmbeddingsRequest(body: Json, model: Model): EmbeddingsRequest {
  if (model.endpoint !== 'embeddings') {
    throw invalid('model', 'This is not an embedding model.', 'model_not_supported');
  }
  const { inputs, inputTokens } = readInput(body['input']);
  const format = body['encoding_format'] ?? 'float';
  if (format !== 'float' && format !== 'base64') {
    throw invalid('encoding_format', "'encoding_format' must be 'float' or 'base64'.");
  }
  const dimensions = body['dimensions'] ?? DIMENSIONS_DEFAULT;
  const most = limits.embeddingDimensionsMax;
  if (!isToken(dimensions) || dimensions < 1 || dimensions > most) {
    throw invalid('dimensions', `'dimensions' must be a whole number from 1 to ${most}.`);
  }
  return { model, inputs, inputTokens, dimensions, base64: format === 'base64' };
}

function readInput(input: unknown): Pick<EmbeddingsRequest, 'inputs' | 'inputTokens'> {
  const list: readonly unknown[] = Array.isArray(input) && !isTokens(input) ? input : [input];
  if (list.length < 1 || list.length > limits.embeddingInputsMax) {
    throw invalid('input', `'input' must have 1 to ${limits.embeddingInputsMax} members.`);
  }
  if (list.every((text): text is string => typeof text === 'string' && text !== '')) {
    return { inputs: list, inputTokens: undefined };
  }
  if (list.every(isTokens)) {
    return {
      inputs: list.map((tokens) => tokens.join(' ')),
      inputTokens: list.reduce((sum, tokens) => sum + tokens.length, 0),
    };
  }
  throw invalid('input', "'input' must be a text, texts, tokens or lists of tokens; none empty.");
}

function isTokens(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every(isToken);
}

function isToken(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

/** What planning needs of a request of any dialect. */
type Countable = Pick<EmbeddingsRequest, 'model' | 'inputs' | 'inputTokens'>;

/** Input tokens only; knobs about output or caching are refused rather than ignored. */
export function planEmbeddings(request: Countable, knobs: Knobs, bodyBytes: number): Usage {
  for (const name of ['output_tokens', 'cached_tokens', 'reasoning_tokens'] as const) {
    if ((knobs[name] ?? 0) > 0) throw invalid(`sim_${name}`, 'Embeddings have no such tokens.');
  }
  const counted = knobs.input_tokens ?? request.inputTokens;
  const steered = counted === undefined ? knobs : { ...knobs, input_tokens: counted };
  const text = request.inputs.join('\n');
  return { ...nothingUsed, inputTokens: planInputTokens(request.model, text, steered, bodyBytes) };
}

/** The whole answer as JSON text. */
export function embeddingsBody(attempt: Attempt, request: EmbeddingsRequest): string {
  const { fault } = attempt.knobs;
  const data = request.inputs.map((text, index) => {
    const vector = vectorOf(text, request.dimensions);
    const embedding = request.base64
      ? Buffer.from(vector.buffer).toString('base64')
      : Array.from(vector);
    return { object: 'embedding', index, embedding };
  });
  const tokens = attempt.planned.inputTokens;
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  const padding = fault?.kind === 'huge' ? { padding: 'x'.repeat(fault.bytes) } : {};
  const answer = { object: 'list', data, model: request.model.id, ...padding };
  return withUsage(answer, 'usage', { usage, fault });
}

/** A unit vector from the text's SHA-256, stretched by a linear congruential sequence. */
export function vectorOf(text: string, dimensions: number): Float32Array {
  let state = hash('sha256', text, 'buffer').readUInt32LE(0);
  const raw = Float64Array.from({ length: dimensions }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  const length = Math.hypot(...raw);
  return Float32Array.from(raw, (value) => value / (length > 0 ? length : 1));
}
