/** The words of an answer: one word per token. Deterministic, without meaning. */
import type { Draws } from '../schema/draws.ts';

/** Of all that is no answer in words; what a request has is counted so too. */
export const CHARS_PER_TOKEN = 4;

const WORDS = (
  'the meter counts every token that a model writes and the bill adds them up so that a ' +
  'reader can follow each line back to one call and no call is lost or counted more than once'
).split(' ');

/** `count` words of a choice, starting with word number `from`, each with a leading space. */
export function words(from: number, count: number): string {
  let text = '';
  for (let i = from; i < from + count; i += 1) text += ` ${WORDS[i % WORDS.length]}`;
  return text;
}

/** Characters that make an answer huge without another token. */
export function padding(chars: number): string {
  return 'x'.repeat(Math.max(0, chars));
}

/** `count` drawn words, parted by blanks, as a value of a schema. */
export function wordsOf(count: number, draws: Draws): string {
  return Array.from({ length: count }, () => draws.of(WORDS)).join(' ');
}
