/** What reads an answer: by its first bytes, and by what the provider says that it is. */
import { isEvents, packingOf } from '../../relay/body-kind.ts';
import { PackedBody } from '../../relay/packed-body.ts';
import type { Answer, AnswerHeaders, AnswerLimits } from '../dialect.ts';
import type { Asked } from './asked.ts';
import { JsonAnswer } from './json-answer.ts';
import { PackedAnswer } from './packed-answer.ts';
import { StreamAnswer } from './stream-answer.ts';

/**
 * @param first the first bytes of its body; empty: there are none
 */
export function openAnswer(
  headers: AnswerHeaders,
  limits: AnswerLimits,
  asked: Asked,
  first: Buffer,
): Answer {
  const type = headers['content-type'];
  const packing = packingOf(headers['content-encoding'], first);
  if (packing === null) return plainAnswer(type, limits, asked, first);
  const isStream = isEvents(type, NO_BYTES);
  const body = new PackedBody(packing, isStream, limits);
  const open = (unpacked: Buffer) => plainAnswer(type, limits, asked, unpacked);
  return new PackedAnswer(body, isStream, open);
}

const NO_BYTES = Buffer.alloc(0);

function plainAnswer(type: unknown, limits: AnswerLimits, asked: Asked, first: Buffer): Answer {
  return isEvents(type, first) ? new StreamAnswer(limits, asked) : new JsonAnswer(limits, asked);
}
