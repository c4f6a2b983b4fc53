/**
 * What every request meets before a route does, and what every answer carries: which name was asked
 * for, whether a header is there twice, how browsers may use the page.
 */
import {
  anyHost,
  type HostPolicy,
  lastWords,
  PAGE_HEADERS,
  repeatedHeader,
  socketFault,
} from '@tollgate/adapters/http/manners.ts';
import type { FastifyInstance } from 'fastify';
import { ApiProblem, errorCatalogue, problemBody } from './errors.ts';

export function addGate(app: FastifyInstance, isOurHost: HostPolicy = anyHost): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(PAGE_HEADERS);
    const detail = repeatedHeader(request.raw.rawHeaders);
    if (detail !== undefined) throw new ApiProblem('repeated_header', { detail });
    if (!isOurHost(request.headers.host)) throw new ApiProblem('host_not_allowed');
  });
}

/** A problem for a connection on which no request could be read. */
export function problemOfSocket(error: Error, requestId: string): string {
  const code = socketFault(error);
  const body = JSON.stringify(problemBody(new ApiProblem(code), requestId));
  return lastWords(errorCatalogue[code].status, 'application/problem+json', body);
}
