/** `POST /v1/chat/completions`: what it asks for, and what it may cost. */
import { isPlainChatRequest } from '@tollgate/schemas/openai/plain-request.ts';
import { chatCompletionRequest } from '@tollgate/schemas/openai/requests.ts';
import { type JsonScan, scanJson, withMember } from '../../relay/json-scan.ts';
import type {
  Answer,
  AnswerHeaders,
  AnswerLimits,
  CallRead,
  CallRequest,
  Endpoint,
  IncomingCall,
  UpstreamRequest,
} from '../dialect.ts';
import { openAnswer } from './answer.ts';
import { type ChatCompletionRequest, unboundedPart } from './chat-bounds.ts';
import { errorBody } from './error-body.ts';
import {
  asSent,
  invalidRequest,
  type JsonBody,
  memberText,
  readJsonBody,
  withModel,
} from './json-body.ts';
import { searches } from './searching-models.ts';

const NAME = 'chat.completions';
/** What a provider may say to its model about tools; Anthropic's text has a few hundred tokens. */
const TOOLS_TOKENS = 1_024;
const STREAM_HEADERS = { accept: 'text/event-stream' };
const JSON_HEADERS = { accept: 'application/json' };

export const chatCompletions: Endpoint = {
  method: 'POST',
  path: '/v1/chat/completions',
  name: NAME,
  read: readChatRequest,
  errorBody,
};

export function readChatRequest({ body: bytes }: IncomingCall, depthMax: number): CallRead {
  const read = readJsonBody(bytes, depthMax);
  if (!read.ok) return read;
  const { json, body } = read;
  if (isPlainChatRequest(json)) return { ok: true, request: new ChatCall(body, json) };
  const parsed = chatCompletionRequest.safeParse(json);
  if (!parsed.success) return invalidRequest(parsed.error);
  return { ok: true, request: new ChatCall(body, parsed.data) };
}

class ChatCall implements CallRequest {
  readonly endpoint = NAME;
  readonly model: string;
  readonly stream: boolean;
  readonly endUser: string | null;
  readonly inputTokensMax: number;
  readonly outputTokensMax: number | null;
  readonly answerCount: number;
  readonly unboundedBy: string | null;
  readonly #body: JsonBody;
  /** We ask for the chunk that states the usage; a client that did not must not get it. */
  readonly #injectsUsageChunk: boolean;

  constructor(body: JsonBody, request: ChatCompletionRequest) {
    const answers = request.n ?? 1;
    const limit = outputLimit(request.max_tokens, request.max_completion_tokens);
    this.model = request.model;
    this.stream = request.stream === true;
    this.endUser = request.user ?? null;
    this.inputTokensMax = body.tokensMax + (request.tools?.length ? TOOLS_TOKENS : 0);
    this.outputTokensMax = limit === null ? null : limit * answers;
    this.answerCount = answers;
    this.unboundedBy = unboundedPart(request);
    this.#body = body;
    this.#injectsUsageChunk = this.stream && request.stream_options?.include_usage !== true;
  }

  unboundedModel(model: string): string | null {
    return searches(model);
  }

  upstream(model: string): UpstreamRequest {
    const body = this.#body;
    let { text, scan } = body;
    if (model !== this.model) {
      text = withModel(body, model);
      scan = scanJson(text);
    }
    if (this.#injectsUsageChunk) {
      text = withMember(text, scan, 'stream_options', streamOptions(text, scan));
    }
    const headers = this.stream ? STREAM_HEADERS : JSON_HEADERS;
    return { path: '/chat/completions', headers, body: asSent(body, text) };
  }

  answer(headers: AnswerHeaders, limits: AnswerLimits): Answer {
    return openAnswer(headers, limits, this.#injectsUsageChunk);
  }

  inputText(): string {
    return memberText(this.#body, 'messages');
  }
}

/** Both limits set: which one the provider obeys is its own business, so the larger one counts. */
function outputLimit(
  maxTokens: number | null | undefined,
  maxCompletionTokens: number | null | undefined,
): number | null {
  if (maxTokens == null) return maxCompletionTokens ?? null;
  return Math.max(maxTokens, maxCompletionTokens ?? 0);
}

function streamOptions(text: string, scan: JsonScan): string {
  const member = scan.members.find((candidate) => candidate.name === 'stream_options');
  const given = member === undefined ? null : JSON.parse(text.slice(member.start, member.end));
  return JSON.stringify({ ...(given as object | null), include_usage: true });
}
