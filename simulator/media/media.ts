/** Judgements, pictures, speech and transcripts, as OpenAI sells them; none of it means anything. */

import { withUsage } from '../calls/answer-json.ts';
import type { Attempt } from '../calls/attempt.ts';
import type { Answer, Found, IncomingCall, Json, PaidEndpoint } from '../calls/dialect.ts';
import { invalid } from '../http/openai-error.ts';
import type { Knobs } from '../knobs/knobs.ts';
import { openAiModel, openai } from '../openai/openai.ts';
import type { Model } from '../price-table.ts';
import { nothingUsed, type Usage } from '../pricing/cost.ts';
import type { FormFile } from './form.ts';
import type { MediaUse } from './media-prices.ts';

const PICTURE_TOKENS = { low: 272, medium: 1_056, high: 4_160 } as const;
/** Of a picture that is read. */
const READ_TOKENS = 323;
const BYTES_PER_SECOND = 100;

type Planned = { usage: Usage; stated: object | null; answer: (attempt: Attempt) => Answer };

const paths: Readonly<
  Record<string, (call: IncomingCall, model: Model) => (knobs: Knobs) => Planned>
> = {
  '/v1/moderations': moderation,
  '/v1/images/generations': (call, model) => pictures(call, model, 'image_generation'),
  '/v1/images/edits': (call, model) => pictures(call, model, 'image_edit'),
  '/v1/audio/speech': speech,
  '/v1/audio/transcriptions': transcript,
  '/v1/audio/translations': transcript,
};

const MODEL_DEFAULTS: Readonly<Record<string, string>> = { '/v1/moderations': 'sim-moderation' };

export function findMedia(method: string | undefined, path: string): Found | undefined {
  const planOf = method === 'POST' && Object.hasOwn(paths, path) ? paths[path] : undefined;
  if (planOf === undefined) return undefined;
  const paid: PaidEndpoint = {
    name: path,
    takesForms: true,
    knobsIn: (body) => body['metadata'],
    read(call) {
      const model = openAiModel(call.body['model'] ?? MODEL_DEFAULTS[path]);
      return { model, streams: false, plan: planOf(call, model) };
    },
  };
  return { dialect: openai, paid, pathId: '' };
}

function used(media: MediaUse, tokens: Partial<Usage> = {}): Usage {
  return { ...nothingUsed, ...tokens, media };
}

function json(usage: object | null, body: object): Planned['answer'] {
  return ({ knobs: { fault } }) => ({
    kind: 'json',
    body: () =>
      usage === null ? JSON.stringify(body) : withUsage(body, 'usage', { usage, fault }),
  });
}

function moderation({ body }: IncomingCall, model: Model) {
  const inputs = [body['input']].flat();
  const results = inputs.map((input) => ({
    flagged: String(input).includes('flag'),
    categories: {},
  }));
  const said = { id: 'modr-simulated', model: model.id, results };
  return () => ({ usage: used({}), stated: null, answer: json(null, said) });
}

const text = (body: Json, name: string): string => String(body[name] ?? '');
const quarter = (value: string): number => Math.max(1, Math.ceil(value.length / 4));

/** Files, and what JSON has in their place. */
function readPictures(body: Json): number {
  const all = [body['image[]'], body['images'], body['image'], body['mask']].flat();
  return all.filter((one) => one !== undefined && one !== null).length;
}

function pictures({ body }: IncomingCall, model: Model, event: string) {
  const count = Number(body['n'] ?? 1);
  const quality = text(body, 'quality');
  const size = text(body, 'size') || '1024x1024';
  const data = Array.from({ length: count }, (_, index) => ({ b64_json: `cGljdHVyZQ==${index}` }));
  return (knobs: Knobs): Planned => {
    if (model.media?.pictureUsd !== undefined) {
      const picture = `${quality || 'standard'}-${size}`;
      if (model.media.pictureUsd[picture] === undefined) throw invalid('size', 'Not drawn here.');
      const usage = used({ images: count, picture });
      return { usage, stated: null, answer: json(null, { created: 1_700_000_000, data }) };
    }
    const inputTokens = knobs.input_tokens ?? quarter(text(body, 'prompt'));
    const imageInputTokens = readPictures(body) * READ_TOKENS;
    const each = PICTURE_TOKENS[quality as keyof typeof PICTURE_TOKENS] ?? PICTURE_TOKENS.high;
    const partial = body['stream'] === true ? Number(body['partial_images'] ?? 0) : 0;
    const imageOutputTokens = count * each + partial * 100;
    const usage = {
      total_tokens: inputTokens + imageInputTokens + imageOutputTokens,
      input_tokens: inputTokens + imageInputTokens,
      output_tokens: imageOutputTokens,
      input_tokens_details: { text_tokens: inputTokens, image_tokens: imageInputTokens },
    };
    const shown = { created: 1_700_000_000, data, quality: quality || 'high', size };
    const answer = body['stream'] === true ? drawn(event, partial, usage) : json(usage, shown);
    return {
      usage: used({ imageInputTokens, imageOutputTokens }, { inputTokens }),
      stated: usage,
      answer,
    };
  };
}

function drawn(event: string, partial: number, usage: object): Planned['answer'] {
  return ({ knobs: { fault } }) => {
    const events: object[] = Array.from({ length: partial }, (_, index) => ({
      ...{ type: `${event}.partial_image`, b64_json: 'cGFydA==', partial_image_index: index },
    }));
    const isMissing = fault?.kind === 'usage_missing';
    const last = { type: `${event}.completed`, b64_json: 'cGljdHVyZQ==' };
    events.push(isMissing ? last : { ...last, usage });
    return eventsOf(events);
  };
}

function eventsOf(events: readonly object[]): Answer {
  const body = events
    .map(
      (event) => `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`,
    )
    .join('');
  return { kind: 'bytes', contentType: 'text/event-stream', body: () => Buffer.from(body) };
}

/** Nobody listens to it: its bytes are any. */
function sound(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 37) % 256));
}

function speech({ body }: IncomingCall, model: Model) {
  const input = text(body, 'input');
  const asEvents = body['stream_format'] === 'sse';
  const recording = (): Answer => ({
    ...{ kind: 'bytes', contentType: 'audio/mpeg', body: () => sound(4 * input.length) },
  });
  return (knobs: Knobs): Planned => {
    if (model.media?.characterUsd !== undefined) {
      const usage = used({ characters: Array.from(input).length });
      return { usage, stated: null, answer: recording };
    }
    const inputTokens = knobs.input_tokens ?? quarter(input);
    const audioOutputTokens = knobs.output_tokens ?? 3 * inputTokens;
    const total = inputTokens + audioOutputTokens;
    const usage = {
      input_tokens: inputTokens,
      output_tokens: audioOutputTokens,
      total_tokens: total,
    };
    const answer = ({ knobs: { fault } }: Attempt): Answer => {
      if (!asEvents) return recording();
      const done = { type: 'speech.audio.done', usage };
      const end = fault?.kind === 'usage_missing' ? { type: done.type } : done;
      return eventsOf([{ type: 'speech.audio.delta', audio: 'c291bmQ=' }, end]);
    };
    return { usage: used({ audioOutputTokens }, { inputTokens }), stated: usage, answer };
  };
}

function transcript({ body }: IncomingCall, model: Model) {
  const file = body['file'] as FormFile | undefined;
  if (typeof file !== 'object') throw invalid('file', 'You must provide a file.');
  const seconds = Math.ceil(file.bytes / BYTES_PER_SECOND);
  const format = text(body, 'response_format') || 'json';
  return (knobs: Knobs): Planned => {
    const said = { text: 'any words at all' };
    const bySecond = model.media?.secondUsd !== undefined;
    const inputTokens = quarter(text(body, 'prompt'));
    const audioInputTokens = knobs.input_tokens ?? 10 * seconds;
    const outputTokens = knobs.output_tokens ?? 4;
    const tokens = {
      type: 'tokens',
      input_tokens: inputTokens + audioInputTokens,
      input_token_details: { text_tokens: inputTokens, audio_tokens: audioInputTokens },
      output_tokens: outputTokens,
      total_tokens: inputTokens + audioInputTokens + outputTokens,
    };
    const stated = bySecond ? { type: 'duration', seconds } : tokens;
    const usage = bySecond
      ? used({ seconds })
      : used({ audioInputTokens }, { inputTokens, outputTokens });
    const answer = (attempt: Attempt): Answer => {
      if (body['stream'] === 'true') return heard(said, stated);
      if (format === 'json' || format === 'verbose_json') return json(stated, said)(attempt);
      return {
        kind: 'bytes',
        contentType: 'text/plain',
        body: () => Buffer.from(`${said.text}\n`),
      };
    };
    return { usage, stated, answer };
  };
}

function heard(said: { text: string }, usage: object): Answer {
  const delta = { type: 'transcript.text.delta', delta: said.text };
  return eventsOf([delta, { type: 'transcript.text.done', ...said, usage }]);
}
