/**
 * From a call's bytes to what it asks for (docs/design.md, Understand), and the same of a call that
 * guardrails are about: they see its bytes before anybody else does, and what it asks for before it is
 * held, recorded or sent.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { FactsRead, RequestFacts } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { CallGuard } from '../guardrails/call-guard.ts';
import type { CallDeps } from './call-deps.ts';
import { withEndUser } from './end-user.ts';
import type { Place } from './in-flight.ts';
import type { CallFacts } from './refusal.ts';

/** A call whose body has arrived. */
export type UnreadCall = {
  facts: CallFacts;
  headers: IncomingHttpHeaders;
  place: Place;
  reply: FastifyReply;
};

/** Large bodies are read in a thread. */
export function readBody(
  { bodies, limits }: Pick<CallDeps, 'bodies' | 'limits'>,
  body: Buffer,
  { endpoint, key, target }: CallFacts,
): FactsRead | Promise<FactsRead> {
  if (body.length > limits.bodyInlineBytesMax) {
    return bodies.read(endpoint.name, body, key.customerId, target);
  }
  return endpoint.read({ body, target }, limits.requestDepthMax);
}

/** @param go goes on with what was read, or refuses */
export async function guardedCall(
  deps: CallDeps,
  guard: CallGuard,
  body: Buffer,
  { facts, headers }: UnreadCall,
  go: (found: RequestFacts | Refusal) => Promise<void> | void,
): Promise<void> {
  const { endpoint, callId } = facts;
  const passed = await guard.body(endpoint, body, facts.target);
  if (!Buffer.isBuffer(passed)) return go(passed);
  const read = await readBody(deps, passed, facts);
  if (!read.ok) return go(read.refusal);
  const named = withEndUser(read.facts, headers);
  if ('code' in named) return go(named);
  // So that the event of a refusal says what was asked for.
  facts.request = endpoint.open(named);
  const refusal = await guard.request(named, endpoint, headers, callId);
  return go(refusal ?? named);
}
