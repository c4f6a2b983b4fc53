/** Reading JSON out of bytes that a provider sent. */
import { COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-codes.ts';
import { skipString } from './json-scan.ts';

/** Without the byte order mark that some servers begin with (RFC 8259 §8.1 lets a reader ignore it). */
export function jsonText(body: Buffer): string {
  const text = body.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** Shorter texts are not looked at: there is no room in them for many values. */
const COUNTED_LENGTH_MIN = 32 * 1024;

/** Whether a text of JSON has more than so many values in it; what is in its strings does not count. */
export function hasMoreValues(text: string, valuesMax: number): boolean {
  if (text.length < COUNTED_LENGTH_MIN) return false;
  let values = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = skipString(text, at);
      continue;
    }
    // What is opened may have one value more than it has commas.
    if (code === COMMA || code === OPEN_BRACE || code === OPEN_BRACKET) values++;
    if (values > valuesMax) return true;
    at++;
  }
  return false;
}

const NO_NUMBER = /NaN|Infinity/;
/** A string begins, or a number that JSON does not have. */
const QUOTE_OR_NO_NUMBER = /"|NaN|Infinity/g;
const WORD = /\w/;

/**
 * Reads JSON with null for numbers that are none: servers in Python write them (RFC 8259 §6). Who writes
 * one writes more, and a text that is none takes as long to parse as ten others.
 */
export class JsonReader {
  #expectsNoNumbers = false;

  /** @throws SyntaxError if it is no JSON otherwise either */
  parse(text: string): unknown {
    if (this.#expectsNoNumbers && NO_NUMBER.test(text)) return JSON.parse(withNulls(text));
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      if (!NO_NUMBER.test(text)) throw error;
      const value: unknown = JSON.parse(withNulls(text));
      this.#expectsNoNumbers = true;
      return value;
    }
  }
}

/**
 * In time that grows with the text alone: a pattern for whole strings would try each quote of one that
 * does not end, and a megabyte of them took minutes.
 */
function withNulls(text: string): string {
  const parts: string[] = [];
  let from = 0;
  const next = QUOTE_OR_NO_NUMBER;
  next.lastIndex = 0;
  for (let found = next.exec(text); found !== null; found = next.exec(text)) {
    const [token] = found;
    const { index } = found;
    if (token === '"') {
      next.lastIndex = skipString(text, index);
      continue;
    }
    const end = index + token.length;
    const start = text[index - 1] === '-' ? index - 1 : index;
    if (WORD.test(text[index - 1] ?? '') || WORD.test(text[end] ?? '')) continue;
    parts.push(text.slice(from, start), 'null');
    from = end;
  }
  parts.push(text.slice(from));
  return parts.join('');
}
