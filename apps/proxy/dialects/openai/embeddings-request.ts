/** `POST /v1/embeddings`: input alone, no output, no stream. */
import { endUserOf } from '@tollgate/domain/usage/end-user.ts';
import { embeddingsRequest } from '@tollgate/schemas/openai/requests.ts';
import type { Endpoint, FactsRead, IncomingCall, InputTokens } from '../dialect.ts';
import { leavesOut } from './cached/cache-text.ts';
import { isWholeEmbedding } from './cached/whole-answer.ts';
import { errorBody } from './error-body.ts';
import { guardedMembers } from './guarded-members.ts';
import { invalidRequest, memberRange, readJsonBody } from './json-body.ts';
import { JsonCall, type JsonEndpoint } from './json-call.ts';
import { otherModelsOf } from './other-models.ts';

const NAME = 'embeddings';

const jsonEmbeddings: JsonEndpoint = {
  path: '/embeddings',
  input: inputOf,
  unshown: () => null,
  leftOut: leavesOut.embeddings,
  question: () => null,
  mayRepeat: isWholeEmbedding,
};

export const embeddings: Endpoint = {
  method: 'POST',
  path: '/v1/embeddings',
  name: NAME,
  read: readEmbeddingsRequest,
  open: (facts) => new JsonCall(jsonEmbeddings, facts),
  plainTexts: textsOf,
  guarded: guardedMembers,
  errorBody,
};

function readEmbeddingsRequest({ body: bytes }: IncomingCall, depthMax: number): FactsRead {
  const read = readJsonBody(bytes, depthMax);
  if (!read.ok) return read;
  const { body } = read;
  const parsed = embeddingsRequest.safeParse(read.json);
  if (!parsed.success) return invalidRequest(parsed.error);
  return {
    ok: true,
    facts: {
      endpoint: NAME,
      model: parsed.data.model,
      stream: false,
      endUser: endUserOf(parsed.data.safety_identifier, parsed.data.user),
      inputTokensMax: body.tokensMax,
      outputTokensMax: 0,
      answerCount: 1,
      unboundedBy: null,
      openParts: null,
      needs: [],
      otherModels: otherModelsOf(parsed.data),
      body: body.bytes,
      modelAt: memberRange(body, 'model'),
      limitAt: null,
      members: body.scan.members,
      edits: [],
    },
  };
}

/** Texts, or texts that were made into tokens already: one, or a list of them. */
function inputOf(request: unknown): InputTokens | null {
  const { input } = request as { input: unknown };
  const texts: string[] = [];
  let ids = 0;
  for (const item of Array.isArray(input) ? (input as unknown[]).flat() : [input]) {
    if (typeof item === 'string') texts.push(item);
    else if (typeof item === 'number') ids++;
    else return null;
  }
  return { text: texts.filter((text) => text !== '').join('\n'), ids };
}

/** Texts of an input; ids of tokens are no text. */
function textsOf(request: unknown): string[] {
  const { input } = request as { input: unknown };
  const items: unknown[] = Array.isArray(input) ? input : [input];
  return items.filter((item) => typeof item === 'string');
}
