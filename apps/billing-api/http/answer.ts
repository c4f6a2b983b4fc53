/**
 * From an authorised request to its answer: parse it, call the route's handler, or repeat an
 * answer.
 */
import { ID_RANDOM_BYTES, makeId } from '@tollgate/domain/ids/ids.ts';
import type { z } from 'zod';
import type { ApiContext } from '../context.ts';
import { ApiProblem, errorCatalogue, type FieldError, problemBody } from './errors.ts';
import { hashRequest, type Idempotency, type StoredAnswer } from './idempotency.ts';
import { type ApiRequest, type ApiRoute, type Download, download } from './route.ts';

/** The request as the server received it. */
export type Incoming = {
  id: string;
  path: string;
  params: unknown;
  query: unknown;
  body: unknown;
  mediaType: string | null;
  idempotencyKey: string | null;
  signal: AbortSignal;
  keyId: string | null;
  warn: ApiRequest<unknown, unknown, unknown>['warn'];
};

type Parsed = { params: unknown; query: unknown; body: unknown };

/**
 * @returns status and JSON text
 * @throws ApiProblem; anything else is a bug
 */
export async function answer(
  route: ApiRoute,
  incoming: Incoming,
  context: ApiContext,
  idempotency: Idempotency,
): Promise<StoredAnswer & { repeated: boolean }> {
  const parsed = parseRequest(route, incoming, context);
  const repeatable = route.method === 'POST' && route.readOnly !== true;
  const key = repeatable ? incoming.idempotencyKey : null;
  if (key === null) {
    const commandId = Buffer.from(context.randomBytes(32)).toString('hex');
    const request = requestOf(incoming, parsed, context, commandId, context.clock());
    const body = await route.handler(request, context);
    return { status: route.status, body: JSON.stringify(body), repeated: false };
  }
  const { method } = route;
  const requestHash = hashRequest({ method, path: incoming.path, body: parsed.body });
  const claimed = { key, requestHash, nowMs: context.clock() };
  return await idempotency.withClaim(claimed, async (claim, store) => {
    const { commandId, receivedAtMs } = claim;
    const request = requestOf(incoming, parsed, context, commandId, receivedAtMs);
    if (claim.answer !== null) {
      return { ...restored(route, claim.answer, request, context), repeated: true };
    }
    const { whole, stored } = await carryOut(route, request, context, incoming.id);
    await store(stored);
    return { ...whole, repeated: false };
  });
}

/** Of a route whose answer is a file. @throws ApiProblem; anything else is a bug */
export async function downloadOf(
  route: ApiRoute,
  incoming: Incoming,
  context: ApiContext,
): Promise<Download> {
  const parsed = parseRequest(route, incoming, context);
  const commandId = Buffer.from(context.randomBytes(32)).toString('hex');
  const request = requestOf(incoming, parsed, context, commandId, context.clock());
  return download.parse(await route.handler(request, context));
}

/** A refusal that will not change is an answer like any other, so it is stored too. */
async function carryOut(
  route: ApiRoute,
  request: ApiRequest<unknown, unknown, unknown>,
  context: ApiContext,
  requestId: string,
): Promise<{ whole: StoredAnswer; stored: StoredAnswer }> {
  try {
    const body = await route.handler(request, context);
    const whole = { status: route.status, body: JSON.stringify(body) };
    if (route.withoutSecrets === undefined) return { whole, stored: whole };
    return { whole, stored: { ...whole, body: JSON.stringify(route.withoutSecrets(body)) } };
  } catch (error) {
    if (!(error instanceof ApiProblem) || errorCatalogue[error.code].retryable) throw error;
    const body = JSON.stringify(problemBody(error, requestId));
    const refused = { status: errorCatalogue[error.code].status, body };
    return { whole: refused, stored: refused };
  }
}

function restored(
  route: ApiRoute,
  stored: StoredAnswer,
  request: ApiRequest<unknown, unknown, unknown>,
  context: ApiContext,
): StoredAnswer {
  if (route.restore === undefined || stored.status !== route.status) return stored;
  const body = route.restore(JSON.parse(stored.body), request, context);
  return { status: stored.status, body: JSON.stringify(body) };
}

function requestOf(
  incoming: Incoming,
  parsed: Parsed,
  context: ApiContext,
  commandId: string,
  timeMs: number,
): ApiRequest<unknown, unknown, unknown> {
  const random = (label: string, length: number) =>
    context.secrets.deriveBytes(`request|${commandId}|${label}`, length);
  return {
    ...parsed,
    mediaType: incoming.mediaType,
    timeMs,
    commandId,
    random,
    secretBytes: (label, length) =>
      context.replayKeys.derive(timeMs, `request|${commandId}|${label}`, length),
    newId: (prefix) => makeId(prefix, timeMs, random(`id|${prefix}`, ID_RANDOM_BYTES)),
    signal: incoming.signal,
    keyId: incoming.keyId,
    warn: incoming.warn,
  };
}

function parseRequest(route: ApiRoute, incoming: Incoming, context: ApiContext): Parsed {
  const mediaTypes = route.mediaTypes ?? ['application/json'];
  if (incoming.body !== undefined && !mediaTypes.includes(incoming.mediaType ?? '')) {
    throw new ApiProblem('unsupported_media_type', { detail: `Use ${mediaTypes.join(' or ')}.` });
  }
  const errors: FieldError[] = [];
  const parse = (part: string, schema: z.ZodType, value: unknown): unknown => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      const path = [part, ...issue.path.map(String)].join('.');
      errors.push({ path, message: issue.message });
    }
    return undefined;
  };
  const parsed = {
    params: parse('path', route.params, incoming.params),
    query: parse('query', route.query, incoming.query),
    body: route.body === null ? undefined : parse('body', route.body, incoming.body ?? {}),
  };
  if (errors.length === 0) return parsed;
  if (incoming.body === undefined && route.body !== null) throw new ApiProblem('body_required');
  throw new ApiProblem('invalid_request', {
    errors: errors.slice(0, context.limits.fieldErrorsMax),
  });
}
