/** Gives what a call came to once more, to who asks under the same `Idempotency-Key`. */
import type { FastifyReply } from 'fastify';
import type { AnswerRecord } from './answer-record.ts';

/** Answers without a body (RFC 9110 §8.6). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

export function replay(reply: FastifyReply, { status, headers, body }: AnswerRecord): void {
  reply.hijack();
  const length = BODILESS.has(status) ? {} : { 'content-length': body.length };
  reply.raw.writeHead(status, { ...headers, ...length, 'idempotent-replayed': 'true' });
  reply.raw.end(body);
}
