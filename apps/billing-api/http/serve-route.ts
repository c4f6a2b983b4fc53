/**
 * Serves one declared route: admission and authorization before the body is read, then the answer.
 * Nothing here knows what a route is about.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiContext } from '../context.ts';
import { isOpenedByLink, withoutLink } from '../links/opened-by-link.ts';
import { answer, downloadOf } from './answer.ts';
import { parseJsonBody } from './body.ts';
import { ApiProblem } from './errors.ts';
import { type Idempotency, readIdempotencyKey } from './idempotency.ts';
import type { ApiRoute } from './route.ts';
import { sendDownload } from './send-download.ts';
import { keyIdOf } from './virtual-key.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the virtual key that asks, where the route is for such. */
    keyId: string | null;
  }
}

const BEARER = /^Bearer +(\S+) *$/i;

/** Counts requests until the answer was sent or the client left. @throws ApiProblem overloaded */
export function admission(most: number): (reply: FastifyReply) => void {
  let inFlight = 0;
  return (reply) => {
    if (inFlight >= most) throw new ApiProblem('overloaded');
    inFlight++;
    reply.raw.once('close', () => inFlight--);
  };
}

type RouteDeps = {
  context: ApiContext;
  idempotency: Idempotency;
  admit: (reply: FastifyReply) => void;
  /** Files have a bound of their own: each reads for as long as its reader takes. */
  admitDownload: (reply: FastifyReply) => void;
};

export function serveRoute(app: FastifyInstance, route: ApiRoute, deps: RouteDeps): void {
  const { context, idempotency, admit, admitDownload } = deps;
  app.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    onRequest: async (request, reply) => {
      if (route.auth === 'key') request.keyId = identify(request, context);
      else if (!isOpenedByLink(route, request, context)) authorize(request, context);
      admit(reply);
      if (route.downloads !== undefined) admitDownload(reply);
    },
    handler: async (request, reply) => {
      const { body, mediaType } = bodyOf(route, request, context.limits.requestDepthMax);
      const incoming = {
        id: request.id,
        path: request.url.split('?', 1)[0] ?? '',
        params: request.params,
        query: withoutLink(request.query as Record<string, unknown>),
        body,
        mediaType,
        idempotencyKey: readIdempotencyKey(request.headers['idempotency-key']),
        signal: leaving(reply),
        keyId: request.keyId,
        warn: (fields: Record<string, string | number>, message: string) =>
          context.onError(`${message} ${JSON.stringify(fields)}`, undefined),
      };
      if (route.downloads !== undefined) {
        return sendDownload(reply, await downloadOf(route, incoming, context), {
          accepts: request.headers['accept-encoding'],
          stalledMs: context.limits.downloadStalledMs,
        });
      }
      const answered = await answer(route, incoming, context, idempotency);
      if (answered.repeated) reply.header('idempotent-replayed', 'true');
      const type = answered.status < 400 ? 'application/json' : 'application/problem+json';
      return reply.code(answered.status).type(type).send(answered.body);
    },
  });
}

function bodyOf(route: ApiRoute, { body: sent, headers, raw }: FastifyRequest, depthMax: number) {
  const json = () => (Buffer.isBuffer(sent) ? parseJsonBody(sent, depthMax) : undefined);
  const named = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  const mediaType = named ?? null;
  if (route.bodyOf === undefined) return { body: json(), mediaType };
  return route.bodyOf({ rawHeaders: raw.rawHeaders, mediaType, json });
}

/** Aborted when the connection closes before the answer was written. */
function leaving({ raw }: FastifyReply): AbortSignal {
  const left = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) left.abort();
  });
  return left.signal;
}

/** @returns id of the virtual key */
function identify({ headers }: FastifyRequest, context: ApiContext): string {
  const { authorization } = headers;
  if (authorization === undefined) throw new ApiProblem('missing_key');
  return keyIdOf(BEARER.exec(authorization)?.[1] ?? '', context);
}

function authorize(request: FastifyRequest, context: ApiContext): void {
  const { authorization } = request.headers;
  if (authorization === undefined) throw new ApiProblem('missing_token');
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined || !context.secrets.isAdminToken(token)) {
    throw new ApiProblem('invalid_token');
  }
}
