/**
 * What two questions must have in common, word for word, before one may be given the answer of the
 * other (docs/design.md, Cache). Vectors cannot tell: of a question and its opposite nearly all words are
 * the same, so they are closer to each other than two questions are that mean the same in other words
 * (GPTCache#694, semantic-router#2691, langchain-redis#22).
 *
 * Marks (numbers, names, quotes, negations, opposites) have to be equal: they are a part of what questions are
 * looked up by. Of the other words, few that differ decide (`differInAFewWords`).
 */
import {
  ASKED,
  ASKING,
  FILLERS,
  NEGATIONS,
  NUMBER_WORDS,
  OPPOSITES,
  STARTERS,
} from './guard-words.ts';

export type Guarded = {
  /** Equal marks have equal texts. */
  marks: string;
  /** Of each other word, in order, a number: 32 bits of its stem's hash. */
  words: Uint32Array;
};

/** Longer texts hold more than a question. Characters. */
const LENGTH_MAX = 2_000;

/** What is code is not read, and what is in other letters has no words here. */
const UNREAD = /```|=>|[{};]\s*$|<\/?[a-z][^>]*>|\(\)|(?!\p{Script=Latin})\p{L}/mu;
const QUOTED =
  /"([^"]*)"|“([^”]*)”|„([^“”]*)[“”]|«([^»]*)»|`([^`]*)`|(?<=^|\s)'([^']+)'(?=[\s.,!?;:]|$)/gu;
/** Who asks where something can be done asks how. */
const WHERE_I_CAN = /\bwhere (?=(?:can|could|do|may|should|would) (?:i|we|you)\b)/giu;
const SENTENCE_END = /[.!?:;\n]$/u;
const OUTER = /^[\s.,;:!?()[\]"'“”„«»…–—-]+|[\s.,;:!?()[\]"'“”„«»…–—-]+$/gu;
const HAS_DIGIT = /\p{N}/u;
const IS_CODE_LIKE = /[@/\\_#+*=<>|~^%$€£¥&]|\p{L}\.\p{L}|\p{Ll}\p{Lu}|^\p{Lu}{2,}s?$/u;
const IS_CAPITAL = /^\p{Lu}/u;

/** @returns null: nobody here can say what of it must be the same */
export function guarded(text: string): Guarded | null {
  const plain = text.normalize('NFKC').replaceAll('’', "'").replace(WHERE_I_CAN, 'how ');
  if (plain.length > LENGTH_MAX || UNREAD.test(plain)) return null;
  const named: string[] = [];
  const said = plain.replace(QUOTED, (whole) => {
    named.push(whole);
    return ' ';
  });
  const marks = { named, opposites: [] as number[], asked: [] as string[], negations: 0 };
  const words: number[] = [];
  let previous = '';
  let isFirst = true;
  for (const raw of said.split(/(?<=\n)|[^\S\n]+/u)) {
    const word = raw.replace(OUTER, '');
    if (word !== '') {
      const lower = word.toLowerCase();
      const isWord = !mark(word, lower, isFirst, previous, marks);
      if (isWord && !FILLERS.has(lower)) words.push(hashOf(stemOf(lower)));
      previous = lower;
      isFirst = false;
    }
    if (SENTENCE_END.test(raw)) isFirst = true;
  }
  const { opposites, asked, negations } = marks;
  const sorted = [opposites.toSorted((a, b) => a - b), [...new Set(asked)].toSorted()];
  return { marks: JSON.stringify([named, ...sorted, negations]), words: Uint32Array.from(words) };
}

type Marks = { named: string[]; opposites: number[]; asked: string[]; negations: number };

/** @returns whether the word is a mark */
function mark(word: string, lower: string, isFirst: boolean, before: string, to: Marks): boolean {
  if (HAS_DIGIT.test(word) || IS_CODE_LIKE.test(word) || NUMBER_WORDS.has(lower)) {
    to.named.push(lower);
    return true;
  }
  if (NEGATIONS.has(lower) || lower.endsWith("n't")) {
    to.negations++;
    return true;
  }
  if (ASKED.has(lower) && (isFirst || ASKING.has(before))) {
    to.asked.push(lower);
    return true;
  }
  const side = OPPOSITES.get(lower) ?? OPPOSITES.get(stemOf(lower));
  if (side !== undefined) {
    to.opposites.push(side);
    return true;
  }
  if (!IS_CAPITAL.test(word) || FILLERS.has(lower) || ASKED.has(lower)) return false;
  if (isFirst && STARTERS.has(lower)) return false;
  to.named.push(lower);
  return true;
}

/** Enough to have one form of what is counted or done: no word is looked up in it. */
function stemOf(word: string): string {
  const own = word.replace(/'s$/u, '');
  if (own.length < 5) return own.replace(/(?<=\p{L}{3})s$/u, '');
  return own
    .replace(/ies$/u, 'y')
    .replace(/(?<!s)s$/u, '')
    .replace(/(?:ing|ed|e)$/u, '');
}

/** FNV-1a. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) {
    hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}

/** So few words that differ are the point of a question, however alike the rest makes it. */
const FEW = 2;
/** Of all words of both. */
const FEW_OF = 4;

/**
 * Whether what two questions share says nothing: nearly all words are the same, and those that are not
 * are what the questions are about ("reset my password", "change my password"); or all words are the
 * same, and their order is not ("euros to dollars").
 */
export function differInAFewWords(a: Uint32Array, b: Uint32Array): boolean {
  const [ofA, ofB] = [new Set(a), new Set(b)];
  let differing = 0;
  for (const word of ofA) if (!ofB.has(word)) differing++;
  const all = differing + ofB.size;
  for (const word of ofB) if (!ofA.has(word)) differing++;
  if (differing === 0) return a.length !== b.length || a.some((word, at) => word !== b[at]);
  // seam: few-words-decide
  return differing <= FEW || differing * FEW_OF < all;
}
