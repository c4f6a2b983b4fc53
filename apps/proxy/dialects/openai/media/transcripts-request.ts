/**
 * `POST /v1/audio/transcriptions` and `/v1/audio/translations`: what a recording says, by its length or by the
 * token. How long a recording is its bytes do not say: formats leave silence out.
 */
import { readTranscriptUsage } from '@tollgate/domain/usage/media-usage.ts';
import { transcriptRequest } from '@tollgate/schemas/openai/media-requests.ts';
import type { Endpoint, FactsRead, GuardedMembers, IncomingCall } from '../../dialect.ts';
import { errorBody } from '../error-body.ts';
import { guardedMembers } from '../guarded-members.ts';
import { invalidRequest } from '../json-body.ts';
import { fieldValue, formTarget, invalidForm, readFormBody, toldOf } from './form-request.ts';
import { MediaCall } from './media-call.ts';
import type { MediaKind } from './media-kind.ts';
import { noMedia } from './no-media.ts';

const SINGLE: ReadonlySet<string> = new Set([
  ...['model', 'prompt', 'language', 'response_format', 'stream', 'temperature', 'user'],
  'chunking_strategy',
]);
/** Recordings too, as texts. */
const REFERENCES = /^known_speaker_references/;

const guarded: GuardedMembers = {
  ...guardedMembers,
  identifiers: new Set([
    ...guardedMembers.identifiers,
    ...['response_format', 'language', 'stream', 'temperature', 'include[]', 'chunking_strategy'],
    ...['timestamp_granularities[]', 'known_speaker_references[]'],
  ]),
};

export const transcriptions = endpointOf('transcriptions');
export const translations = endpointOf('translations');

function endpointOf(what: 'transcriptions' | 'translations'): Endpoint {
  const name = `audio.${what}`;
  const kind: MediaKind = {
    path: `/audio/${what}`,
    usageOf: readTranscriptUsage,
    answerIn: ['text', 'segments'],
    piecesIn: null,
    countsPieces: false,
    ends: new Set(['transcript.text.done']),
  };
  return {
    method: 'POST',
    path: `/v1/audio/${what}`,
    name,
    takes: 'form',
    target: (_url, contentType) => formTarget(contentType, false),
    read: (incoming) => readTranscript(name, incoming),
    open: (facts) => new MediaCall(kind, facts),
    plainTexts: () => [],
    guarded,
    errorBody,
  };
}

function readTranscript(endpoint: string, { body, target }: IncomingCall): FactsRead {
  const boundary = target?.boundary;
  if (boundary === undefined) return invalidForm('its head states no plain boundary');
  const read = readFormBody(body, boundary, SINGLE);
  if (!read.ok) return read;
  const { fields, parts } = read.form;
  const { form } = read;
  const asked = { model: fields.get('model'), user: fields.get('user') };
  const parsed = transcriptRequest.safeParse({
    ...asked,
    stream: fieldValue(fields.get('stream')),
  });
  if (!parsed.success) return invalidRequest(parsed.error);
  const recordings = parts.filter(({ isFile, name }) => isFile || REFERENCES.test(name));
  const bytes = recordings.reduce((sum, { start, end }) => sum + end - start, 0);
  const audio = { count: recordings.length, bytes };
  const modelAt = parts.find(({ name }) => name === 'model') ?? { start: 0, end: 0 };
  return {
    ok: true,
    facts: {
      endpoint,
      model: parsed.data.model,
      stream: parsed.data.stream === true,
      endUser: parsed.data.user ?? null,
      inputTokensMax: body.length,
      outputTokensMax: null,
      answerCount: 1,
      unboundedBy: 'the recording `file`',
      openParts: { media: { ...noMedia(), audio }, stored: false, searches: false },
      needs: [],
      otherModels: null,
      measure: { unit: 'audio_second', max: null },
      body,
      modelAt: { start: modelAt.start, end: modelAt.end },
      limitAt: null,
      members: [],
      edits: [],
      own: { boundary },
      told: toldOf(form),
    },
  };
}
