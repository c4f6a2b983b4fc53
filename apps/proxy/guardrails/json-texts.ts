/**
 * The texts of a JSON body, wherever they are in it: what a model may read of a request, in whatever part
 * of it. The body need not be valid: what is not is refused later, by who reads it.
 *
 * Not a text is what names a thing or is data: values of members that the dialect lists (models, roles,
 * ids), and `data:` URLs in base64. Names of members are texts only if they are no plain words: so
 * nobody hides one there, and no pattern meets `messages` or `content`.
 */
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../relay/json-codes.ts';
import { skipString } from '../relay/json-scan.ts';

/** One string literal of the body that is a text. */
export type JsonText = {
  /** Of the literal with its quotation marks, in UTF-16 units. */
  start: number;
  end: number;
  /** What it says. */
  text: string;
  isName: boolean;
};

const PLAIN_NAME = /^[A-Za-z0-9_$.-]{1,64}$/;
/** Whole, and in base64: what only begins like one is a text that a model reads. */
const DATA_URL = /^data:[^\s,]*;base64,[\w+/=-]*$/i;

/**
 * @param identifiers members whose values are no texts
 * @param depthMax bodies that are deeper are refused by who reads them: what is deeper is not looked at
 * @param visit returns false to stop
 */
export function eachText(
  json: string,
  identifiers: ReadonlySet<string>,
  depthMax: number,
  visit: (text: JsonText) => boolean,
): void {
  /** Of the values that are open: the member that each of them is the value of. */
  const owners: string[] = [''];
  let name = '';
  for (let at = 0; at < json.length; ) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) {
      const end = skipString(json, at);
      const text = literal(json, at, end);
      const next = skipSpace(json, end);
      const isName = json.charCodeAt(next) === COLON;
      if (isName) name = text ?? '';
      const isText = isName ? !PLAIN_NAME.test(name) : !identifiers.has(name);
      if (text !== null && isText && !DATA_URL.test(text)) {
        if (!visit({ start: at, end, text, isName })) return;
      }
      at = isName ? next + 1 : end;
      continue;
    }
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      // What is in a list belongs to the member that the list is the value of.
      owners.push(name);
      if (owners.length > depthMax + 1) return;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      owners.pop();
      name = owners.at(-1) ?? '';
    }
    at++;
  }
}

/** What a string literal says; null: it is none. */
function literal(json: string, start: number, end: number): string | null {
  const inner = json.slice(start + 1, end - 1);
  if (!inner.includes('\\')) return inner;
  try {
    return JSON.parse(json.slice(start, end)) as string;
  } catch {
    return null;
  }
}

function skipSpace(json: string, from: number): number {
  let at = from;
  while (json.charCodeAt(at) <= 32) at++;
  return at;
}
