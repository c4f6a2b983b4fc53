/** Gives what a call came to once more, to who asks under the same `Idempotency-Key`. */
import type { FastifyReply } from 'fastify';
import { endWhole } from '../call/end-whole.ts';
import type { AnswerRecord } from './answer-record.ts';

/** Answers without a body (RFC 9110 §8.6). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** @param done see `endWhole` */
export function replay(
  reply: FastifyReply,
  { status, headers, body }: AnswerRecord,
  stallMs: number,
  done: () => void,
): void {
  reply.hijack();
  if (reply.raw.destroyed) return done();
  const length = BODILESS.has(status) ? {} : { 'content-length': body.length };
  reply.raw.writeHead(status, { ...headers, ...length, 'idempotent-replayed': 'true' });
  endWhole(reply.raw, body, stallMs, done);
}
