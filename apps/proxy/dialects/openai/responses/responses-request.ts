/** `POST /v1/responses`: what it asks for, and what it may cost. */
import type { Capability } from '@tollgate/domain/routing/route.ts';
import { endUserOf } from '@tollgate/domain/usage/end-user.ts';
import { type ResponsesRequest, responsesRequest } from '@tollgate/schemas/openai/responses.ts';
import { memberOf } from '../../../relay/json-scan.ts';
import type {
  Endpoint,
  FactsRead,
  GuardedMembers,
  IncomingCall,
  InputTokens,
  LimitPlace,
} from '../../dialect.ts';
import { errorBody } from '../error-body.ts';
import { guardedMembers } from '../guarded-members.ts';
import {
  billedFields,
  invalidRequest,
  type JsonBody,
  memberRange,
  readJsonBody,
} from '../json-body.ts';
import { JsonCall, type JsonEndpoint } from '../json-call.ts';
import { tierOf } from '../listed-tiers.ts';
import { otherModelsOf } from '../other-models.ts';
import { ResponseAnswer } from './response-answer.ts';
import { ResponseStream } from './response-stream.ts';
import { boundsOf } from './responses-bounds.ts';
import { storedNames } from './stored-names.ts';

const NAME = 'responses';
const LIMIT = 'max_output_tokens';
/** What a provider may say to its model about tools. */
const TOOLS_TOKENS = 1_024;
const BILLED = billedFields([
  ...['model', 'input', 'instructions', 'stream', LIMIT, 'tools', 'service_tier', 'background'],
  ...['prompt', 'context_management', 'previous_response_id', 'conversation', 'text', 'reasoning'],
  ...['models', 'fallbacks', 'preset', 'plugins', 'extra_body'],
]);

const jsonResponses: JsonEndpoint = {
  path: '/responses',
  input: inputOf,
  unshown: () => null,
  // What it may be given again is kept by its provider, under an id that a client may ask for.
  leftOut: null,
  question: () => null,
  mayRepeat: () => false,
  limitField: LIMIT,
  promptIn: 'input',
  readers: (limits, asked) => ({
    stream: () => new ResponseStream(limits, asked),
    whole: () => new ResponseAnswer(limits, asked),
  }),
};

const guarded: GuardedMembers = {
  ...guardedMembers,
  identifiers: new Set([
    ...guardedMembers.identifiers,
    ...['encrypted_content', 'status', 'phase', 'include', 'truncation', 'effort', 'image_url'],
    ...['file_url', 'previous_response_id', 'conversation', 'prompt_cache_retention', 'syntax'],
  ]),
};

export const responses: Endpoint = {
  method: 'POST',
  path: '/v1/responses',
  aliases: ['/openai/responses'],
  name: NAME,
  read: readResponsesRequest,
  open: (facts) => new JsonCall(jsonResponses, facts),
  plainTexts: textsOf,
  guarded,
  errorBody,
};

function readResponsesRequest({ body: bytes }: IncomingCall, depthMax: number): FactsRead {
  const read = readJsonBody(bytes, depthMax, BILLED);
  if (!read.ok) return read;
  const { body } = read;
  const parsed = responsesRequest.safeParse(read.json);
  if (!parsed.success) return invalidRequest(parsed.error);
  const request = parsed.data;
  const names = storedNames(read.json as ResponsesRequest, body.bytes);
  if ('code' in names) return { ok: false, refusal: names };
  const inBackground = request.background === true;
  // What goes on without its call is asked for by its id, if only for a while.
  const isStored = inBackground || request['store'] !== false;
  const limit = request.max_output_tokens ?? null;
  const { unboundedBy, openParts } = boundsOf(request);
  return {
    ok: true,
    facts: {
      endpoint: NAME,
      model: request.model,
      stream: request.stream === true,
      endUser: endUserOf(request.safety_identifier, request.user),
      inputTokensMax: body.tokensMax + (request.tools?.length ? TOOLS_TOKENS : 0),
      outputTokensMax: limit,
      answerCount: 1,
      unboundedBy,
      openParts,
      needs: needsOf(request, openParts?.media),
      otherModels: otherModelsOf(request),
      ...tierOf(request.service_tier),
      stored: { names, keeps: isStored ? 'all' : 'of tools', inBackground },
      body: body.bytes,
      modelAt: memberRange(body, 'model'),
      limitAt: limit === null ? limitPlace(body) : null,
      members: body.scan.members,
      edits: [],
    },
  };
}

/** A client that wrote null keeps its member; otherwise there is one more, the first. */
function limitPlace(body: JsonBody): LimitPlace {
  const member = memberOf(body.scan, LIMIT);
  if (member !== undefined) return { name: LIMIT, start: member.start, end: member.end };
  const at = body.bytes.indexOf('{') + 1;
  return { name: null, start: at, end: at };
}

function needsOf(
  { tools, text }: ResponsesRequest,
  media: { image: Counted; audio: Counted; file: Counted } | undefined,
): Capability[] {
  const needs: Capability[] = [];
  if (tools != null && tools.length > 0) needs.push('tools');
  const format = (text as { format?: { type?: unknown } | null } | null | undefined)?.format;
  if (format?.type === 'json_schema') needs.push('json_schema');
  if (media === undefined) return needs;
  if (media.image.count > 0) needs.push('vision');
  if (media.audio.count > 0) needs.push('audio');
  if (media.file.count > 0) needs.push('files');
  return needs;
}

type Counted = { count: number };

/** What a model reads of it: the conversation, and what it is told of tools and forms. */
function inputOf(request: unknown): InputTokens {
  const { input, instructions, tools, text: form } = request as Record<string, unknown>;
  let text = '';
  for (const told of [instructions, input, tools, form]) {
    if (told !== undefined && told !== null) {
      text += typeof told === 'string' ? told : JSON.stringify(told);
    }
  }
  return { text, ids: 0 };
}

/** What a model reads of it word for word. */
function textsOf(request: unknown): string[] {
  const { input, instructions } = request as ResponsesRequest;
  const texts: string[] = [];
  for (const said of [instructions, input]) {
    if (typeof said === 'string') texts.push(said);
    else if (Array.isArray(said)) {
      for (const { content, type } of said) {
        if ((type ?? 'message') !== 'message') continue;
        if (typeof content === 'string') texts.push(content);
        else if (Array.isArray(content) && content.length === 1) {
          const text = content[0]?.['text'];
          if (typeof text === 'string') texts.push(text);
        }
      }
    }
  }
  return texts;
}
