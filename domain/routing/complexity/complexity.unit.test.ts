/** How hard a request is taken to be, and what it is judged by. */
import { describe, expect, it } from 'vitest';
import { complexityOf, DEFAULT_COMPLEXITY_THRESHOLD } from './complexity.ts';
import { featuresOf } from './features.ts';
import type { Prompt } from './prompt.ts';

const prompt = (text: string, fields: Partial<Prompt> = {}): Prompt => ({
  ...{ text, turns: 1, tools: 0 },
  ...fields,
});
const score = (text: string, fields: Partial<Prompt> = {}) =>
  complexityOf(prompt(text, fields)).score;

const ARTICLE = 'The market opened early, and people came for bread and fruit. '.repeat(60);

describe('a request is taken to be', () => {
  it.each([
    ['a question of fact', 'What is the capital of Peru?'],
    ['a greeting', 'hi'],
    ['a translation', 'Translate into French: the train was late again.'],
    ['a summary of a long text', `Summarise this in one sentence:\n${ARTICLE}`],
    ['nothing at all', ''],
  ])('easy: %s', (_, text) => {
    expect(score(text)).toBeLessThan(DEFAULT_COMPLEXITY_THRESHOLD);
  });

  // litellm PR#39226: hard questions without a word of a programmer scored nothing.
  it.each([
    ['a proof', 'Prove that every finite integral domain is a field, and justify each step.'],
    ['a design', 'Design a ledger for three regions, compare two strategies, never lose a write.'],
    [
      'a text with many rules',
      'Write a poem. Each line must rhyme, no line may exceed six words, avoid adjectives, and the first and third must contradict.',
    ],
    [
      'a proof in German',
      'Beweise, dass die Gleichung nie genau zwei Lösungen hat. Warum muss das gelten?',
    ],
  ])('hard: %s', (_, text) => {
    expect(score(text)).toBeGreaterThan(DEFAULT_COMPLEXITY_THRESHOLD);
  });
});

describe('what a request is judged by', () => {
  // mnfst/llm-gateway PR#829: "iff" was found in "difference", "lemma" in "dilemma".
  it('is whole words, whatever their case', () => {
    const { code, reasoning } = featuresOf(
      prompt('The classic proverb: a whyever, classless apiary.'),
    );
    expect([code, reasoning]).toEqual([0, 0]);
    expect(featuresOf(prompt('WHY')).reasoning).toBeGreaterThan(0);
  });

  it('is the beginning of a long text and its end, where a request is', () => {
    const { reasoning, rules } = featuresOf(prompt(`Summarise: ${ARTICLE}prove derive ${ARTICLE}`));
    expect([reasoning, rules]).toEqual([0, featuresOf(prompt(`Summarise: ${ARTICLE}`)).rules]);
    expect(featuresOf(prompt(`${ARTICLE} Why?`)).reasoning).toBeGreaterThan(0);
  });

  it('is in figures from 0 to 1, of any text', () => {
    const texts = [
      '',
      '\0',
      '𝕏'.repeat(900),
      '{{{;;;'.repeat(400),
      '1 + '.repeat(999),
      '。'.repeat(99),
    ];
    for (const text of texts) {
      const figures = Object.values(featuresOf(prompt(text, { turns: 1e6, tools: 1e6 })));
      expect(figures.every((figure) => figure >= 0 && figure <= 1)).toBe(true);
    }
  });
});
