/**
 * A stream as Gemini sends it without `alt=sse`: one JSON array, whose elements come one after the other.
 * Each element goes on as soon as it has come whole, byte for byte (I11), unless its reader says that it
 * must wait until the usage event is durable (I9). An object that is in no array, as an error may be, is an
 * element of its own.
 *
 * Each byte is looked at once, and copied a few times at most, however small the chunks are.
 */
import { GrowingBytes } from '../../relay/growing-bytes.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  OPEN_BRACE,
  QUOTE,
} from '../../relay/json-codes.ts';
import type { EventReader } from '../../relay/sse-relay.ts';

export class ArrayRelay {
  readonly #reader: EventReader;
  readonly #elementBytesMax: number;
  /** The element that has not ended. */
  readonly #kept = new GrowingBytes();
  /** From here on nothing leaves before `end`. */
  #held: Buffer[] | null = null;
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  /** The element has left as far as it has come: it outgrew the bound. */
  #isPassing = false;
  #isClosed = false;

  constructor(reader: EventReader, elementBytesMax: number) {
    this.#reader = reader;
    this.#elementBytesMax = elementBytesMax;
  }

  /** An element has begun, and not ended. */
  get isOpen(): boolean {
    return this.#depth > 0;
  }

  /** The array has come to its end. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Bytes that may leave now. */
  push(chunk: Buffer): Buffer[] {
    const sent: Buffer[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (!this.#step(chunk[at] as number)) continue;
      this.#endElement(chunk.subarray(from, at + 1), sent);
      from = at + 1;
    }
    const rest = chunk.subarray(from);
    if (rest.length === 0) return sent;
    if (this.#depth > 0 && !this.#isPassing) this.#keep(rest, sent);
    else this.#pass(rest, sent);
    return sent;
  }

  /** What was held back: all from the first element that had to wait, or an element without its end. */
  end(): Buffer[] {
    const last = this.#held ?? [];
    if (this.#kept.length > 0) last.push(this.#kept.take());
    this.#held = null;
    return last;
  }

  /** @returns true: an element ends with this byte */
  #step(code: number): boolean {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (this.#inString) {
      if (code === BACKSLASH) this.#isEscaped = true;
      else if (code === QUOTE) this.#inString = false;
    } else if (code === QUOTE) this.#inString = true;
    else if (code === OPEN_BRACE) this.#depth++;
    else if (code === CLOSE_BRACE && this.#depth > 0) return --this.#depth === 0;
    else if (code === CLOSE_BRACKET && this.#depth === 0) this.#isClosed = true;
    return false;
  }

  /** @param bytes up to the element's end, with what parts it from the one before */
  #endElement(bytes: Buffer, sent: Buffer[]): void {
    if (this.#isPassing) {
      this.#isPassing = false;
      return this.#pass(bytes, sent);
    }
    const whole = this.#kept.length === 0 ? bytes : this.#gathered(bytes);
    const text = whole.toString();
    const verdict = this.#reader.read(text.slice(text.indexOf('{')));
    // seam: end-of-an-array-is-held-back
    if (verdict === 'hold') this.#held ??= [];
    else if (verdict === 'part') this.#reader.onUnread();
    this.#pass(whole, sent);
  }

  #gathered(bytes: Buffer): Buffer {
    this.#kept.append(bytes);
    return this.#kept.take();
  }

  #keep(bytes: Buffer, sent: Buffer[]): void {
    this.#kept.append(bytes);
    if (this.#kept.length <= this.#elementBytesMax) return;
    this.#reader.onUnread();
    this.#isPassing = true;
    this.#pass(this.#kept.take(), sent);
  }

  #pass(bytes: Buffer, sent: Buffer[]): void {
    if (this.#held !== null) this.#held.push(bytes);
    else sent.push(bytes);
  }
}
