/**
 * Counts what a JSON body is made of while its bytes arrive, before anything parses it: how deep it
 * nests, how many values it has, and how many members at the top. A body that has too many is
 * refused at the chunk in which it has them, and what follows is not read.
 *
 * It takes any bytes: whether they are JSON is for the parser to say.
 */
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../relay/json-codes.ts';

export type BodyBounds = {
  depthMax: number;
  /** Members of objects and elements of lists, at every depth. */
  valuesMax: number;
  /** Of the object at the top. */
  membersMax: number;
};

export type BodyFault = 'json_too_deep' | 'json_too_large';

export class BodyGuard {
  readonly #bounds: BodyBounds;
  #depth = 0;
  #values = 0;
  #members = 0;
  #inString = false;
  /** The chunk ended between a backslash and what it escapes. */
  #escaping = false;

  constructor(bounds: BodyBounds) {
    this.#bounds = bounds;
  }

  /** @returns what is wrong with the body so far; null: nothing yet */
  push(chunk: Uint8Array): BodyFault | null {
    const { depthMax, valuesMax, membersMax } = this.#bounds;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    while (at < bytes.length) {
      if (this.#inString) {
        at = this.#skipString(bytes, at);
        continue;
      }
      const code = bytes[at++];
      if (code === QUOTE) {
        this.#inString = true;
      } else if (code === COMMA) {
        this.#values++;
        if (this.#depth === 1) this.#members++;
      } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
        this.#depth++;
        // What is in it has one value more than it has commas.
        this.#values++;
        if (this.#depth > depthMax) return 'json_too_deep';
      } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
        this.#depth--;
      }
      // seam: body-has-too-many-values
      if (this.#values > valuesMax || this.#members >= membersMax) return 'json_too_large';
    }
    return null;
  }

  /** @returns the index behind the string's end, or the chunk's */
  #skipString(bytes: Buffer, from: number): number {
    let start = from;
    if (this.#escaping) {
      this.#escaping = false;
      start++;
    }
    for (let search = start; ; ) {
      const quote = bytes.indexOf(QUOTE, search);
      const end = quote === -1 ? bytes.length : quote;
      let escapes = 0;
      while (end - 1 - escapes >= start && bytes[end - 1 - escapes] === BACKSLASH) escapes++;
      const escaping = escapes % 2 === 1;
      if (quote === -1) {
        this.#escaping = escaping;
        return bytes.length;
      }
      if (!escaping) {
        this.#inString = false;
        return quote + 1;
      }
      search = quote + 1;
    }
  }
}
