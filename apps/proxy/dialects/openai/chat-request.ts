/** `POST /v1/chat/completions`: what it asks for, and what it may cost. */
import { endUserOf } from '@tollgate/domain/usage/end-user.ts';
import { isPlainChatRequest } from '@tollgate/schemas/openai/plain-request.ts';
import { chatCompletionRequest } from '@tollgate/schemas/openai/requests.ts';
import { type Edit, memberOf } from '../../relay/json-scan.ts';
import type {
  Endpoint,
  FactsRead,
  IncomingCall,
  InputTokens,
  LimitPlace,
  RequestFacts,
} from '../dialect.ts';
import { leavesOut } from './cached/cache-text.ts';
import { questionOf } from './cached/question.ts';
import { isWholeChat } from './cached/whole-answer.ts';
import { type ChatCompletionRequest, unboundedPart } from './chat-bounds.ts';
import { errorBody } from './error-body.ts';
import { guardedMembers } from './guarded-members.ts';
import { invalidRequest, type JsonBody, memberRange, readJsonBody } from './json-body.ts';
import { JsonCall, type JsonEndpoint } from './json-call.ts';
import { tierOf } from './listed-tiers.ts';
import { needsOf } from './needs.ts';
import { openPartsOf } from './open-parts.ts';
import { otherModelsOf } from './other-models.ts';
import { storedInChat } from './stored-in-chat.ts';
import { optionNamedTwice, usageChunk } from './stream-options.ts';
import { unshownOfChat } from './unshown-output.ts';

const NAME = 'chat.completions';
/** What a provider may say to its model about tools; Anthropic's text has a few hundred tokens. */
const TOOLS_TOKENS = 1_024;
const NO_EDITS: readonly Edit[] = [];

const jsonChat: JsonEndpoint = {
  path: '/chat/completions',
  input: inputOf,
  unshown: unshownOfChat,
  leftOut: leavesOut.chat,
  question: questionOf,
  mayRepeat: isWholeChat,
};

export const chatCompletions: Endpoint = {
  method: 'POST',
  path: '/v1/chat/completions',
  name: NAME,
  read: readChatRequest,
  open: (facts) => new JsonCall(jsonChat, facts),
  plainTexts: textsOf,
  guarded: guardedMembers,
  errorBody,
};

function readChatRequest({ body: bytes }: IncomingCall, depthMax: number): FactsRead {
  const read = readJsonBody(bytes, depthMax);
  if (!read.ok) return read;
  const { json, body } = read;
  const twice = optionNamedTwice(body);
  if (twice !== undefined) return twice;
  if (isPlainChatRequest(json)) return { ok: true, facts: factsOf(body, json) };
  const parsed = chatCompletionRequest.safeParse(json);
  if (!parsed.success) return invalidRequest(parsed.error);
  return { ok: true, facts: factsOf(body, parsed.data) };
}

function factsOf(body: JsonBody, request: ChatCompletionRequest): RequestFacts {
  const answers = request.n ?? 1;
  const limit = outputLimit(request.max_tokens, request.max_completion_tokens);
  const stream = request.stream === true;
  const unboundedBy = unboundedPart(request);
  const statesUsage = !stream || request.stream_options?.include_usage === true;
  return {
    endpoint: NAME,
    model: request.model,
    stream,
    endUser: endUserOf(request.safety_identifier, request.user),
    inputTokensMax: body.tokensMax + (request.tools?.length ? TOOLS_TOKENS : 0),
    outputTokensMax: limit === null ? null : limit * answers,
    answerCount: answers,
    unboundedBy,
    openParts: unboundedBy === null ? null : openPartsOf(request),
    needs: needsOf(request, unboundedBy !== null),
    otherModels: otherModelsOf(request),
    ...tierOf(request.service_tier),
    ...storedInChat(request),
    body: body.bytes,
    modelAt: memberRange(body, 'model'),
    limitAt: limit === null ? limitPlace(body) : null,
    members: body.scan.members,
    edits: statesUsage ? NO_EDITS : [usageChunk(body)],
  };
}

/** What a model reads of it: the conversation, and what it is told of tools and forms. */
function inputOf(request: unknown): InputTokens {
  const { messages, tools, response_format } = request as Record<string, unknown>;
  let text = JSON.stringify(messages);
  for (const told of [tools, response_format]) {
    if (told !== undefined && told !== null) text += JSON.stringify(told);
  }
  return { text, ids: 0 };
}

/** Roles whose text a provider writes into the prompt as it is. */
const SPOKEN = new Set(['system', 'developer', 'user', 'assistant']);

/**
 * What a model reads of it word for word. Of parts that a provider may join, nobody knows where the
 * tokenizer would begin.
 */
function textsOf(request: unknown): string[] {
  const { messages } = request as ChatCompletionRequest;
  const texts: string[] = [];
  for (const { role, content } of messages) {
    if (!SPOKEN.has(role)) continue;
    if (typeof content === 'string') texts.push(content);
    else if (Array.isArray(content) && content.length === 1) {
      const [{ type, text }] = content as [{ type: string; text?: unknown }];
      if (type === 'text' && typeof text === 'string') texts.push(text);
    }
  }
  return texts;
}

/** A client that wrote null keeps its member; otherwise there is one more, the first. */
function limitPlace(body: JsonBody): LimitPlace {
  for (const name of ['max_completion_tokens', 'max_tokens']) {
    const member = memberOf(body.scan, name);
    if (member !== undefined) return { name, start: member.start, end: member.end };
  }
  const at = body.bytes.indexOf('{') + 1;
  return { name: null, start: at, end: at };
}

/** Both limits set: which one the provider obeys is its own business, so the larger one counts. */
function outputLimit(
  maxTokens: number | null | undefined,
  maxCompletionTokens: number | null | undefined,
): number | null {
  if (maxTokens == null) return maxCompletionTokens ?? null;
  return Math.max(maxTokens, maxCompletionTokens ?? 0);
}
