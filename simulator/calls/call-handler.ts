/**
 * One paid call from its headers to its last byte: authorise, read, plan, wait, then answer or fail
 * as told. A call that asks for a refusal or an unbilled fault is not charged; every other call is,
 * exactly once.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Bill } from '../bill/bill.ts';
import { chatBody } from '../chat/chat-json.ts';
import { type ChatPlan, planChat } from '../chat/chat-plan.ts';
import { type ChatRequest, readChatRequest } from '../chat/chat-request.ts';
import { streamChat } from '../chat/chat-stream.ts';
import {
  type EmbeddingsRequest,
  embeddingsBody,
  planEmbeddings,
  readEmbeddingsRequest,
} from '../embeddings/embeddings.ts';
import { parseObject, readBody } from '../http/body.ts';
import { ApiError, invalid, providerFailure } from '../http/openai-error.ts';
import type { GlobalKnobs } from '../knobs/global-knobs.ts';
import { requestKnobs } from '../knobs/knobs.ts';
import { limits } from '../limits.ts';
import { type Model, models } from '../price-table.ts';
import { answerJson } from './answer-json.ts';
import { Attempt, type AttemptFacts } from './attempt.ts';
import { Connection } from './connection.ts';
import type { Traffic } from './traffic.ts';

export type CallServices = {
  readonly bill: Bill;
  readonly knobs: GlobalKnobs;
  readonly traffic: Traffic;
};

type Planned =
  | { readonly attempt: Attempt; readonly chat: ChatRequest; readonly plan: ChatPlan }
  | { readonly attempt: Attempt; readonly embeddings: EmbeddingsRequest };

/** Throws `ApiError` for what is refused; otherwise the answer is over when it resolves. */
export async function handleCall(
  services: CallServices,
  request: IncomingMessage,
  response: ServerResponse,
  path: '/v1/chat/completions' | '/v1/embeddings',
): Promise<void> {
  const requestId = requestIdOf(response);
  authorise(request);
  const { traffic } = services;
  traffic.enter('calls');
  try {
    const startedAt = new Date().toISOString();
    const body = await readBody(request, limits.requestBodyBytesMax);
    const attemptId = attemptIdOf(request);
    const facts = {
      requestId,
      attemptId,
      endpoint: path,
      startedAt,
      bodyBytes: body.length,
    };
    const call = planCall(services, request, facts, parseObject(body));
    const fault = call.attempt.knobs.fault;
    await perform(call, new Connection(response, fault, traffic.stopping), traffic);
  } finally {
    traffic.leave('calls');
  }
}

/** Gives the answer its id, which every answer has, errors too. */
export function requestIdOf(response: ServerResponse): string {
  const known = response.getHeader('x-request-id');
  if (typeof known === 'string') return known;
  const made = `req_${randomUUID().replaceAll('-', '')}`;
  response.setHeader('x-request-id', made);
  return made;
}

/** Any non-empty bearer key will do; it is never stored or shown. */
export function authorise(request: IncomingMessage): void {
  if (/^Bearer \S+$/.test(request.headers.authorization ?? '')) return;
  throw new ApiError(
    401,
    "You didn't provide an API key. Use the header 'Authorization: Bearer YOUR_KEY'.",
    'invalid_api_key',
  );
}

function attemptIdOf(request: IncomingMessage): string | null {
  const id = request.headers['x-client-request-id'] ?? null;
  if (id === null || (typeof id === 'string' && id.length <= limits.attemptIdCharsMax)) return id;
  throw invalid('x-client-request-id', 'The header x-client-request-id is too long.');
}

function planCall(
  services: CallServices,
  request: IncomingMessage,
  facts: AttemptFacts,
  body: Record<string, unknown>,
): Planned {
  const { bill, knobs: globalKnobs } = services;
  const model = modelOf(body['model']);
  const own = requestKnobs(request.headers, body['metadata']);
  if (facts.endpoint === '/v1/embeddings') {
    const embeddings = readEmbeddingsRequest(body, model);
    const knobs = globalKnobs.for(own);
    const usage = planEmbeddings(embeddings, knobs, facts.bodyBytes);
    return { attempt: new Attempt(facts, model, knobs, usage, bill), embeddings };
  }
  const chat = readChatRequest(body, model);
  const knobs = globalKnobs.for(own);
  const plan = planChat(chat, knobs, facts.bodyBytes);
  return { attempt: new Attempt(facts, model, knobs, plan.usage, bill), chat, plan };
}

function modelOf(id: unknown): Model {
  if (typeof id !== 'string') throw invalid('model', 'You must provide a model parameter.');
  const model = models.get(id);
  if (model !== undefined) return model;
  const message = `The model '${id.slice(0, 100)}' does not exist.`;
  throw new ApiError(404, message, 'model_not_found', 'model');
}

async function perform(call: Planned, connection: Connection, traffic: Traffic): Promise<void> {
  const { attempt } = call;
  const { latency_ms: latencyMs, token_pace_ms: paceMs, fault } = attempt.knobs;
  const receivedMs = performance.now();
  if (fault?.kind === 'status' || fault?.kind === 'bill_then_500') {
    await connection.sleepUntil(receivedMs + (latencyMs ?? 0));
    const billed = fault.kind === 'bill_then_500' || attempt.knobs.bill_on_fault === true;
    if (billed) await attempt.charge(attempt.planned, 'fault');
    else traffic.countUnbilled(fault.status);
    throw providerFailure(fault.kind === 'status' ? fault.status : 500);
  }
  if ('chat' in call && call.chat.stream) {
    traffic.enter('streams');
    try {
      await connection.sleepUntil(receivedMs + (latencyMs ?? 0));
      await streamChat(attempt, connection, call.plan, call.chat.includeUsage);
    } finally {
      traffic.leave('streams');
    }
    return;
  }
  const { outputTokens, reasoningTokens } = attempt.planned;
  const generationMs = (paceMs ?? 0) * (outputTokens + reasoningTokens);
  await connection.sleepUntil(receivedMs + (latencyMs ?? 0) + generationMs);
  const body =
    'chat' in call ? chatBody(attempt, call.plan) : embeddingsBody(attempt, call.embeddings);
  await answerJson(attempt, connection, body);
}
