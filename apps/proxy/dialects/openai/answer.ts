/** What reads an answer: by its first bytes, and by what the provider says that it is. */
import { isEvents, packingOf } from '../../relay/body-kind.ts';
import { PackedBody } from '../../relay/packed-body.ts';
import type { Answer, AnswerHeaders, AnswerLimits } from '../dialect.ts';
import { JsonAnswer } from './json-answer.ts';
import { PackedAnswer } from './packed-answer.ts';
import { StreamAnswer } from './stream-answer.ts';

/**
 * @param stripUsageChunk the client did not ask for the chunk that states the usage
 * @param first the first bytes of its body; empty: there are none
 */
export function openAnswer(
  headers: AnswerHeaders,
  limits: AnswerLimits,
  stripUsageChunk: boolean,
  first: Buffer,
): Answer {
  const type = headers['content-type'];
  const packing = packingOf(headers['content-encoding'], first);
  if (packing === null) return plainAnswer(type, limits, stripUsageChunk, first);
  const isStream = isEvents(type, NO_BYTES);
  const body = new PackedBody(packing, isStream, limits);
  const open = (unpacked: Buffer) => plainAnswer(type, limits, stripUsageChunk, unpacked);
  return new PackedAnswer(body, isStream, open);
}

const NO_BYTES = Buffer.alloc(0);

function plainAnswer(
  type: unknown,
  limits: AnswerLimits,
  stripUsageChunk: boolean,
  first: Buffer,
): Answer {
  if (!isEvents(type, first)) {
    return new JsonAnswer(limits.heldAnswerBytesMax, limits.answerTailBytes);
  }
  return new StreamAnswer({
    stripUsageChunk,
    eventBytesMax: limits.sseEventBytesMax,
    textBytesMax: limits.estimateTextBytesMax,
  });
}
