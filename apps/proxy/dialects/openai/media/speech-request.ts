/** `POST /v1/audio/speech`: a text is read aloud, by the character or by the token. */
import { readSpeechUsage } from '@tollgate/domain/usage/media-usage.ts';
import { speechRequest } from '@tollgate/schemas/openai/media-requests.ts';
import type { Endpoint, FactsRead, GuardedMembers, IncomingCall } from '../../dialect.ts';
import { errorBody } from '../error-body.ts';
import { guardedMembers } from '../guarded-members.ts';
import { billedFields, invalidRequest, memberRange, readJsonBody } from '../json-body.ts';
import { otherModelsOf } from '../other-models.ts';
import { MediaCall } from './media-call.ts';
import type { MediaKind } from './media-kind.ts';

const NAME = 'audio.speech';
const BILLED = billedFields([
  ...['model', 'input', 'instructions', 'stream_format', 'response_format', 'speed', 'voice'],
  ...['models', 'extra_body', 'user'],
]);

const kind: MediaKind = {
  path: '/audio/speech',
  usageOf: readSpeechUsage,
  answerIn: [],
  piecesIn: null,
  countsPieces: false,
  ends: new Set(['speech.audio.done']),
};

const guarded: GuardedMembers = {
  ...guardedMembers,
  identifiers: new Set([...guardedMembers.identifiers, 'response_format', 'stream_format']),
};

export const speech: Endpoint = {
  method: 'POST',
  path: '/v1/audio/speech',
  name: NAME,
  read: readSpeech,
  open: (facts) => new MediaCall(kind, facts),
  plainTexts: () => [],
  guarded,
  errorBody,
};

function readSpeech({ body: bytes }: IncomingCall, depthMax: number): FactsRead {
  const read = readJsonBody(bytes, depthMax, BILLED);
  if (!read.ok) return read;
  const { body } = read;
  const parsed = speechRequest.safeParse(read.json);
  if (!parsed.success) return invalidRequest(parsed.error);
  const request = parsed.data;
  const characters = charactersOf(request.input);
  return {
    ok: true,
    facts: {
      endpoint: NAME,
      model: request.model,
      stream: request.stream_format === 'sse',
      endUser: request.user ?? null,
      inputTokensMax: body.tokensMax,
      outputTokensMax: null,
      answerCount: 1,
      unboundedBy: null,
      openParts: null,
      needs: [],
      otherModels: otherModelsOf(request),
      more: { charactersMax: characters },
      measure: { unit: 'character', max: characters },
      body: body.bytes,
      modelAt: memberRange(body, 'model'),
      limitAt: null,
      members: body.scan.members,
      edits: [],
      own: {},
    },
  };
}

/** A character is a code point: a flag or an accent may be several. */
function charactersOf(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
