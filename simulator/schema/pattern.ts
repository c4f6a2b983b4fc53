/**
 * Writes a string for a regular expression: literals, classes, groups, alternatives, repetitions.
 * Assertions are passed over, and the caller tests what was written against the expression.
 */

import { limits } from '../limits.ts';
import type { Draws } from './draws.ts';
import { Unsatisfiable } from './json-schema.ts';

const DIGITS = '0123456789';
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const ESCAPED: Readonly<Record<string, string>> = {
  ...{ d: DIGITS, w: `${LETTERS}${DIGITS}_`, s: ' ', D: LETTERS, W: ' -.', S: LETTERS },
  ...{ t: '\t', n: '\n', r: '\r', f: '\f', v: '\v', 0: '\0' },
};
const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');
/** Of `*` and `+`: more than the least. */
const REPEATS_MORE = 4;

/** @throws Unsatisfiable for what it does not read */
export function stringOf(pattern: string, draws: Draws): string {
  const writer = new PatternWriter(pattern, draws);
  const text = writer.alternatives();
  if (!writer.atEnd) throw new Unsatisfiable(`the pattern ${pattern} cannot be read`);
  return text();
}

type Write = () => string;

class PatternWriter {
  readonly #pattern: string;
  readonly #draws: Draws;
  #at = 0;

  constructor(pattern: string, draws: Draws) {
    this.#pattern = pattern;
    this.#draws = draws;
  }

  get atEnd(): boolean {
    return this.#at >= this.#pattern.length;
  }

  alternatives(): Write {
    const all = [this.#sequence()];
    while (this.#take('|')) all.push(this.#sequence());
    return () => this.#draws.of(all)();
  }

  #sequence(): Write {
    const parts: Write[] = [];
    while (!this.atEnd && this.#next() !== '|' && this.#next() !== ')') {
      parts.push(this.#repeated(this.#atom()));
    }
    return () => {
      let text = '';
      for (const part of parts) text += part();
      if (text.length > limits.schemaTextCharsMax)
        throw new Unsatisfiable('a pattern wants a very long text');
      return text;
    };
  }

  #atom(): Write {
    const char = this.#read();
    if (char === '(') return this.#group();
    if (char === '[') return this.#class();
    if (char === '\\') return this.#escape();
    if (char === '^' || char === '$') return () => '';
    if (char === '.') return () => this.#draws.of([...LETTERS]);
    return () => char;
  }

  #group(): Write {
    const asserts = this.#takeMatch(/\?(=|!|<=|<!)/y);
    if (!asserts) this.#takeMatch(/\?(:|<\w+>)/y);
    const inside = this.alternatives();
    if (!this.#take(')')) throw new Unsatisfiable(`the pattern ${this.#pattern} is not closed`);
    return asserts ? () => '' : inside;
  }

  #escape(): Write {
    const char = this.#read();
    if (char === 'b' || char === 'B') return () => '';
    const set = this.#charactersOf(char);
    return () => this.#draws.of(set);
  }

  #charactersOf(escaped: string): readonly string[] {
    if (escaped === 'u' || escaped === 'x') {
      const digits = this.#takeMatch(escaped === 'u' ? /[\da-f]{4}/iy : /[\da-f]{2}/iy);
      if (digits) return [String.fromCharCode(Number.parseInt(digits, 16))];
    }
    if (/[pPk1-9]/.test(escaped)) {
      throw new Unsatisfiable(`the pattern ${this.#pattern} has a \\${escaped}`);
    }
    return [...(ESCAPED[escaped] ?? escaped)];
  }

  #class(): Write {
    const isNegated = this.#take('^');
    const members: string[] = [];
    while (!this.atEnd && this.#next() !== ']') {
      const set = this.#member();
      const [first] = set;
      const isRange =
        set.length === 1 && this.#next() === '-' && this.#pattern[this.#at + 1] !== ']';
      if (!isRange || first === undefined) {
        members.push(...set);
        continue;
      }
      this.#read();
      members.push(...range(first, this.#member()[0] ?? first));
    }
    if (!this.#take(']')) throw new Unsatisfiable(`the pattern ${this.#pattern} is not closed`);
    const allowed = isNegated ? [...PRINTABLE].filter((char) => !members.includes(char)) : members;
    if (allowed.length === 0) throw new Unsatisfiable(`the pattern ${this.#pattern} has no letter`);
    // Letters and digits where there are some: they are what people expect to read.
    const plain = allowed.filter((char) => /[a-z\d]/i.test(char));
    return () => this.#draws.of(plain.length > 0 ? plain : allowed);
  }

  #member(): readonly string[] {
    const char = this.#read();
    return char === '\\' ? this.#charactersOf(this.#read()) : [char];
  }

  #repeated(part: Write): Write {
    const [least, most] = this.#counts();
    if (least > limits.schemaTextCharsMax)
      throw new Unsatisfiable('a pattern wants a very long text');
    return () => {
      const count = least + (most > least ? this.#draws.below(most - least + 1) : 0);
      let text = '';
      for (let i = 0; i < count && text.length <= limits.schemaTextCharsMax; i += 1) text += part();
      return text;
    };
  }

  #counts(): [number, number] {
    const stated = this.#takeMatch(/\{\d+(,\d*)?\}|[*+?]/y);
    if (stated === undefined) return [1, 1];
    this.#take('?');
    if (stated === '?') return [0, 1];
    if (stated === '*') return [0, REPEATS_MORE];
    if (stated === '+') return [1, REPEATS_MORE];
    const [, least = '', comma, most] = /\{(\d+)(,?)(\d*)\}/.exec(stated) ?? [];
    const from = Number(least);
    if (comma === '') return [from, from];
    const to = most === '' ? from + REPEATS_MORE : Number(most);
    return [from, Math.min(to, from + REPEATS_MORE)];
  }

  #next(): string | undefined {
    return this.#pattern[this.#at];
  }

  #read(): string {
    const char = String.fromCodePoint(this.#pattern.codePointAt(this.#at) ?? 0);
    if (this.atEnd) throw new Unsatisfiable(`the pattern ${this.#pattern} ends too soon`);
    this.#at += char.length;
    return char;
  }

  #take(char: string): boolean {
    if (this.#next() !== char) return false;
    this.#at += 1;
    return true;
  }

  #takeMatch(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#pattern)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }
}

function range(first: string, last: string): string[] {
  const [from, to] = [first.codePointAt(0) ?? 0, last.codePointAt(0) ?? 0];
  // The first of a large alphabet are enough to write with.
  const count = Math.min(to - from + 1, 128);
  return Array.from({ length: Math.max(0, count) }, (_, i) => String.fromCodePoint(from + i));
}
