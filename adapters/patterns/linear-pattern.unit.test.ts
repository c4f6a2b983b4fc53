import { expect, it } from 'vitest';
import { compilePattern, PatternFault } from './linear-pattern.ts';

it('what is no pattern, or one that only a backtracking engine can match, is a fault that says why', () => {
  const fault = (source: string) => {
    try {
      compilePattern(source, false);
      return null;
    } catch (error) {
      return error instanceof PatternFault ? error.message : error;
    }
  };
  expect(fault('(')).toMatch(/missing closing \)/);
  expect(fault('(?=secret)')).toMatch(/RE2 syntax: no look-around/);
  expect(fault('(a)\\1')).toMatch(/invalid escape/);
  expect(fault('a{5000}')).toMatch(/invalid repeat count/);
  expect(fault('((a{90}){90}){90}')).toMatch(/repeat|too large/);
  expect(fault('x*')).toMatch(/matches an empty text/);
  expect(fault('sk-[a-z]+')).toBeNull();
});

// How often a pattern backtracks on such a text doubles with each letter: 2^60000 steps.
it('a pattern that keeps a backtracking engine forever takes no longer than its text is', () => {
  const evil = compilePattern('(a+)+$', false);
  const emails = compilePattern('([a-z]+\\.?)+@([a-z]+\\.?)+x', true);
  const text = `${'a'.repeat(60_000)}!`;
  expect([evil.test(text), emails.test(text)]).toEqual([false, false]);
});

it('each match is replaced once, but those that are to stay, and empty ones', () => {
  const digits = compilePattern('[0-9]{2}', false);
  const by = (found: string) => (found === '34' ? null : '#');
  expect(digits.replace('12 34 56', by)).toEqual({ text: '# 34 #', count: 2 });
  expect(digits.replace('none', by)).toEqual({ text: 'none', count: 0 });
  expect(compilePattern('\\b', false).replace('a b', () => '#')).toEqual({ text: 'a b', count: 0 });
  expect(compilePattern('KEY', true).test('my key')).toBe(true);
});
