/**
 * A stream of server-sent events on its way through: usage is read on the side, and the last bytes
 * are held back until the usage event is durable (I9). Bytes are relayed as they came (I11), except
 * the one event that our own `include_usage` caused.
 *
 * Works on whole events: the bytes of an event leave when its end has been seen. An event that
 * outgrows the bound is relayed unread from then on.
 */
import { outputTextOf } from './output-text.ts';

export type SseRelayOptions = {
  /** Remove the events with a usage object and no choices. */
  stripInjectedUsage: boolean;
  eventBytesMax: number;
  /** Output text that is kept for an estimate, bytes. */
  textBytesMax: number;
};

const LF = 10;
const CR = 13;
const DONE = '[DONE]';
const NOTHING: Buffer[] = [];

type Chunk = {
  id?: unknown;
  model?: unknown;
  usage?: unknown;
  choices?: unknown;
};

export class SseRelay {
  readonly #options: SseRelayOptions;
  /** Bytes of the event that has not ended yet. */
  #partial: Buffer = Buffer.alloc(0);
  /** From here on nothing leaves before `end`. */
  #held: Buffer[] | null = null;
  #oversized = false;
  #partialKept: boolean | undefined;
  #unreadable = false;
  #usage: unknown = null;
  #usageFinal = false;
  #model: string | null = null;
  #id: string | null = null;
  readonly #text: string[] = [];
  #textBytes = 0;

  constructor(options: SseRelayOptions) {
    this.#options = options;
  }

  /** Bytes that may be sent on now. */
  push(chunk: Buffer): Buffer[] {
    let rest = this.#partial.length === 0 ? chunk : Buffer.concat([this.#partial, chunk]);
    let searchFrom = Math.max(0, this.#partial.length - 3);
    const sent: Buffer[] = [];
    for (;;) {
      const end = eventEnd(rest, searchFrom);
      if (end === -1) break;
      this.#take(rest.subarray(0, end), sent);
      rest = rest.subarray(end);
      searchFrom = 0;
    }
    this.#partial = rest;
    if (rest.length > this.#options.eventBytesMax) this.#passOversized(sent);
    return sent.length === 0 ? NOTHING : sent;
  }

  /** What was held back: the `[DONE]` event and all after it, or an event without its end. */
  end(): Buffer[] {
    const last = this.#held ?? [];
    if (this.#partial.length > 0 && this.#readPartial()) last.push(this.#partial);
    this.#partial = Buffer.alloc(0);
    this.#held = null;
    return last;
  }

  /**
   * The last usage object, never a sum: providers state totals. Totals do not shrink, so one of zeros
   * behind another states nothing. Null if there was none.
   */
  usage(): unknown {
    this.#readPartial();
    return this.#usage;
  }

  /**
   * In OpenAI's dialect the total comes in a chunk of its own, without choices, when all of them are
   * written; a usage beside a choice may be what was used so far.
   */
  isUsageFinal(): boolean {
    this.#readPartial();
    return this.#usageFinal;
  }

  model(): string | null {
    return this.#model;
  }

  id(): string | null {
    return this.#id;
  }

  /** Text of all choices; null if not all of it could be read or kept. */
  outputText(): string | null {
    return this.#unreadable ? null : this.#text.join('');
  }

  /**
   * A stream that breaks off without an empty line may still have stated its usage. Read once,
   * though it is asked for before and at the end. @returns false if it must not be relayed
   */
  #readPartial(): boolean {
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
    this.#unreadable = true;
    // The last bytes stay: the end of the event may be split over two chunks.
    const pass = this.#partial.subarray(0, this.#partial.length - 3);
    this.#partial = this.#partial.subarray(this.#partial.length - 3);
    this.#pass(pass, sent);
  }

  /** Reads what an event says. @returns false if it must not be relayed */
  #read(event: Buffer): boolean {
    const data = dataOf(event.toString('utf8'));
    if (data === null) return true;
    if (data.trim() === DONE) {
      // seam: done-is-held-back
      this.#held ??= [];
      return true;
    }
    const chunk = parseChunk(data);
    if (chunk === null) {
      this.#unreadable = true;
      return true;
    }
    if (typeof chunk.model === 'string') this.#model ??= chunk.model;
    if (typeof chunk.id === 'string') this.#id ??= chunk.id;
    const hasUsage = typeof chunk.usage === 'object' && chunk.usage !== null;
    const isOurs = hasUsage && Array.isArray(chunk.choices) && chunk.choices.length === 0;
    if (hasUsage && (this.#usage === null || !isAllZero(chunk.usage))) {
      // seam: usage-is-the-last-stated
      this.#usage = chunk.usage;
      this.#usageFinal = isOurs;
    }
    this.#collect(chunk.choices);
    return !(isOurs && this.#options.stripInjectedUsage);
  }

  #collect(choices: unknown): void {
    if (!Array.isArray(choices) || this.#unreadable) return;
    for (const choice of choices as { delta?: unknown }[]) {
      const text = outputTextOf(choice?.delta);
      if (text === '') continue;
      this.#textBytes += text.length;
      if (this.#textBytes > this.#options.textBytesMax) {
        this.#unreadable = true;
        this.#text.length = 0;
        return;
      }
      this.#text.push(text);
    }
  }
}

function isAllZero(usage: unknown): boolean {
  const { prompt_tokens, completion_tokens = 0 } = usage as Record<string, unknown>;
  return prompt_tokens === 0 && completion_tokens === 0;
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

function parseChunk(data: string): Chunk | null {
  try {
    const parsed: unknown = JSON.parse(data);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Chunk) : null;
  } catch {
    // Not JSON: relayed as it is, and what it said is unknown.
    return null;
  }
}
