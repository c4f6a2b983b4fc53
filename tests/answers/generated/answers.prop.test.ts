import { expect, it } from 'vitest';
import { checkAnswers } from './check.ts';

const ANSWERS = 20_000;

it(`I8: of ${ANSWERS} answers none is wrong as stated, none free, and no estimate below what is seen`, () => {
  const { wrong, sources, mustBeTaken } = checkAnswers(ANSWERS, 1);
  expect(wrong).toEqual([]);
  // Each way out is taken often enough to mean something.
  expect(Object.keys(sources).sort()).toEqual(['estimated', 'none', 'provider']);
  expect(Math.min(...Object.values(sources))).toBeGreaterThan(ANSWERS / 50);
  expect(mustBeTaken).toBeGreaterThan(ANSWERS / 4);
}, 180_000);
