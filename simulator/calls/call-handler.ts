/**
 * One paid call from its headers to its last byte: authorise, read, plan, wait, then answer or fail
 * as told. A call that asks for a refusal or an unbilled fault is not charged; every other call is,
 * exactly once.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Bill } from '../bill/bill.ts';
import { parseObject, readBody } from '../http/body.ts';
import { invalid, providerFailure } from '../http/openai-error.ts';
import type { GlobalKnobs } from '../knobs/global-knobs.ts';
import { requestKnobs } from '../knobs/knobs.ts';
import { limits } from '../limits.ts';
import { readForm } from '../media/form.ts';
import { answerWhole } from './answer-json.ts';
import { Attempt } from './attempt.ts';
import { generateUnattended } from './background.ts';
import { Connection } from './connection.ts';
import type { Answer, PaidEndpoint } from './dialect.ts';
import { failsMidway, streamAnswer } from './stream-answer.ts';
import type { Traffic } from './traffic.ts';

export type CallServices = {
  readonly bill: Bill;
  readonly knobs: GlobalKnobs;
  readonly traffic: Traffic;
};

type PlannedCall = {
  readonly attempt: Attempt;
  readonly streams: boolean;
  readonly answer: () => Answer;
};

/** Throws `ApiError` for what is refused; otherwise the answer is over when it resolves. */
export async function handleCall(
  services: CallServices,
  request: IncomingMessage,
  response: ServerResponse,
  endpoint: PaidEndpoint,
  { url, pathId }: { url: URL; pathId: string },
): Promise<void> {
  const requestId = requestIdOf(response);
  const { traffic } = services;
  traffic.enter('calls');
  try {
    const startedAt = new Date().toISOString();
    const bytes = await readBody(request, limits.requestBodyBytesMax);
    const facts = { requestId, attemptId: attemptIdOf(request), startedAt };
    const { headers } = request;
    const type = headers['content-type'] ?? '';
    const isForm = endpoint.takesForms === true && type.startsWith('multipart/form-data');
    const body = isForm ? await readForm(bytes, type) : parseObject(bytes);
    const read = { body, bodyBytes: bytes.length, headers, url, pathId };
    const call = planCall(services, endpoint, facts, read);
    const { fault } = call.attempt.knobs;
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

function attemptIdOf(request: IncomingMessage): string | null {
  const id = request.headers['x-client-request-id'] ?? null;
  if (id === null || (typeof id === 'string' && id.length <= limits.attemptIdCharsMax)) return id;
  throw invalid('x-client-request-id', 'The header x-client-request-id is too long.');
}

function planCall(
  { bill, knobs: globalKnobs }: CallServices,
  endpoint: PaidEndpoint,
  facts: { requestId: string; attemptId: string | null; startedAt: string },
  call: Parameters<PaidEndpoint['read']>[0],
): PlannedCall {
  const own = requestKnobs(call.headers, endpoint.knobsIn(call.body));
  const read = endpoint.read(call);
  const { model, serviceTier, streams } = read;
  // Last, since it may draw a fault: a refused call takes none of them.
  const knobs = globalKnobs.for(own);
  const { usage, answer } = read.plan(knobs);
  const { name, reasoningIsOutput } = endpoint;
  const all = { ...facts, endpoint: name, bodyBytes: call.bodyBytes, serviceTier };
  const attempt = new Attempt({ ...all, reasoningIsOutput }, model, knobs, usage, bill);
  return { attempt, streams, answer: () => answer(attempt) };
}

async function perform(
  { attempt, streams, answer }: PlannedCall,
  connection: Connection,
  traffic: Traffic,
): Promise<void> {
  const { latency_ms: latencyMs = 0, token_pace_ms: paceMs = 0, fault } = attempt.knobs;
  const startMs = performance.now() + latencyMs;
  if (fault?.kind === 'status' || fault?.kind === 'bill_then_500') {
    await connection.sleepUntil(startMs);
    const billed = fault.kind === 'bill_then_500' || attempt.knobs.bill_on_fault === true;
    if (billed) await attempt.charge(attempt.planned, 'fault');
    else traffic.countUnbilled(fault.status);
    throw providerFailure(fault.kind === 'status' ? fault.status : 500);
  }
  const made = answer();
  if (made.kind === 'background') {
    connection.head(200, { 'content-type': 'application/json' });
    connection.end(made.accepted);
    return generateUnattended(attempt, made.job, startMs, traffic.stopping);
  }
  if (streams) traffic.enter('streams');
  try {
    const { outputTokens, reasoningTokens } = attempt.planned;
    const generationMs = streams ? 0 : paceMs * (outputTokens + reasoningTokens);
    await connection.sleepUntil(startMs + generationMs);
    if (made.kind === 'stream') {
      return await streamAnswer(attempt, connection, made.generation, made.writer);
    }
    await failIfMidway(attempt);
    if (made.kind === 'bytes') {
      return await answerWhole(attempt, connection, made.body(), made.contentType);
    }
    await answerWhole(attempt, connection, Buffer.from(made.body()), 'application/json');
  } finally {
    if (streams) traffic.leave('streams');
  }
}

/** Where a JSON answer fails midway, no byte of it was sent: what was generated is charged. */
async function failIfMidway(attempt: Attempt): Promise<void> {
  const tokens = failsMidway(attempt);
  if (tokens === undefined) return;
  const reasoningTokens = Math.min(tokens, attempt.planned.reasoningTokens);
  const outputTokens = tokens - reasoningTokens;
  await attempt.charge({ ...attempt.planned, reasoningTokens, outputTokens }, 'fault');
  throw providerFailure(500);
}
