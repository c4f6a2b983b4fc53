/**
 * One pass over a request body: how deep it nests and where its top-level members are. So a member
 * can be replaced or added without serializing the rest again, and a body that names a field twice is
 * refused (two parsers may read it differently: the one that we bill by and the provider's).
 *
 * The body has been through JSON.parse already: it is valid JSON, in UTF-8.
 */
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './json-codes.ts';

/** Of bytes. */
export type Range = { start: number; end: number };

/** A top-level member: where its value is. */
export type Member = Range & {
  /** Decoded name. */
  name: string;
};

/** What is to be written in place of a range. */
export type Edit = Range & { text: string };

export type JsonScan = { depth: number; members: Member[] };

/**
 * Index just after the string that begins at `at`; the end of a text that breaks off in it. Each character
 * is looked at twice at most.
 */
export function skipString(text: string, at: number): number {
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

/**
 * Reads the top-level members of the object in `body`; an array or scalar has none.
 *
 * @param decoded the body as text
 */
export function scanJson(body: Buffer, decoded: string): JsonScan {
  // JSON's own characters are ASCII, so a character for each byte will do to find them.
  const isAscii = decoded.length === body.length;
  const text = isAscii ? decoded : body.toString('latin1');
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
        name = JSON.parse(isAscii ? text.slice(at, end) : body.toString('utf8', at, end)) as string;
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

/** What replaces a top-level member's value, or adds the member as the first one. */
export function memberEdit(body: Buffer, scan: JsonScan, name: string, value: string): Edit {
  const member = memberOf(scan, name);
  if (member !== undefined) return { start: member.start, end: member.end, text: value };
  const at = body.indexOf(OPEN_BRACE) + 1;
  const comma = scan.members.length > 0 ? ',' : '';
  return { start: at, end: at, text: `${JSON.stringify(name)}:${value}${comma}` };
}

export function memberOf(scan: JsonScan, name: string): Member | undefined {
  return scan.members.find((candidate) => candidate.name === name);
}

/** The body with each edit made, and no other byte changed. @param edits of ranges that do not overlap */
export function withEdits(body: Buffer, edits: readonly Edit[]): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
    parts.push(body.subarray(from, start), Buffer.from(text));
    from = end;
  }
  parts.push(body.subarray(from));
  return Buffer.concat(parts);
}
