/** What reads an answer, by what the provider says that it is (RFC 9110 §8.3.1: in any case). */
import type { Answer, AnswerHeaders, AnswerLimits } from '../dialect.ts';
import { JsonAnswer } from './json-answer.ts';
import { StreamAnswer } from './stream-answer.ts';

/** @param stripUsageChunk the client did not ask for the chunk that states the usage */
export function openAnswer(
  headers: AnswerHeaders,
  limits: AnswerLimits,
  stripUsageChunk: boolean,
): Answer {
  const type = String(headers['content-type'] ?? '').toLowerCase();
  if (!type.startsWith('text/event-stream')) {
    return new JsonAnswer(limits.heldAnswerBytesMax, limits.answerTailBytes);
  }
  return new StreamAnswer({
    stripUsageChunk,
    eventBytesMax: limits.sseEventBytesMax,
    textBytesMax: limits.estimateTextBytesMax,
  });
}
