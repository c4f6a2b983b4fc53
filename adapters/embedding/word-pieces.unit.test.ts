import { expect, it } from 'vitest';
import { WordPieces } from './word-pieces.ts';

const VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'play', '##ing', 'uber', '?', '##s', 'a'];
const pieces = new WordPieces(VOCABULARY.join('\n'));
const cut = (text: string) => pieces.idsOf(text).map((id) => VOCABULARY[id]);

it('a text is cut into the longest pieces of the vocabulary, whatever its case and accents', () => {
  expect(cut('Playing plays?')).toEqual(['[CLS]', 'play', '##ing', 'play', '##s', '?', '[SEP]']);
  expect(cut('ÜBER')).toEqual(['[CLS]', 'uber', '[SEP]']);
  expect(cut('playx a')).toEqual(['[CLS]', '[UNK]', 'a', '[SEP]']);
  expect(cut(`${'a'.repeat(101)}`)).toEqual(['[CLS]', '[UNK]', '[SEP]']);
});

it('all of a text is in it: what is cut off nobody could tell apart', () => {
  expect(cut('a '.repeat(1_000))).toHaveLength(1_002);
});

it('a file that is no vocabulary is refused', () => {
  expect(() => new WordPieces('{"a":1}')).toThrow('it is no vocab.txt');
});
