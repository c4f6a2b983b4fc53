/** `embedContent` and `batchEmbedContents`: vectors that depend only on the text. */
import { withUsage } from '../calls/answer-json.ts';
import type { Attempt } from '../calls/attempt.ts';
import type { Answer, Json, ReadCall } from '../calls/dialect.ts';
import { DIMENSIONS_DEFAULT, planEmbeddings, vectorOf } from '../embeddings/embeddings.ts';
import { invalid } from '../http/openai-error.ts';
import { type Knobs, refuseKnobs } from '../knobs/knobs.ts';
import { limits } from '../limits.ts';
import type { Model } from '../price-table.ts';
import { isObject } from '../schema/json-schema.ts';
import { memberOf } from './content-request.ts';

const UNSHOWN = [
  ...(['cache_write_tokens', 'cache_write_1h_tokens', 'searches'] as const),
  ...(['tool_input_tokens', 'prompt_blocked'] as const),
];

/** @throws ApiError for what is no content to embed */
export function embedContents(
  body: Json,
  model: Model,
  isBatch: boolean,
  bodyBytes: number,
): ReadCall {
  if (model.endpoint !== 'embeddings') throw invalid('model', `models/${model.id} embeds nothing.`);
  const list = isBatch ? body['requests'] : [body];
  if (!Array.isArray(list) || list.length === 0 || list.length > limits.embeddingInputsMax) {
    throw invalid('requests', 'BatchEmbedContentsRequest.requests: at least one is required.');
  }
  const wanted = list.map(readOne);
  const inputs = wanted.map(({ text }) => text);
  const answer = (attempt: Attempt): Answer => {
    const embeddings = wanted.map(({ text, dimensions }) => ({
      values: Array.from(vectorOf(text, dimensions)),
    }));
    const { fault } = attempt.knobs;
    const usage = { promptTokenCount: attempt.planned.inputTokens };
    const padding = fault?.kind === 'huge' ? { padding: 'x'.repeat(fault.bytes) } : {};
    const shown = isBatch ? { embeddings } : { embedding: embeddings[0] };
    const whole = { ...shown, ...padding };
    return { kind: 'json', body: () => withUsage(whole, 'usageMetadata', { usage, fault }) };
  };
  const plan = (knobs: Knobs) => {
    refuseKnobs(knobs, UNSHOWN);
    const counted = { model, inputs, inputTokens: undefined };
    return { usage: planEmbeddings(counted, knobs, bodyBytes), answer };
  };
  return { model, streams: false, plan };
}

function readOne(request: unknown): { text: string; dimensions: number } {
  const content = isObject(request) ? request['content'] : undefined;
  const parts = isObject(content) && Array.isArray(content['parts']) ? content['parts'] : [];
  const texts = parts.map((part) => (isObject(part) ? part['text'] : undefined));
  const text = texts.filter((each) => typeof each === 'string').join('\n');
  if (text === '') throw invalid('content', 'EmbedContentRequest.content: contents is empty.');
  const dimensions = memberOf(request as Json, 'outputDimensionality') ?? DIMENSIONS_DEFAULT;
  const most = limits.embeddingDimensionsMax;
  if (typeof dimensions === 'number' && Number.isInteger(dimensions) && dimensions > 0) {
    if (dimensions <= most) return { text, dimensions };
  }
  throw invalid('outputDimensionality', `output_dimensionality must be from 1 to ${most}.`);
}
