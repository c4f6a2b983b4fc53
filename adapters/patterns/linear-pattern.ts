/**
 * Patterns that operators write, on texts that strangers write: matched by RE2's algorithm (re2js), whose
 * time to say whether a text has a match is linear in the text, whatever the pattern is. There are no
 * look-arounds and no back references; a pattern that has one is a fault of the configuration.
 *
 * To replace all matches is linear for each match. Who replaces by a pattern that is not known to be
 * bounded does it where it can be ended (apps/proxy/guardrails/body-scanners.ts).
 */
import { RE2JS } from 're2js';

export type LinearPattern = {
  /** Whether any part of the text matches. */
  test(text: string): boolean;
  /**
   * @param by what takes the place of a match; null: the match stays
   * @returns the text, and how many matches were replaced
   */
  replace(text: string, by: (found: string) => string | null): { text: string; count: number };
};

/** The pattern is none; the message says what is wrong with it. */
export class PatternFault extends Error {
  readonly code = 'bad_pattern';
}

/** Instructions of the compiled program: a search takes memory and time by them. */
const PROGRAM_SIZE_MAX = 10_000;

/** @throws PatternFault */
export function compilePattern(source: string, ignoreCase: boolean): LinearPattern {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (cause) {
    throw new PatternFault(textOf(cause), { cause });
  }
  if (compiled.re2().numberOfInstructions() > PROGRAM_SIZE_MAX) {
    throw new PatternFault('it is too large: write smaller repetitions');
  }
  if (compiled.test('')) throw new PatternFault('it matches an empty text, and so every text');
  return {
    test: (text) => compiled.test(text),
    replace: (text, by) => replaceAll(compiled, text, by),
  };
}

function replaceAll(
  compiled: RE2JS,
  text: string,
  by: (found: string) => string | null,
): { text: string; count: number } {
  // To say that there is none is much faster than to look for the first one.
  if (!compiled.test(text)) return { text, count: 0 };
  const matcher = compiled.matcher(text);
  let replaced = '';
  let count = 0;
  let from = 0;
  while (matcher.find()) {
    const [start, end] = [matcher.start(), matcher.end()];
    const put = start === end ? null : by(text.slice(start, end));
    if (put === null) continue;
    replaced += text.slice(from, start) + put;
    from = end;
    count++;
  }
  return { text: replaced + text.slice(from), count };
}

function textOf(cause: unknown): string {
  const said = cause instanceof Error ? cause.message : String(cause);
  const reason = said.replace(/^error parsing regexp: /, '');
  return `${reason} (RE2 syntax: no look-around and no back references)`;
}
