/**
 * JSON in the one spelling that all equal spellings share, for a key of the cache. Equal here means: no
 * reader can tell them apart. So it forgets white space between values and how a character of a string
 * is escaped, and nothing else: members keep their order and repetitions, and numbers their digits,
 * because a model may be shown them as they are written (a tool's schema, for one).
 */
import { QUOTE } from './json-codes.ts';
import { skipString } from './json-scan.ts';

const SPACE = 32;
/** Not of a slash, which needs none, and not of a character by its number, which may have another spelling. */
const CANONICAL_ESCAPES = [...'"\\bfnrt'].map((letter) => letter.charCodeAt(0));
const MINUS = 45;
const ZERO = 48;
const NINE = 57;

/** @param text valid JSON */
export function compactJson(text: string): string {
  let compact = '';
  let from = 0;
  let escapeAt = text.indexOf('\\');
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = skipString(text, at);
      // Looked for by the runtime, and not again before the one that was found: few texts have any.
      if (escapeAt !== -1 && escapeAt < at) escapeAt = text.indexOf('\\', at);
      while (escapeAt !== -1 && escapeAt < end && isCanonical(text.charCodeAt(escapeAt + 1))) {
        escapeAt = text.indexOf('\\', escapeAt + 2);
      }
      if (escapeAt !== -1 && escapeAt < end) {
        const string: unknown = JSON.parse(text.slice(at, end));
        compact += text.slice(from, at) + JSON.stringify(string);
        from = end;
      }
      at = end;
    } else if (code <= SPACE) {
      compact += text.slice(from, at);
      at++;
      from = at;
    } else {
      at++;
    }
  }
  return from === 0 ? text : compact + text.slice(from);
}

/** Of a character behind a backslash: JSON.stringify writes the same, and could write nothing else. */
function isCanonical(code: number): boolean {
  return CANONICAL_ESCAPES.includes(code);
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,9}))?$/;

/**
 * A number in the one spelling of its exact value: 1, 1.0 and 10e-1 are the same, and 9007199254740993
 * is not 9007199254740992, although a double cannot tell them apart. Anything else stays as it is.
 *
 * @param text JSON without space around it
 */
export function canonicalNumber(text: string): string {
  if (!mayBeNumber(text.charCodeAt(0))) return text;
  const match = NUMBER.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', part = '', exponent = '0'] = match;
  const digits = `${whole}${part}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const scale = Number(exponent) - part.length + digits.length - significant.length;
  return `${sign}${significant}e${scale}`;
}

function mayBeNumber(code: number): boolean {
  return code === MINUS || (code >= ZERO && code <= NINE);
}
