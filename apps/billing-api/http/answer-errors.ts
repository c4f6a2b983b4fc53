/**
 * Answers every failure with a problem body; failures of the server go to the operator's log too.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ApiContext } from '../context.ts';
import { ApiProblem, type ErrorCode, errorCatalogue, problemBody } from './errors.ts';
import { unpackProblem } from './unpack-requests.ts';

/** Fastify's own errors, and the codes of our catalogue for them. */
const FASTIFY_ERRORS: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_request',
  FST_ERR_BAD_URL: 'malformed_request',
  FST_ERR_MAX_PARAM_LENGTH: 'unknown_path',
};

export function answerErrors(app: FastifyInstance, context: Pick<ApiContext, 'onError'>): void {
  app.setNotFoundHandler((request, reply) => {
    send(reply, new ApiProblem('unknown_path'), request.id);
  });
  app.setErrorHandler((error: Error & { code?: string }, request, reply) =>
    answerError(error, request.id, reply, context),
  );
}

export function answerError(
  error: Error & { code?: string; statusCode?: number },
  requestId: string,
  reply: FastifyReply,
  context: Pick<ApiContext, 'onError'>,
): void {
  if (error instanceof ApiProblem) {
    if (errorCatalogue[error.code].status >= 500) context.onError(error.message, error);
    return send(reply, error, requestId);
  }
  const unpacking = unpackProblem(error);
  if (unpacking !== undefined) return send(reply, unpacking, requestId);
  const code = FASTIFY_ERRORS[error.code ?? ''] ?? byStatus(error.statusCode);
  if (code === 'internal_error') context.onError(`request ${requestId} failed`, error);
  send(reply, new ApiProblem(code), requestId);
}

/** A later Fastify may refuse what this one takes: what it blames on the request is no 500. */
function byStatus(status: number | undefined): ErrorCode {
  return status !== undefined && status >= 400 && status < 500
    ? 'malformed_request'
    : 'internal_error';
}

function send(reply: FastifyReply, problem: ApiProblem, requestId: string): void {
  const { status, retryable } = errorCatalogue[problem.code];
  if (status === 503 && retryable) reply.header('retry-after', '1');
  void reply
    .code(status)
    .type('application/problem+json')
    .send(JSON.stringify(problemBody(problem, requestId)));
}
