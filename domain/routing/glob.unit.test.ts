import { describe, expect, it } from 'vitest';
import { globMatcher } from './glob.ts';

describe('a pattern of model names', () => {
  it.each([
    ['gpt-4o', 'gpt-4o', true],
    ['gpt-4o', 'gpt-4o-mini', false],
    ['gpt-4o*', 'gpt-4o', true],
    ['gpt-4o*', 'GPT-4o-mini', true],
    ['*-mini', 'gpt-4o-mini', true],
    ['*-mini', 'gpt-4o-mini-2', false],
    ['*', '', true],
    ['**', 'anything', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a*b*c', 'abbc', true],
    ['a*bb*bc', 'abbc', false],
    ['gpt-4.1', 'gpt-4x1', false],
    ['[a-z]', 'a', false],
  ])('%s and %s: %s', (pattern, name, fits) => {
    expect(globMatcher(pattern)(name)).toBe(fits);
  });

  it('is read in linear time, also where regular expressions would not be', () => {
    const fits = globMatcher(`${'*a'.repeat(500)}*b`);
    expect(fits('a'.repeat(200_000))).toBe(false);
  });
});
