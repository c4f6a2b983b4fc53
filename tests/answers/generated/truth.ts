/** What a model really used, and the texts that anybody can see of it: known before it is told. */

export type Random = () => number;

/** Tokens in disjoint parts, as a usage event has them. */
export type Truth = {
  input: number;
  cacheRead: number;
  cacheWrite: number;
  audioInput: number;
  output: number;
  reasoning: number;
  audioOutput: number;
};

export const PARTS = [
  ...(['input', 'cacheRead', 'cacheWrite', 'audioInput'] as const),
  ...(['output', 'reasoning', 'audioOutput'] as const),
];

export const oneOf = <T>(random: Random, items: readonly T[]): T =>
  items[Math.floor(random() * items.length)] as T;

export const upTo = (random: Random, most: number): number => Math.floor(random() * (most + 1));

export const perhaps = (random: Random, chance: number): boolean => random() < chance;

/** @param words that a client sees: each of them has a token at least */
export function truthOf(random: Random, words: number): Truth {
  const some = (chance: number) => (perhaps(random, chance) ? 1 + upTo(random, 900) : 0);
  return {
    input: 1 + upTo(random, 3_000),
    cacheRead: some(0.4),
    cacheWrite: some(0.2),
    audioInput: some(0.1),
    output: words + upTo(random, 40) + (words === 0 ? 1 : 0),
    reasoning: some(0.3),
    audioOutput: some(0.1),
  };
}

export const promptOf = (truth: Truth): number =>
  truth.input + truth.cacheRead + truth.cacheWrite + truth.audioInput;

export const completionOf = (truth: Truth): number =>
  truth.output + truth.reasoning + truth.audioOutput;
