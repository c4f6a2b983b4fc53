/** `POST …/models/{model}:embedContent` and `:batchEmbedContents`: input alone, no output, no stream. */
import {
  batchEmbedContentsRequest,
  type EmbedContentRequest,
  embedContentRequest,
} from '@tollgate/schemas/gemini/requests.ts';
import type { Endpoint, FactsRead, IncomingCall, RequestFacts } from '../dialect.ts';
import type { JsonBody } from '../openai/json-body.ts';
import { readBody } from './body.ts';
import { listed } from './bounds.ts';
import { errorBody } from './error-body.ts';
import { GeminiCall, type GeminiFacts } from './gemini-call.ts';
import { guardedMembers } from './guarded-members.ts';
import { otherModel } from './other-model.ts';
import { CALLS_PATH, targetOf } from './target.ts';

const NOTHING_ASKED: GeminiFacts = {
  ...{ asEvents: false, sendsAudio: false, wantsAudio: false, searches: false },
};

const shared = {
  method: 'POST' as const,
  path: CALLS_PATH,
  target: targetOf,
  open: (facts: RequestFacts) => new GeminiCall(facts),
  guarded: guardedMembers,
  errorBody,
} satisfies Partial<Endpoint>;

export const embedContent: Endpoint = {
  ...shared,
  name: 'embedContent',
  action: 'embedContent',
  plainTexts: (request) => textsOf(request as EmbedContentRequest),
  read(incoming, depthMax) {
    const read = readBody(incoming.body, depthMax, embedContentRequest);
    return read.ok ? facts('embedContent', incoming, read.body, [read.request]) : read;
  },
};

export const batchEmbedContents: Endpoint = {
  ...shared,
  name: 'batchEmbedContents',
  action: 'batchEmbedContents',
  plainTexts: (request) =>
    (request as { requests: EmbedContentRequest[] }).requests.flatMap(textsOf),
  read(incoming, depthMax) {
    const read = readBody(incoming.body, depthMax, batchEmbedContentsRequest);
    if (!read.ok) return read;
    return facts('batchEmbedContents', incoming, read.body, read.request.requests);
  },
};

function facts(
  endpoint: string,
  { target }: IncomingCall,
  body: JsonBody,
  requests: readonly EmbedContentRequest[],
): FactsRead {
  if (target === undefined) throw new Error('the path of a call was not read');
  for (const { model } of requests) {
    const other = otherModel(model, target);
    if (other !== null) return other;
  }
  const other = requests.map(partBesideText).find((name) => name !== undefined);
  return {
    ok: true,
    facts: {
      endpoint,
      model: target.model,
      stream: false,
      endUser: null,
      inputTokensMax: body.tokensMax,
      outputTokensMax: 0,
      answerCount: 1,
      unboundedBy: other === undefined ? null : `content part \`${other}\``,
      openParts: null,
      needs: [],
      otherModels: null,
      body: body.bytes,
      modelAt: { start: 0, end: 0 },
      limitAt: null,
      members: body.scan.members,
      edits: [],
      own: NOTHING_ASKED,
    },
  };
}

/** Of what is embedded, text alone has its tokens in its bytes. */
function partBesideText({ content }: EmbedContentRequest): string | undefined {
  const names = listed(content.parts).flatMap((part) => Object.keys(part as object));
  return names.find((name) => name !== 'text');
}

function textsOf({ content }: EmbedContentRequest): string[] {
  const texts = listed(content.parts).map((part) => (part as { text?: unknown }).text);
  return texts.filter((text) => typeof text === 'string');
}
