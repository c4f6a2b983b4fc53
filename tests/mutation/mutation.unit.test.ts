import { describe, expect, it } from 'vitest';
import { linesOfDiff } from './changed.ts';
import { equivalentOf } from './equivalents.ts';
import { instrument } from './instrument.ts';
import { type Mutant, mutatedText } from './mutant.ts';
import { pick, seeded } from './sample.ts';

/** What each mutant of a source is instead of, as `original → replacement`. */
function mutations(text: string): string[] {
  return instrument('a.ts', text, 0).mutants.map(
    ({ original, replacement }) => `${original} → ${replacement}`,
  );
}

/** What `run` of a source returns, with one mutant active, or with none. */
function result(source: string, mutant: number): unknown {
  const run = new Function('__m', '__loop', `${source}; return run();`);
  return run(
    (id: number) => id === mutant,
    () => undefined,
  );
}

describe('the mistakes that are made', () => {
  it.each<[string, string[]]>([
    ['f(a + b);', ['a + b → a - b', 'f(a + b); → ;']],
    ["f('a' + b);", ["'a' → ''", "f('a' + b); → ;"]],
    ['x = a <= b;', ['a <= b → a > b', 'a <= b → a < b', 'x = a <= b; → ;']],
    ['x = a ?? b;', ['a ?? b → a', 'a ?? b → (a) || (b)', 'x = a ?? b; → ;']],
    [
      'x = a?.b?.(1);',
      ['1 → 0', 'a?.b?.(1) → a.b?.(1)', 'a?.b?.(1) → a?.b(1)', 'x = a?.b?.(1); → ;'],
    ],
    ['const x = await f();', ['await f() → f()']],
    ['const x = new Set([a]);', ['[a] → []']],
    ['const x = { a };', ['{ a } → {}']],
    ['const x = 1_000n;', ['1_000n → 1001n']],
    ['const x = Math.max(a, b);', ['Math.max(a, b) → Math.min(a, b)']],
    ['const x = a.slice(b, c);', ['a.slice(b, c) → a.slice(b)', 'a.slice(b, c) → a']],
    ['if (a > b) f();', ['a > b → a >= b', 'a > b → false', 'a > b → true', 'f(); → ;']],
    ['while (a) i++;', ['a → false', 'i++ → i--', 'i++; → ;']],
  ])('are, of %s', (text, expected) => {
    expect(mutations(text).sort()).toEqual(expected.sort());
  });

  it.each([
    ['a type', "type A = { kind: 'a' };"],
    ['an import', "import a from 'b';"],
    ['the words of an error', "const x = new RangeError('no such thing');"],
    ['template text', 'const x = `a\u0024{b}c`;'],
    ['a name of a member', "const x = (a as { 'b': 1 }).b;"],
    ['a wait', 'const PAUSE_MS = 5 * 1_000;'],
    ['the last return of a function', 'function f(a: number) { return a; }'],
    ['a branch that no type leads to', 'switch (a) { default: a satisfies never; }'],
  ])('are not made of %s', (_, text) => {
    expect(mutations(text)).toEqual([]);
  });

  it('are not made of a logged line, whole or in part', () => {
    expect(mutations("this.#options.logger.warn({ a: 1 }, 'failed');")).toEqual([]);
  });
});

describe('instrumented source', () => {
  const text = `function run() {
    let sum = 0;
    for (const one of [1, 2, 3]) {
      if (one === 2) continue;
      sum += one * 10;
    }
    return sum;
  }`;
  const { mutants, text: instrumented } = instrument('a.ts', text, 0);

  it('does what the source does while no mutant is active', () => {
    expect(result(instrumented, -1)).toBe(40);
  });

  it('does what the edited source does, for each mutant', () => {
    expect(mutants.length).toBeGreaterThan(10);
    for (const mutant of mutants) {
      const edited = result(mutatedText(text, mutant), -1);
      expect([mutant, result(instrumented, mutant.id)]).toEqual([mutant, edited]);
    }
  });
});

it('an equivalent is found by its text, wherever it has moved', () => {
  const [mutant] = instrument('a.ts', '\n\n  const x = f(a <= b);', 0).mutants as [Mutant];
  const { original, replacement } = mutant;
  const known = {
    file: 'a.ts',
    line: 'const x = f(a <= b);',
    original,
    replacement,
    reason: 'equal',
  };
  expect(equivalentOf([known], mutant, '\n\n  const x = f(a <= b);')).toBe('equal');
  expect(equivalentOf([known], mutant, '\n\n  const y = f(a <= b);')).toBeNull();
});

it('changed lines are those of the new text', () => {
  const diff = '--- a/x.ts\n+++ b/x.ts\n@@ -1,0 +2,2 @@\n+a\n+b\n@@ -9 +11 @@ f\n-c\n+d\n';
  expect([...(linesOfDiff(diff).get('x.ts') ?? [])]).toEqual([2, 3, 11]);
});

it('a sample is the same for the same seed, in order, and no longer than what there is', () => {
  const all = Array.from({ length: 50 }, (_, index) => index);
  const sample = pick(all, 10, seeded(7));
  expect(sample).toEqual(pick(all, 10, seeded(7)));
  expect(sample).toEqual(sample.toSorted((a, b) => a - b));
  expect(new Set(sample).size).toBe(10);
  expect(pick([1, 2], 10, seeded(7))).toEqual([1, 2]);
});
