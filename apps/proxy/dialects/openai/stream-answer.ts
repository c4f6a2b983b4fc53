/**
 * A stream of chunks: they pass as they come, and the usage is read on the side. `[DONE]` and what
 * follows wait for the usage event (I9). Stripped is only the chunk that our own `include_usage`
 * caused (I11).
 */
import { quantitiesFromOpenAiUsage } from '@tollgate/domain/usage/openai-usage.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import { OPEN_BRACE } from '../../relay/json-codes.ts';
import { type EventReader, type EventVerdict, SseRelay } from '../../relay/sse-relay.ts';
import type { Answer } from '../dialect.ts';
import { outputTextOf } from './output-text.ts';

export type StreamAnswerOptions = {
  /** Remove the chunks with a usage object and no choices. */
  stripUsageChunk: boolean;
  eventBytesMax: number;
  /** Output text that is kept for an estimate, bytes. */
  textBytesMax: number;
};

const DONE = '[DONE]';
const SPACE = 32;

type Chunk = {
  id?: unknown;
  model?: unknown;
  usage?: unknown;
  choices?: unknown;
};

export class StreamAnswer implements Answer, EventReader {
  readonly #options: StreamAnswerOptions;
  readonly #relay: SseRelay;
  #isDone = false;
  #unreadable = false;
  #usage: unknown = null;
  #usageFinal = false;
  #model: string | null = null;
  #id: string | null = null;
  readonly #text: string[] = [];
  #textBytes = 0;

  constructor(options: StreamAnswerOptions) {
    this.#options = options;
    this.#relay = new SseRelay(this, options.eventBytesMax);
  }

  get progress(): 'open' | 'perhaps' | 'done' {
    if (!this.#isDone) return this.#relay.isLineOpen ? 'perhaps' : 'open';
    return this.#relay.isHeldEventWhole ? 'done' : 'perhaps';
  }

  /** `[DONE]` has come, be it without the end of its line. */
  isWhole(): boolean {
    return this.#isDone || isDone(this.#relay.unended() ?? '');
  }

  get hasToken(): boolean {
    return this.#textBytes > 0 || this.#unreadable;
  }

  push(chunk: Buffer): Buffer[] {
    return this.#relay.push(chunk);
  }

  end(): Buffer[] {
    return this.#relay.end();
  }

  quantities(): KnownQuantities | null {
    return quantitiesFromOpenAiUsage(this.usage());
  }

  /**
   * The last usage object, never a sum: providers state totals. Totals do not shrink, so one of zeros
   * behind another states nothing. Null if there was none.
   */
  usage(): unknown {
    this.#relay.readUnended();
    return this.#usage;
  }

  /**
   * The total comes in a chunk of its own, without choices, when all of them are written; a usage
   * next to a choice may be what was used so far.
   */
  isUsageFinal(): boolean {
    this.#relay.readUnended();
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

  read(data: string): EventVerdict | 'part' {
    if (isDone(data)) {
      this.#isDone = true;
      return 'hold';
    }
    const chunk = parseChunk(data);
    if (chunk === null) return 'part';
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
    return isOurs && this.#options.stripUsageChunk ? 'drop' : 'pass';
  }

  onUnread(): void {
    this.#unreadable = true;
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

function isDone(data: string): boolean {
  return data.trim() === DONE;
}

function parseChunk(data: string): Chunk | null {
  // A failed parse costs more than a whole chunk, and some servers send lines of text.
  if (!mayBeObject(data)) return null;
  try {
    const parsed: unknown = JSON.parse(data);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Chunk) : null;
  } catch {
    // Not JSON: relayed as it is, and what it said is unknown.
    return null;
  }
}

function mayBeObject(data: string): boolean {
  const first = data.charCodeAt(0);
  return first === OPEN_BRACE || first <= SPACE;
}
