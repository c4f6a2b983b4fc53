/**
 * A stream of server-sent events on its way through, whatever its events say: a reader is shown what
 * they say and answers whether it may leave at once, must wait until the usage event is durable
 * (I9), or is not for the client. Bytes are relayed as they came (I11).
 *
 * Works on lines. A `data` line that the reader understands alone is an event of its own: some
 * servers part events by one line end, against the specification, and their clients must not wait
 * for an empty line either. What is not understood alone waits for the event's other lines. What
 * outgrows the bound is relayed unread.
 *
 * Each byte is looked at once and copied a few times at most, however small the chunks are.
 */
import { GrowingBytes } from './growing-bytes.ts';

/**
 * `hold`: this and all behind it wait. `drop`: it was caused by what we added to the request, and
 * the client did not ask for it.
 */
export type EventVerdict = 'pass' | 'hold' | 'drop';

export type EventReader = {
  /**
   * @param data of one `data` line, or of all lines of an event that were not understood alone,
   * joined as the specification says
   * @returns `part`: it is not understood, and nothing was taken from it
   */
  read(data: string): EventVerdict | 'part';
  /** Something leaves that was not understood, or outgrew the bound. */
  onUnread(): void;
};

const LF = 10;
const CR = 13;
const SPACE = 32;
const COLON = 58;
const NOTHING: Buffer[] = [];
const EMPTY = Buffer.alloc(0);

export class SseRelay {
  readonly #reader: EventReader;
  readonly #eventBytesMax: number;
  /** Lines that nothing was decided on yet, and the line that has not ended. */
  readonly #kept = new GrowingBytes();
  /** What is looked at: the chunk, behind what was kept. */
  #bytes: Buffer = EMPTY;
  /** Where in it the line begins that has not ended. */
  #lineStart = 0;
  /** Up to here it is decided what becomes of it. */
  #decided = 0;
  /** From here to `#decided` it leaves. */
  #runStart = 0;
  #sent: Buffer[] = NOTHING;
  /** From here on nothing leaves before `end`. */
  #held: Buffer[] | null = null;
  #isHeldEventWhole = false;
  /** Data of lines that wait, none of them understood alone. */
  #parts: string[] = [];
  /** The line has left as far as it has come: it outgrew the bound. */
  #isLinePassing = false;
  /** Lines of this event have left unread: what follows need not wait for its end. */
  #isUnread = false;
  /** Data of this event has left. */
  #isRelayed = false;
  /** The empty line at this event's end goes where its data went. */
  #dropsEnd = false;
  /** The chunk ended in a carriage return: a line feed may belong to it. */
  #afterCr = false;
  #wasDropped = false;
  #isFirstLine = true;

  constructor(reader: EventReader, eventBytesMax: number) {
    this.#reader = reader;
    this.#eventBytesMax = eventBytesMax;
  }

  /** The event that the reader held, and its end, have come. */
  get isHeldEventWhole(): boolean {
    return this.#isHeldEventWhole;
  }

  /** Bytes that were copied so far: what its work is measured by. */
  get copiedBytes(): number {
    return this.#kept.copiedBytes;
  }

  /** Bytes that may be sent on now. */
  push(chunk: Buffer): Buffer[] {
    if (chunk.length === 0) return NOTHING;
    const known = this.#kept.length;
    if (known === 0) {
      this.#bytes = chunk;
    } else {
      this.#kept.append(chunk);
      this.#bytes = this.#kept.view();
    }
    if (this.#afterCr) this.#endLineFeed(known);
    this.#readLines(Math.max(known, this.#lineStart));
    if (this.#isLinePassing) this.#pass(this.#bytes.length);
    else if (this.#bytes.length - this.#decided > this.#eventBytesMax) this.#passUnread();
    this.#flush();
    this.#keepRest(known);
    const sent = this.#sent;
    this.#sent = NOTHING;
    return sent;
  }

  /** What was held back: all from the first event that had to wait, or an event without its end. */
  end(): Buffer[] {
    this.readUnended();
    const last = this.#held ?? [];
    this.#held = null;
    return last;
  }

  /**
   * Shows the reader an event without its end: a stream that breaks off without an empty line may
   * still have stated its usage. Once, though it is asked for before and at the end; nothing more is
   * pushed behind it.
   */
  readUnended(): void {
    if (this.#kept.length === 0) return;
    this.#held ??= [];
    this.#bytes = this.#kept.take();
    const { length } = this.#bytes;
    if (this.#lineStart < length) this.#line(this.#lineStart, length, length);
    if (this.#decided < length) this.#endEvent(length);
    this.#flush();
    this.#restart(0);
  }

  /** A line has begun, and not ended. */
  get isLineOpen(): boolean {
    return this.#kept.length > this.#lineStart;
  }

  /** What the line that has not ended says so far; null if that is no data. */
  unended(): string | null {
    return this.#dataOf(this.#kept.view(), this.#lineStart, this.#kept.length);
  }

  /** The line feed of a CRLF that was cut in two goes where its carriage return went. */
  #endLineFeed(at: number): void {
    this.#afterCr = false;
    if (this.#bytes[at] !== LF) return;
    this.#lineStart = at + 1;
    if (at > 0) return;
    if (this.#wasDropped) this.#drop(1);
    else this.#pass(1);
  }

  #readLines(from: number): void {
    const bytes = this.#bytes;
    let at = from;
    let lf = bytes.indexOf(LF, at);
    let cr = bytes.indexOf(CR, at);
    for (;;) {
      if (lf !== -1 && lf < at) lf = bytes.indexOf(LF, at);
      if (cr !== -1 && cr < at) cr = bytes.indexOf(CR, at);
      const endsInCr = cr !== -1 && (lf === -1 || cr < lf);
      const end = endsInCr ? cr : lf;
      if (end === -1) return;
      at = endsInCr && lf === cr + 1 ? lf + 1 : end + 1;
      this.#afterCr = at === bytes.length && bytes[at - 1] === CR;
      this.#line(this.#lineStart, end, at);
      this.#lineStart = at;
      this.#isFirstLine = false;
    }
  }

  /** @param next where the following line begins */
  #line(start: number, end: number, next: number): void {
    if (this.#isLinePassing) {
      this.#isLinePassing = false;
      return this.#pass(next);
    }
    if (start === end) return this.#endEvent(next);
    const data = this.#dataOf(this.#bytes, start, end);
    if (data !== null) return this.#readData(data, start, next);
    // A comment belongs to no event: it leaves unless it is among lines that wait.
    const isComment = this.#bytes[start] === COLON && this.#decided === start;
    if (isComment || this.#isUnread) this.#pass(next);
  }

  #readData(data: string, start: number, next: number): void {
    const verdict = this.#reader.read(data);
    if (verdict !== 'part') {
      if (this.#parts.length > 0) this.#passParts(start);
      return this.#follow(verdict, next);
    }
    if (this.#isUnread) return this.#pass(next);
    this.#parts.push(data);
  }

  #endEvent(next: number): void {
    const count = this.#parts.length;
    const verdict = count > 1 ? this.#reader.read(this.#parts.join('\n')) : 'part';
    if (verdict !== 'part') this.#follow(verdict, next);
    else if (count > 0) this.#passParts(next);
    else if (this.#dropsEnd) this.#drop(next);
    else this.#pass(next);
    this.#parts = count === 0 ? this.#parts : [];
    this.#isUnread = false;
    this.#isRelayed = false;
    this.#dropsEnd = false;
    this.#isHeldEventWhole = this.#held !== null;
  }

  #follow(verdict: EventVerdict, next: number): void {
    if (verdict === 'drop') {
      this.#dropsEnd = !this.#isRelayed;
      return this.#drop(next);
    }
    // seam: done-is-held-back
    if (verdict === 'hold') this.#hold();
    this.#isRelayed = true;
    this.#dropsEnd = false;
    this.#pass(next);
  }

  /** Nobody will understand them: what follows is an event of its own. */
  #passParts(to: number): void {
    this.#reader.onUnread();
    this.#parts = [];
    this.#isRelayed = true;
    this.#pass(to);
  }

  /** What waits outgrew the bound: it leaves unread, and so does the rest of its line. */
  #passUnread(): void {
    this.#reader.onUnread();
    this.#parts = [];
    this.#isUnread = true;
    this.#isRelayed = true;
    this.#isLinePassing = this.#lineStart < this.#bytes.length;
    this.#pass(this.#bytes.length);
  }

  #pass(to: number): void {
    this.#decided = to;
    this.#wasDropped = false;
  }

  #drop(to: number): void {
    this.#flush();
    this.#decided = to;
    this.#runStart = to;
    this.#wasDropped = true;
  }

  /** Once: what follows is held in pieces as large as it comes in, however many lines say so again. */
  #hold(): void {
    if (this.#held !== null) return;
    this.#flush();
    this.#held = [];
  }

  #flush(): void {
    const { length } = this.#bytes;
    if (this.#decided === this.#runStart) return;
    const isAll = this.#runStart === 0 && this.#decided === length;
    const run = isAll ? this.#bytes : this.#bytes.subarray(this.#runStart, this.#decided);
    this.#runStart = this.#decided;
    if (this.#held !== null) this.#held.push(run);
    else if (this.#sent === NOTHING) this.#sent = [run];
    else this.#sent.push(run);
  }

  /** What is undecided waits for the next chunk. It is no longer than the chunk, or all there is. */
  #keepRest(known: number): void {
    const decided = this.#decided;
    if (known > 0 && decided === 0) return;
    if (known > 0) this.#kept.take();
    if (decided < this.#bytes.length) this.#kept.append(this.#bytes.subarray(decided));
    this.#restart(this.#lineStart - decided);
  }

  #restart(lineStart: number): void {
    this.#lineStart = Math.max(0, lineStart);
    this.#decided = 0;
    this.#runStart = 0;
    this.#bytes = EMPTY;
  }

  /** What a `data` line says; null if it is none. */
  #dataOf(bytes: Buffer, from: number, end: number): string | null {
    const start = this.#isFirstLine ? skipByteOrderMark(bytes, from) : from;
    if (!isData(bytes, start)) return null;
    const at = start + DATA_BYTES;
    return bytes.toString('utf8', bytes[at] === SPACE && at < end ? at + 1 : at, end);
  }
}

const DATA_BYTES = 5;

/** A line that begins with `data:`. */
function isData(bytes: Buffer, at: number): boolean {
  return (
    bytes[at] === 0x64 &&
    bytes[at + 1] === 0x61 &&
    bytes[at + 2] === 0x74 &&
    bytes[at + 3] === 0x61 &&
    bytes[at + 4] === COLON
  );
}

function skipByteOrderMark(bytes: Buffer, at: number): number {
  const isMark = bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf;
  return isMark ? at + 3 : at;
}
