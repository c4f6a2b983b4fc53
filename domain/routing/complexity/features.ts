/**
 * What a prompt looks like, in figures from 0 to 1 (docs/routing.md lists them). Pure, and in one pass over
 * a text of bounded length.
 */
import type { Prompt } from './prompt.ts';
import { kindOf, type WordKind } from './words.ts';

export const featureNames = [
  ...(['long_words', 'reasoning', 'expertise', 'code', 'maths', 'rules'] as const),
  ...(['questions', 'figures', 'everyday', 'turns', 'tools'] as const),
] as const;

export type FeatureName = (typeof featureNames)[number];
export type Features = Readonly<Record<FeatureName, number>>;

const WORD = /[\p{L}\p{M}][\p{L}\p{M}\p{N}'’_]*|\p{N}+/gu;
const CODE =
  /```|=>|[{};]\s*$|\w\(\)|\bdef \w|\b\w+\.\w+\(|==|&&|\|\||<\/\w+>|\bSELECT\b.{1,80}\bFROM\b/gm;
const MATHS =
  /[∑∫√≤≥≠∀∃∈→∞±·×÷πλθ]|\\(?:frac|int|sum|sqrt|le|ge)\b|\b[a-z]\^|\b[a-z]\([a-z]\)|\b\d+\s*[-+*/=^]\s*[\da-z(]|\bmod \d/g;

/** What is read at either end. */
const END_CHARACTERS = 600;
/** A word has so many characters or more to be a long one. */
const LONG_WORD = 9;

export function featuresOf({ text: all, turns, tools }: Prompt): Features {
  const text = asked(all);
  const words = text.match(WORD) ?? [];
  const counts: Record<WordKind, number> = {
    ...{ reasoning: 0, expertise: 0, code: 0, maths: 0, rule: 0, everyday: 0 },
  };
  let [long, figures] = [0, 0];
  for (const word of words) {
    const kind = kindOf(word);
    if (kind !== undefined) counts[kind]++;
    if (word.length >= LONG_WORD) long++;
    if (word >= '0' && word < ':') figures++;
  }
  return {
    long_words: words.length === 0 ? 0 : share(long / words.length, 0.3),
    reasoning: share(counts.reasoning, 3),
    expertise: share(counts.expertise, 4),
    code: share(count(text, CODE) + counts.code, 6),
    maths: share(count(text, MATHS) + counts.maths, 5),
    rules: share(counts.rule, 5),
    questions: share(count(text, /[?？]/g), 4),
    figures: share(figures, 10),
    everyday: share(counts.everyday, 2),
    turns: share(Math.log2(1 + turns), 6),
    tools: share(tools, 8),
  };
}

/** What is asked is at the beginning of a message or at its end; a long one has a text between them. */
function asked(text: string): string {
  if (text.length <= 2 * END_CHARACTERS) return text;
  return `${text.slice(0, END_CHARACTERS)}\n${text.slice(-END_CHARACTERS)}`;
}

function share(value: number, whole: number): number {
  return value >= whole ? 1 : value / whole;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
