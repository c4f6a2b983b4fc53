/** `POST …/models/{model}:generateContent` and `:streamGenerateContent`: what they ask for, and may cost. */
import type { Capability } from '@tollgate/domain/routing/route.ts';
import {
  type GenerateContentRequest,
  generateContentRequest,
} from '@tollgate/schemas/gemini/requests.ts';
import type { Endpoint, FactsRead, IncomingCall, RequestFacts } from '../dialect.ts';
import { readBody } from './body.ts';
import { type Bounds, boundsOf, listed } from './bounds.ts';
import { errorBody } from './error-body.ts';
import { GeminiCall, type GeminiFacts } from './gemini-call.ts';
import { guardedMembers } from './guarded-members.ts';
import { otherModel } from './other-model.ts';
import { CALLS_PATH, targetOf } from './target.ts';

/** What a provider may say to its model about tools. */
const TOOLS_TOKENS = 1_024;

const shared = {
  method: 'POST' as const,
  path: CALLS_PATH,
  target: targetOf,
  open: (facts: RequestFacts) => new GeminiCall(facts),
  plainTexts: textsOf,
  guarded: guardedMembers,
  errorBody,
} satisfies Partial<Endpoint>;

export const generateContent: Endpoint = {
  ...shared,
  name: 'generateContent',
  action: 'generateContent',
  read: (incoming, depthMax) => readRequest(incoming, depthMax, false),
};

export const streamGenerateContent: Endpoint = {
  ...shared,
  name: 'streamGenerateContent',
  action: 'streamGenerateContent',
  read: (incoming, depthMax) => readRequest(incoming, depthMax, true),
};

function readRequest(incoming: IncomingCall, depthMax: number, stream: boolean): FactsRead {
  const { target } = incoming;
  if (target === undefined) throw new Error('the path of a call was not read');
  const read = readBody(incoming.body, depthMax, generateContentRequest);
  if (!read.ok) return read;
  const { request, body } = read;
  const other = otherModel(request.model, target);
  if (other !== null) return other;
  const bounds = boundsOf(request);
  const { maxOutputTokens, candidateCount } = request.generationConfig ?? {};
  const answers = candidateCount ?? 1;
  const tier = tierOf(request.serviceTier);
  return {
    ok: true,
    facts: {
      endpoint: stream ? 'streamGenerateContent' : 'generateContent',
      model: target.model,
      stream,
      endUser: null,
      inputTokensMax: body.tokensMax + (listed(request.tools).length > 0 ? TOOLS_TOKENS : 0),
      // Thoughts are within it.
      outputTokensMax: maxOutputTokens == null ? null : maxOutputTokens * answers,
      answerCount: answers,
      unboundedBy: bounds.unboundedBy,
      openParts: bounds.openParts,
      needs: needsOf(request, bounds),
      otherModels: null,
      ...(tier === null ? {} : { serviceTier: tier }),
      body: body.bytes,
      modelAt: { start: 0, end: 0 },
      edits: [],
      limitAt: null,
      members: body.scan.members,
      own: {
        asEvents: target.asEvents,
        sendsAudio: bounds.media.audio.count > 0 || bounds.media.video.count > 0,
        wantsAudio: wantsAudio(request),
        searches: bounds.searches,
      } satisfies GeminiFacts,
    },
  };
}

/** Null: the usual one. */
function tierOf(stated: string | null | undefined): string | null {
  const name = stated?.toLowerCase().replace(/^service_tier_/, '') ?? '';
  return name === '' || name === 'unspecified' || name === 'standard' ? null : name;
}

function wantsAudio({ generationConfig }: GenerateContentRequest): boolean {
  const { responseModalities } = generationConfig ?? {};
  return responseModalities?.some((name) => name.toUpperCase() === 'AUDIO') ?? false;
}

function needsOf(request: GenerateContentRequest, { media }: Bounds): readonly Capability[] {
  const needs: Capability[] = [];
  if (listed(request.tools).length > 0) needs.push('tools');
  if (media.image.count > 0) needs.push('vision');
  if (media.audio.count > 0 || wantsAudio(request)) needs.push('audio');
  if (media.video.count > 0) needs.push('video');
  if (media.file.count > 0) needs.push('files');
  const { responseSchema, responseJsonSchema } = request.generationConfig ?? {};
  if (responseSchema != null || responseJsonSchema != null) needs.push('json_schema');
  return needs;
}

/** Texts of the conversation, each of which is all of its turn. */
function textsOf(request: unknown): string[] {
  const { contents, systemInstruction } = request as GenerateContentRequest;
  return [systemInstruction, ...listed(contents)].flatMap((content) => {
    const parts = listed((content as { parts?: unknown } | null | undefined)?.parts);
    const [{ text }] = parts.length === 1 ? (parts as [{ text?: unknown }]) : [{ text: null }];
    return typeof text === 'string' ? [text] : [];
  });
}
