/**
 * Takes out of a body what nobody should store. Texts are compared as they read, not as they are
 * escaped, and those of a stream as they read one behind the other: a secret is found although its
 * letters come in ten events. What cannot be read is not stored at all.
 */
import type { Payload, PayloadBody, RawPayload } from './payloads.ts';

const REDACTED = '[redacted]';

const UNREADABLE = 'data: [unreadable]';

/** Keys of this installation and of providers (I12). */
const ALWAYS = [
  String.raw`\btg_[A-Za-z0-9]+_[A-Za-z0-9]{20,}`,
  String.raw`\bsk-[A-Za-z0-9_-]{16,}`,
];

/** A text in a value, and where it is. */
type Leaf = { holder: Record<string, unknown>; key: string; text: string };
type Range = { start: number; end: number };

export class Redactor {
  readonly #patterns: readonly RegExp[];

  constructor(patterns: readonly string[]) {
    this.#patterns = [...ALWAYS, ...patterns].map((source) => new RegExp(source, 'gu'));
  }

  payload({ request, answer, ...facts }: RawPayload): Payload {
    // seam: payloads-are-redacted-before-they-are-stored
    return { ...facts, request: this.body(request), answer: this.body(answer) };
  }

  /** @param bytes null: they were too many to keep */
  body(bytes: Uint8Array | null): PayloadBody {
    if (bytes === null) return { text: null, note: 'too_large' };
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      return { text: null, note: 'not_text' };
    }
    try {
      return { text: this.#text(text), note: null };
    } catch {
      // It breaks off, or is nested too deeply to be gone through.
      return { text: null, note: 'unreadable' };
    }
  }

  #text(text: string): string {
    const value = parsed(text);
    if (value !== undefined) return JSON.stringify(this.#values([value])[0]);
    if (/^data:/m.test(text)) return this.#stream(text);
    // Of JSON that breaks off, nobody knows how its texts read.
    if (text.includes('\\'))
      throw new Error('escapes cannot be read without what they are part of');
    return this.#plain(text);
  }

  /** Events with JSON are read together; every other line is text. */
  #stream(text: string): string {
    const lines = text.split('\n');
    const values = lines.map((line) =>
      line.startsWith('data:') ? parsed(line.slice('data:'.length)) : undefined,
    );
    const shown = this.#values(values.filter((value) => value !== undefined));
    let next = 0;
    return lines
      .map((line, index) =>
        values[index] === undefined ? this.#line(line) : `data: ${JSON.stringify(shown[next++])}`,
      )
      .join('\n');
  }

  /** What ends a stream is no JSON; an event that breaks off is, and cannot be read. */
  #line(line: string): string {
    return line.startsWith('data:') && line.includes('"') ? UNREADABLE : this.#plain(line);
  }

  /** @returns the values without what matches; they are changed in place */
  #values(values: readonly unknown[]): unknown[] {
    const root = { values } as Record<string, unknown>;
    const places = new Map<string, Leaf[]>();
    this.#collect(root, 'values', '', places, true);
    // seam: texts-of-a-stream-are-read-together
    for (const leaves of places.values()) this.#redact(leaves);
    return root['values'] as unknown[];
  }

  /** @param isTop members of the list are events, and have no place of their own */
  #collect(
    holder: Record<string, unknown>,
    key: string,
    path: string,
    places: Map<string, Leaf[]>,
    isTop = false,
  ): void {
    const value = holder[key];
    if (typeof value === 'string') {
      const leaves = places.get(path);
      if (leaves === undefined) places.set(path, [{ holder, key, text: value }]);
      else leaves.push({ holder, key, text: value });
    } else if (typeof value === 'number') {
      if (this.#plain(String(value)) !== String(value)) holder[key] = REDACTED;
    } else if (Array.isArray(value)) {
      for (const index of value.keys()) {
        const own = isTop ? path : `${path}/${placeOf(value[index], index)}`;
        this.#collect(value as unknown as Record<string, unknown>, String(index), own, places);
      }
    } else if (value !== null && typeof value === 'object') {
      this.#members(value as Record<string, unknown>, path, places);
    }
  }

  #members(value: Record<string, unknown>, path: string, places: Map<string, Leaf[]>): void {
    for (const name of Object.keys(value)) {
      const shown = this.#plain(name);
      if (shown !== name) {
        value[shown] = value[name];
        delete value[name];
      }
      this.#collect(value, shown, `${path}/${name}`, places);
    }
  }

  /** What matches in the texts together is taken out of each text that has a part of it. */
  #redact(leaves: readonly Leaf[]): void {
    const ranges = this.#ranges(leaves.map(({ text }) => text).join(''));
    if (ranges.length === 0) return;
    let start = 0;
    for (const { holder, key, text } of leaves) {
      holder[key] = without(text, start, ranges);
      start += text.length;
    }
  }

  #ranges(text: string): Range[] {
    const found = this.#patterns.flatMap((pattern) =>
      [...text.matchAll(pattern)].map(({ 0: match, index }) => {
        return { start: index, end: index + match.length };
      }),
    );
    const ranges: Range[] = [];
    for (const range of found.sort((a, b) => a.start - b.start)) {
      const last = ranges.at(-1);
      if (last !== undefined && range.start < last.end) last.end = Math.max(last.end, range.end);
      else if (range.end > range.start) ranges.push({ ...range });
    }
    return ranges;
  }

  #plain(text: string): string {
    return without(text, 0, this.#ranges(text));
  }
}

/** @param at where the text begins in what the ranges are of; a range is named where it begins */
function without(text: string, at: number, ranges: readonly Range[]): string {
  let shown = '';
  let done = 0;
  for (const { start, end } of ranges) {
    const [from, to] = [Math.max(start - at, 0), Math.min(end - at, text.length)];
    if (to <= 0 || from >= text.length) continue;
    shown += text.slice(done, from) + (start >= at ? REDACTED : '');
    done = to;
  }
  return shown + text.slice(done);
}

/** Parts of several answers come in turn, and say which they are of. */
function placeOf(value: unknown, index: number): string {
  const own = (value as { index?: unknown } | null)?.index;
  return typeof own === 'number' ? `#${own}` : String(index);
}

/** @returns undefined: it is no JSON */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
