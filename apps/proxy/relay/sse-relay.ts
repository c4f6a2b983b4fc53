/**
 * A stream of server-sent events on its way through, whatever its events say: a reader is shown the
 * data of each and says whether it may leave at once, must wait until the usage event is durable
 * (I9), or is not for the client. Bytes are relayed as they came (I11).
 *
 * Works on whole events: the bytes of an event leave when its end has been seen. An event that
 * outgrows the bound is relayed unread from then on.
 */

/**
 * `hold`: this event and all behind it wait. `drop`: it was caused by what we added to the request,
 * and the client did not ask for it.
 */
export type EventVerdict = 'pass' | 'hold' | 'drop';

export type EventReader = {
  /** @param data the event's `data` lines, joined as the specification says */
  read(data: string): EventVerdict;
  /** An event outgrew the bound: it was relayed, and what it said is not known. */
  onUnread(): void;
};

const LF = 10;
const CR = 13;
const NOTHING: Buffer[] = [];
/** The longest piece of an event's end that can be split off from the rest of it: CR LF CR. */
const END_PIECE_BYTES = 3;

export class SseRelay {
  readonly #reader: EventReader;
  readonly #eventBytesMax: number;
  /** Bytes of the event that has not ended yet. */
  #partial: Buffer = Buffer.alloc(0);
  /** From here on nothing leaves before `end`. */
  #held: Buffer[] | null = null;
  #oversized = false;
  #partialKept: boolean | undefined;

  constructor(reader: EventReader, eventBytesMax: number) {
    this.#reader = reader;
    this.#eventBytesMax = eventBytesMax;
  }

  /** Bytes that may be sent on now. */
  push(chunk: Buffer): Buffer[] {
    let rest = this.#partial.length === 0 ? chunk : Buffer.concat([this.#partial, chunk]);
    let searchFrom = Math.max(0, this.#partial.length - END_PIECE_BYTES);
    const sent: Buffer[] = [];
    for (;;) {
      const end = eventEnd(rest, searchFrom);
      if (end === -1) break;
      this.#take(rest.subarray(0, end), sent);
      rest = rest.subarray(end);
      searchFrom = 0;
    }
    this.#partial = rest;
    if (rest.length > this.#eventBytesMax) this.#passOversized(sent);
    return sent.length === 0 ? NOTHING : sent;
  }

  /** What was held back: all from the first event that had to wait, or an event without its end. */
  end(): Buffer[] {
    const last = this.#held ?? [];
    if (this.#partial.length > 0 && this.readUnended()) last.push(this.#partial);
    this.#partial = Buffer.alloc(0);
    this.#held = null;
    return last;
  }

  /**
   * Shows the reader an event without its end: a stream that breaks off without an empty line may
   * still have stated its usage. Once, though it is asked for before and at the end.
   *
   * @returns false if it must not be relayed
   */
  readUnended(): boolean {
    if (this.#partial.length === 0 || this.#oversized) return true;
    this.#partialKept ??= this.#read(this.#partial);
    return this.#partialKept;
  }

  #take(event: Buffer, sent: Buffer[]): void {
    if (this.#oversized) {
      this.#oversized = false;
      this.#pass(event, sent);
      return;
    }
    if (this.#read(event)) this.#pass(event, sent);
  }

  #pass(event: Buffer, sent: Buffer[]): void {
    if (this.#held !== null) this.#held.push(event);
    else sent.push(event);
  }

  #passOversized(sent: Buffer[]): void {
    this.#oversized = true;
    this.#reader.onUnread();
    // The last bytes stay: the end of the event may be split over two chunks.
    const pass = this.#partial.subarray(0, this.#partial.length - END_PIECE_BYTES);
    this.#partial = this.#partial.subarray(this.#partial.length - END_PIECE_BYTES);
    this.#pass(pass, sent);
  }

  /** @returns false if the event must not be relayed */
  #read(event: Buffer): boolean {
    const data = dataOf(event.toString('utf8'));
    if (data === null) return true;
    const verdict = this.#reader.read(data);
    // seam: done-is-held-back
    if (verdict === 'hold') this.#held ??= [];
    return verdict !== 'drop';
  }
}

/** Index just after the empty line that ends an event, or -1. A line ends in LF, CR or CRLF. */
function eventEnd(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const first = lineEnd(bytes, at);
    if (first === 0) continue;
    const next = at + first;
    // A CR at the very end may be half of a CRLF: wait for the next byte.
    if (next >= bytes.length) return -1;
    const second = lineEnd(bytes, next);
    if (second === 0) continue;
    if (bytes[next] === CR && second === 1 && next + 1 === bytes.length) return -1;
    return next + second;
  }
  return -1;
}

/** Length of the line end at `at`, 0 if there is none. */
function lineEnd(bytes: Buffer, at: number): 0 | 1 | 2 {
  if (bytes[at] === LF) return 1;
  if (bytes[at] !== CR) return 0;
  return bytes[at + 1] === LF ? 2 : 1;
}

/** The event's `data` lines, joined as the specification says; null if it has none. */
function dataOf(event: string): string | null {
  let data: string | null = null;
  const text = event.charCodeAt(0) === 0xfeff ? event.slice(1) : event;
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (!line.startsWith('data:')) continue;
    const value = line.charCodeAt(5) === 32 ? line.slice(6) : line.slice(5);
    data = data === null ? value : `${data}\n${value}`;
  }
  return data;
}
