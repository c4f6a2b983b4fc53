/**
 * One pass over the text of a request body: how deep it nests and where its top-level members are.
 * So a member can be replaced or added without serializing the rest again, and a body that names a
 * field twice is refused (two parsers may read it differently: the one that we bill by and the
 * provider's).
 *
 * The text has been through JSON.parse already: it is valid JSON.
 */

export type Member = {
  /** Decoded name. */
  name: string;
  /** Range of the value in the text. */
  start: number;
  end: number;
};

export type JsonScan = { depth: number; members: Member[] };

const QUOTE = 34;
const COMMA = 44;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** Index just after the string that begins at `at`; the end of a text that breaks off in it. */
function skipString(text: string, at: number): number {
  let from = at + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote === -1) return text.length;
    let escapes = 0;
    while (text.charCodeAt(quote - 1 - escapes) === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return quote + 1;
    from = quote + 1;
  }
}

/** Reads the top-level members of the object in `text`; an array or scalar has none. */
export function scanJson(text: string): JsonScan {
  const members: Member[] = [];
  let depth = 0;
  let deepest = 0;
  let name: string | null = null;
  let valueStart = -1;
  let isTopObject = false;
  const finish = (end: number) => {
    if (name === null) return;
    members.push({ name, start: valueStart, end: trimEnd(text, end) });
    name = null;
  };
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = skipString(text, at);
      if (depth === 1 && isTopObject && name === null) {
        name = JSON.parse(text.slice(at, end)) as string;
        valueStart = skipSpace(text, text.indexOf(':', end) + 1);
      }
      at = end;
      continue;
    }
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (depth === 0) isTopObject = code === OPEN_BRACE;
      depth++;
      if (depth > deepest) deepest = depth;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      if (depth === 1) finish(at);
      depth--;
    } else if (code === COMMA && depth === 1) {
      finish(at);
    }
    at++;
  }
  return { depth: deepest, members };
}

function skipSpace(text: string, at: number): number {
  let index = at;
  while (text.charCodeAt(index) <= 32) index++;
  return index;
}

function trimEnd(text: string, end: number): number {
  let index = end;
  while (text.charCodeAt(index - 1) <= 32) index--;
  return index;
}

/** Replaces a top-level member's value, or adds the member as the first one. */
export function withMember(text: string, scan: JsonScan, name: string, value: string): string {
  const member = scan.members.find((candidate) => candidate.name === name);
  if (member !== undefined) {
    return text.slice(0, member.start) + value + text.slice(member.end);
  }
  const brace = text.indexOf('{') + 1;
  const comma = scan.members.length > 0 ? ',' : '';
  return `${text.slice(0, brace)}${JSON.stringify(name)}:${value}${comma}${text.slice(brace)}`;
}
