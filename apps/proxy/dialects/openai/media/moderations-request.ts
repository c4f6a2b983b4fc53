/** `POST /v1/moderations`: a judgement, which OpenAI bills nothing for. It is a request all the same. */
import { readOpenAiUsage } from '@tollgate/domain/usage/openai-usage.ts';
import { moderationRequest } from '@tollgate/schemas/openai/media-requests.ts';
import { memberOf } from '../../../relay/json-scan.ts';
import type { Endpoint, FactsRead, IncomingCall } from '../../dialect.ts';
import { errorBody } from '../error-body.ts';
import { guardedMembers } from '../guarded-members.ts';
import { invalidRequest, readJsonBody } from '../json-body.ts';
import { MediaCall, type MediaFacts } from './media-call.ts';
import type { MediaKind } from './media-kind.ts';

const NAME = 'moderations';
/** What OpenAI takes where a request names none. */
const MODEL_DEFAULT = 'omni-moderation-latest';

const kind: MediaKind = {
  path: '/moderations',
  usageOf(usage) {
    const read = readOpenAiUsage(usage, false);
    return read.kind === 'unclear' ? { kind: 'unclear', doubt: read.doubt } : read;
  },
  answerIn: ['results'],
  piecesIn: 'results',
  countsPieces: false,
  ends: new Set(),
};

export const moderations: Endpoint = {
  method: 'POST',
  path: '/v1/moderations',
  name: NAME,
  read: readModeration,
  open: (facts) => new MediaCall(kind, facts),
  plainTexts: () => [],
  guarded: guardedMembers,
  errorBody,
};

function readModeration({ body: bytes }: IncomingCall, depthMax: number): FactsRead {
  const read = readJsonBody(bytes, depthMax);
  if (!read.ok) return read;
  const { body } = read;
  const parsed = moderationRequest.safeParse(read.json);
  if (!parsed.success) return invalidRequest(parsed.error);
  const { model, input, user } = parsed.data;
  const member = memberOf(body.scan, 'model');
  const start = body.bytes.indexOf('{') + 1;
  const modelAt =
    member === undefined ? { start, end: start } : { start: member.start, end: member.end };
  const own: MediaFacts = { addsModel: member === undefined };
  return {
    ok: true,
    facts: {
      endpoint: NAME,
      model: model ?? MODEL_DEFAULT,
      stream: false,
      endUser: user ?? null,
      inputTokensMax: body.tokensMax,
      outputTokensMax: 0,
      answerCount: 1,
      unboundedBy: null,
      openParts: null,
      needs:
        Array.isArray(input) && input.some((part) => typeof part === 'object') ? ['vision'] : [],
      otherModels: null,
      // Where its price is by the token, its pictures are bounded by nothing: no list has such a price.
      measure: { unit: 'request', max: 1 },
      body: body.bytes,
      modelAt,
      limitAt: null,
      members: body.scan.members,
      edits: [],
      own,
    },
  };
}
