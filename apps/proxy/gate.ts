/**
 * What every request meets before a route does, and what every page carries: which name was asked
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
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { houseDialect } from './dialects/dialects.ts';
import { errorCatalogue, type Refusal } from './errors.ts';

/**
 * @param refuse answers in the dialect of the route that was asked for
 * @param refuseUnserved answers on a path or method that nobody serves, before its body is read
 */
export function addGate(
  app: FastifyInstance,
  refuse: (reply: FastifyReply, refusal: Refusal) => void,
  refuseUnserved: (request: FastifyRequest, reply: FastifyReply) => void,
  isOurHost: HostPolicy = anyHost,
): void {
  app.addHook('onRequest', (request, reply, done) => {
    const param = repeatedHeader(request.raw.rawHeaders);
    if (param !== undefined) return refuse(reply, { code: 'repeated_header', param });
    if (!isOurHost(request.headers.host)) return refuse(reply, { code: 'host_not_allowed' });
    // seam: stranger-is-refused-unread
    if (request.is404) return refuseUnserved(request, reply);
    done();
  });
  // Answers of providers have a head of their own: call/headers.ts.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    reply.headers(PAGE_HEADERS);
    done();
  });
}

/** An answer for a connection on which no request could be read. */
export function answerToSocket(error: Error): string {
  const code = socketFault(error);
  return lastWords(
    errorCatalogue[code].status,
    'application/json',
    houseDialect.errorBody({ code }),
  );
}
