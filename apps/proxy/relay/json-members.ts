/**
 * Top-level members of a JSON object that is too large to be held: found while its bytes pass, wherever
 * they are in it, in time that grows with the bytes alone. Only those that are asked for are kept.
 */
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './json-codes.ts';

/** No answer has more members that are wanted; one that has them is none that can be read. */
const MEMBERS_MAX = 100;

export type FoundMember = { name: string; value: unknown };

export class JsonMembers {
  readonly #wanted: ReadonlySet<string>;
  readonly #valueBytesMax: number;
  readonly #found: FoundMember[] = [];
  #depth = 0;
  #begun = false;
  #isObject = false;
  /** How often a wanted member was there. */
  #seen = 0;
  #inString = false;
  #escaped = false;
  /** A name comes next, at the top level. */
  #expectsName = false;
  /** The last name at the top level. */
  #name = '';
  #keeps: 'name' | 'value' | null = null;
  /** What is kept of the name or value that is being read, from earlier chunks. */
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #keptFrom = 0;

  /** @param valueBytesMax a larger value is not kept */
  constructor(wanted: ReadonlySet<string>, valueBytesMax: number) {
    this.#wanted = wanted;
    this.#valueBytesMax = valueBytesMax;
  }

  /** The members, in their order; a name may be there twice. None before the object is whole, or of too many. */
  found(): readonly FoundMember[] {
    return this.isWhole && this.#seen <= MEMBERS_MAX ? this.#found : [];
  }

  /** The object has ended. */
  get isWhole(): boolean {
    return this.#begun && this.#isObject && this.#depth === 0;
  }

  push(chunk: Buffer): void {
    this.#keptFrom = 0;
    for (let at = 0; at < chunk.length; at++) {
      const code = chunk[at] as number;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (code === BACKSLASH) this.#escaped = true;
        else if (code === QUOTE) this.#endString(chunk, at);
      } else if (code === QUOTE) {
        this.#inString = true;
        if (this.#depth === 1 && this.#expectsName) this.#keep('name', at);
      } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
        this.#open(code);
      } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
        if (this.#depth === 1) this.#endValue(chunk, at);
        this.#depth--;
      } else if (this.#depth === 1) {
        if (code === COMMA) this.#endValue(chunk, at);
        else if (code === COLON && this.#wanted.has(this.#name)) this.#keepWanted(at + 1);
      }
    }
    if (this.#keeps !== null) this.#put(chunk, chunk.length);
  }

  #open(code: number): void {
    if (this.#depth === 0) {
      this.#isObject = code === OPEN_BRACE && !this.#begun;
      this.#begun = true;
      this.#expectsName = this.#isObject;
    }
    this.#depth++;
  }

  #endString(chunk: Buffer, at: number): void {
    this.#inString = false;
    if (this.#keeps !== 'name') return;
    this.#name = String(this.#take(chunk, at + 1) ?? '');
    this.#expectsName = false;
  }

  #endValue(chunk: Buffer, at: number): void {
    if (this.#keeps === 'value') {
      const value = this.#take(chunk, at);
      if (value !== undefined) this.#found.push({ name: this.#name, value });
    }
    this.#name = '';
    this.#expectsName = this.#isObject;
  }

  #keepWanted(from: number): void {
    // To parse a value that is none takes as long as to look at a thousand bytes.
    if (++this.#seen <= MEMBERS_MAX) this.#keep('value', from);
  }

  #keep(what: 'name' | 'value', from: number): void {
    this.#keeps = what;
    this.#keptFrom = from;
  }

  #put(chunk: Buffer, end: number): void {
    this.#keptBytes += end - this.#keptFrom;
    if (this.#keptBytes > this.#valueBytesMax) this.#kept.length = 0;
    else this.#kept.push(chunk.subarray(this.#keptFrom, end));
  }

  /** @returns undefined if it was too large, or is no JSON */
  #take(chunk: Buffer, end: number): unknown {
    this.#put(chunk, end);
    const text = this.#keptBytes > this.#valueBytesMax ? '' : Buffer.concat(this.#kept).toString();
    this.#keeps = null;
    this.#kept = [];
    this.#keptBytes = 0;
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return undefined;
    }
  }
}
