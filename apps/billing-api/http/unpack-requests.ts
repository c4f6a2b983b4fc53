/** Unpacks compressed bodies before they are parsed; the bound of a body is that of what it unpacks to. */
import {
  ACCEPTED_PACKINGS,
  namedPacking,
  UnpackFailure,
  unpackBody,
} from '@tollgate/adapters/http/content-coding.ts';
import type { preParsingHookHandler } from 'fastify';
import { ApiProblem } from './errors.ts';

export function unpackRequests(bytesMax: number): preParsingHookHandler {
  return (request, reply, payload, done) => {
    const packing = namedPacking(request.headers['content-encoding']);
    if (packing === null) return done(null, payload);
    if (packing === 'unknown') {
      reply.header('accept-encoding', ACCEPTED_PACKINGS);
      return done(new ApiProblem('unsupported_encoding'));
    }
    const body = unpackBody(payload, packing, bytesMax);
    // Fastify listens while it reads; what fails afterwards has been answered.
    body.on('error', () => undefined);
    done(null, body);
  };
}

/** The problem of a body that cannot be unpacked; undefined: the error is of another kind. */
export function unpackProblem(error: Error): ApiProblem | undefined {
  if (!(error instanceof UnpackFailure)) return undefined;
  return new ApiProblem(error.kind === 'too_large' ? 'request_too_large' : 'invalid_encoding');
}
