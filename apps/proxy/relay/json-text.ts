/** Reading JSON out of bytes that a provider sent. */

/** Without the byte order mark that some servers begin with (RFC 8259 §8.1 lets a reader ignore it). */
export function jsonText(body: Buffer): string {
  const text = body.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** A string, or a number that JSON does not have: servers in Python write them (RFC 8259 §6). */
const STRING_OR_NO_NUMBER = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

/**
 * JSON, with null for numbers that are none.
 *
 * @throws SyntaxError if it is no JSON otherwise either
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
    const numbers = (found: string) => (found.startsWith('"') ? found : 'null');
    return JSON.parse(text.replace(STRING_OR_NO_NUMBER, numbers)) as unknown;
  }
}
