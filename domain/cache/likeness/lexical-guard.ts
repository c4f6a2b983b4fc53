/**
 * What two questions must have in common, word for word, before one may be given the answer of the
 * other (docs/design.md, Cache). Vectors cannot tell: of a question and its opposite nearly all words are
 * the same, so they are closer to each other than two questions are that mean the same in other words
 * (GPTCache#694, semantic-router#2691, langchain-redis#22).
 *
 * Marks (numbers, names, quotes, negations, opposites, small words that decide) have to be equal: they are a
 * part of what questions are looked up by. Of the other words, few that differ decide (`differInAFewWords`).
 */
import {
  ASKED,
  ASKING,
  BEFORE_MONTHS,
  FILLERS,
  NAMES_TOO,
  NEGATIONS,
  NUMBER_WORDS,
  OPPOSITES,
  PLACING,
  PLAIN_NEGATIONS,
  RELATED,
  RELATIONS,
  STARTERS,
} from './guard-words.ts';

export type Guarded = {
  /** Equal marks have equal texts. */
  marks: string;
  /** Of each mark and each other word, in order, a number: 32 bits of the hash of a mark, or of a stem. */
  words: Uint32Array;
};

/** Longer texts hold more than a question. Characters. */
const LENGTH_MAX = 2_000;

/** What is code is not read, and what is in other letters has no words here. */
const UNREAD = /```|=>|[{};]\s*$|<\/?[a-z][^>]*>|\(\)|(?!\p{Script=Latin})\p{L}/mu;
/** What another form of the same text loses ("10²", "102"), what nobody sees, and `QUOTE`. */
const LOST = /[\p{No}\p{Lm}\p{Cf}\p{Co}]/u;
const QUOTED =
  /"([^"]*)"|“([^”]*)”|„([^“”]*)[“”]|«([^»]*)»|`([^`]*)`|(?<=^|\s)'([^']+)'(?=[\s.,!?;:]|$)/gu;
/** Where a quoted text was. */
const QUOTE = '\uE000';
/** Who asks where something can be done asks how. */
const WHERE_I_CAN = /\bwhere (?=(?:can|could|do|may|should|would) (?:i|we|you)\b)/giu;
const HAS_TO = /\b(?:do|does|did) (\p{L}+) (?:have to|need(?: to)?)\b/giu;
/** Courtesy, in words that decide elsewhere. */
const COURTESY =
  /\bif (?=(?:you|someone|anyone) (?:can|could|would)\b)|\bwas (?=(?:just )?(?:wondering|curious)\b)|\bgive (?=(?:me|us)\b)/giu;
const IS_MINUS = /^[–-]$/u;
/** "(2 * 3) + 4" is not "2 * (3 + 4)". */
const BRACKETS = /[()[\]]/gu;
const SENTENCE_END = /[.!?:;\n]$/u;
const OUTER = /^[\s.,;:!?()[\]"'“”„«»…–—-]+|[\s.,;:!?()[\]"'“”„«»…–—-]+$/gu;
/** Of a number, all else says what it is: "-5", ".5", "5!", "5'". */
const OUTSIDE_NUMBERS = /^\s+|[\s.,;:?]+$/gu;
const HAS_DIGIT = /\p{N}/u;
const IS_CODE_LIKE = /[()[\]@/\\_#+*=<>|~^%$€£¥&]|\p{L}\.\p{L}|\p{Ll}\p{Lu}|^\p{Lu}{2,}s?$/u;
const IS_CAPITAL = /^\p{Lu}/u;

/** @returns null: nobody here can say what of it must be the same */
export function guarded(text: string): Guarded | null {
  if (text.length > LENGTH_MAX || LOST.test(text)) return null;
  const plain = plainOf(text);
  if (UNREAD.test(plain)) return null;
  const quoted: string[] = [];
  const said = plain.replace(QUOTED, (whole) => {
    quoted.push(whole);
    return ` ${QUOTE} `;
  });
  const marks: Record<Mark['of'], string[]> = { named: [], related: [], asked: [] };
  const words: number[] = [];
  const add = ({ of, text: mark }: Mark) => {
    marks[of].push(mark);
    // No stem begins so.
    words.push(hashOf(` ${mark}`));
  };
  let before = '';
  let isFirst = true;
  for (const raw of said.split(/(?<=\n)|[^\S\n]+/u)) {
    for (const [bracket] of raw.matchAll(BRACKETS)) add({ of: 'named', text: bracket });
    const word = raw.replace(HAS_DIGIT.test(raw) ? OUTSIDE_NUMBERS : OUTER, '');
    if (word === QUOTE) add({ of: 'named', text: quoted.shift() ?? '' });
    else if (IS_MINUS.test(raw) && HAS_DIGIT.test(before)) add({ of: 'named', text: '-' });
    else if (word !== '') {
      const lower = word.toLowerCase();
      const mark = markOf(word, lower, isFirst, before);
      if (mark !== null) add(mark);
      else if (!FILLERS.has(lower)) words.push(hashOf(stemOf(lower)));
      before = lower;
      isFirst = false;
    }
    if (SENTENCE_END.test(raw)) isFirst = true;
  }
  // It asks for what nobody here has read.
  if (words.length === 0) return null;
  const { named, related, asked } = marks;
  const sorted = [related.toSorted(), [...new Set(asked)].toSorted()];
  return { marks: JSON.stringify([named, ...sorted]), words: Uint32Array.from(words) };
}

function plainOf(text: string): string {
  return text
    .normalize('NFKC')
    .replaceAll('’', "'")
    .replace(WHERE_I_CAN, 'how ')
    .replace(HAS_TO, 'must $1')
    .replace(COURTESY, '');
}

/** Of `named`, the order counts too: "from Gmail to Outlook". */
type Mark = { of: 'named' | 'related' | 'asked'; text: string };

/** @param before the word before it @returns null: it is a word like others */
function markOf(word: string, lower: string, isFirst: boolean, before: string): Mark | null {
  // As it is written: mW and MW, Mb and MB are not the same.
  const placed = PLACING.has(before) ? `${before} ${word}` : word;
  const name: Mark = { of: 'named', text: placed };
  if (HAS_DIGIT.test(word) || IS_CODE_LIKE.test(word)) return name;
  if (NUMBER_WORDS.has(lower)) return { of: 'named', text: placed.toLowerCase() };
  if (PLAIN_NEGATIONS.has(lower) || lower.endsWith("n't")) return { of: 'named', text: ' not' };
  if (NEGATIONS.has(lower)) return { of: 'named', text: lower };
  if (ASKED.has(lower) && (isFirst || ASKING.has(before))) return { of: 'asked', text: lower };
  const side = OPPOSITES.get(lower) ?? OPPOSITES.get(stemOf(lower));
  if (side !== undefined) return { of: 'named', text: ` ${side}` };
  const isCapital = IS_CAPITAL.test(word);
  if (isCapital && !isFirst && NAMES_TOO.has(lower)) return name;
  // seam: small-words-decide
  if (isRelation(lower, before)) return { of: 'related', text: lower };
  if (!isCapital || FILLERS.has(lower) || ASKED.has(lower)) return null;
  return isFirst && STARTERS.has(lower) ? null : name;
}

function isRelation(lower: string, before: string): boolean {
  if (RELATIONS.has(lower)) return true;
  if (RELATED.has(lower)) return before !== '' && !FILLERS.has(before);
  if (lower === 'may') return BEFORE_MONTHS.has(before);
  // "What should I do to": that is how.
  return lower === 'should' && !FILLERS.has(before) && !ASKED.has(before);
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
 * same, and their order is not ("euros to dollars", "milk but not eggs").
 */
export function differInAFewWords(a: Uint32Array, b: Uint32Array): boolean {
  const [ofA, ofB] = [new Set(a), new Set(b)];
  const onlyA = ofA.difference(ofB).size;
  const onlyB = ofB.difference(ofA).size;
  const differing = onlyA + onlyB;
  if (differing === 0) return a.length !== b.length || a.some((word, at) => word !== b[at]);
  // All of it and more: it is narrower, or somebody's words around what others ask.
  if (onlyA === 0 || onlyB === 0) return true;
  // seam: few-words-decide
  return differing <= FEW || differing * FEW_OF < ofB.size + onlyA;
}
