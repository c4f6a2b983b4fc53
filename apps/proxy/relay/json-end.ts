/**
 * Whether a JSON text has come to its end: the object or list that it is has been closed, and nothing
 * but blank space follows. Each byte is looked at once; whether it is JSON is for a parser to say.
 */
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './json-codes.ts';

const SPACE = 32;

export class JsonEnd {
  #depth = 0;
  #inString = false;
  /** The last byte was a backslash that escapes the next one. */
  #escaping = false;
  #isClosed = false;
  /** Something follows the end. */
  #goesOn = false;

  get isClosed(): boolean {
    return this.#isClosed && !this.#goesOn;
  }

  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && !this.#goesOn; ) {
      if (this.#inString) at = this.#skipString(bytes, at);
      else this.#take(bytes[at++] as number);
    }
  }

  #take(code: number): void {
    if (this.#isClosed) {
      this.#goesOn = code > SPACE;
    } else if (code === QUOTE) {
      this.#inString = true;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      this.#depth++;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      this.#depth--;
      this.#isClosed = this.#depth === 0;
    }
  }

  /** @returns the index behind the string's end, or that of the bytes */
  #skipString(bytes: Buffer, from: number): number {
    let at = from;
    while (at < bytes.length) {
      if (this.#escaping) {
        this.#escaping = false;
        at++;
        continue;
      }
      const code = bytes[at++];
      if (code === BACKSLASH) this.#escaping = true;
      if (code !== QUOTE) continue;
      this.#inString = false;
      return at;
    }
    return at;
  }
}
