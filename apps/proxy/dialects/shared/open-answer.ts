/** What reads an answer: by its first bytes, and by what the provider says that it is. */
import { isEvents, packingOf } from '../../relay/body-kind.ts';
import { PackedBody } from '../../relay/packed-body.ts';
import type { Answer, AnswerHeaders, AnswerLimits } from '../dialect.ts';
import { PackedAnswer } from './packed-answer.ts';

/** The readers of a dialect. */
export type AnswerReaders = { stream(): Answer; whole(): Answer };

/** @param first the first bytes of its body; empty: there are none */
export function openAnswer(
  headers: AnswerHeaders,
  limits: AnswerLimits,
  readers: AnswerReaders,
  first: Buffer,
): Answer {
  const type = headers['content-type'];
  const packing = packingOf(headers['content-encoding'], first);
  if (packing === null) return plainAnswer(type, readers, first);
  const isStream = isEvents(type, NO_BYTES);
  const body = new PackedBody(packing, isStream, limits);
  return new PackedAnswer(body, isStream, (unpacked) => plainAnswer(type, readers, unpacked));
}

const NO_BYTES = Buffer.alloc(0);

function plainAnswer(type: unknown, readers: AnswerReaders, first: Buffer): Answer {
  return isEvents(type, first) ? readers.stream() : readers.whole();
}
