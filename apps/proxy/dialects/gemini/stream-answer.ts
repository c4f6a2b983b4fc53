/**
 * A stream of Gemini, of server-sent events or as one JSON array: its parts pass as they come, and the usage
 * is read on the side. The part in which the last candidate ends, and all behind it, wait for the usage
 * event (I9): the dialect has no mark of its own for the end.
 */
import type { RefusedFor } from '@tollgate/domain/routing/failure.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import { type EventReader, type EventVerdict, SseRelay } from '../../relay/sse-relay.ts';
import type { Answer, AnswerFault, AnswerLimits } from '../dialect.ts';
import { EventJson } from '../shared/event-json.ts';
import { type AnswerAsked, AnswerParts } from './answer-parts.ts';
import { ArrayRelay } from './array-relay.ts';

export class GeminiStream implements Answer, EventReader {
  readonly #parts: AnswerParts;
  readonly #json: EventJson;
  /** Null: it is an array. */
  readonly #events: SseRelay | null;
  readonly #array: ArrayRelay | null;
  readonly #answerCount: number;
  /** The totals came with what was written last, or behind it. */
  #isFresh = false;

  /** @param answerCount candidates that were asked for */
  constructor(
    limits: AnswerLimits,
    asked: AnswerAsked,
    answerCount: number,
    form: 'events' | 'array',
  ) {
    this.#parts = new AnswerParts(asked);
    this.#json = new EventJson(limits.sseEventValuesMax);
    const isArray = form === 'array';
    this.#events = isArray ? null : new SseRelay(this, limits.sseEventBytesMax);
    this.#array = isArray ? new ArrayRelay(this, limits.sseEventBytesMax) : null;
    this.#answerCount = answerCount;
  }

  /** What has ended by its own word may still go on: some servers state the usage behind it. */
  get progress(): 'open' | 'perhaps' {
    return this.#hasEnded || this.#isLineOpen ? 'perhaps' : 'open';
  }

  isWhole(): boolean {
    this.#readUnended();
    return this.#hasEnded && (this.#array === null || this.#array.isClosed);
  }

  get states(): { imageTokens: boolean } {
    return { imageTokens: this.#parts.statesKinds };
  }

  get hasToken(): boolean {
    return this.#parts.pieces > 0;
  }

  get tokensSeen(): number {
    return this.#parts.tokens;
  }

  push(chunk: Buffer): Buffer[] {
    return (this.#events ?? (this.#array as ArrayRelay)).push(chunk);
  }

  readOn(): boolean {
    this.#readUnended();
    return false;
  }

  end(): Buffer[] {
    return (this.#events ?? (this.#array as ArrayRelay)).end();
  }

  quantities(): KnownQuantities | null {
    this.#readUnended();
    // seam: running-totals-of-gemini-are-not-final
    return this.#isTotal ? this.#parts.quantities : null;
  }

  usageNote(): string | null {
    this.#readUnended();
    return this.#parts.note ?? (this.#parts.saysUsage && !this.#isTotal ? 'usage_not_final' : null);
  }

  isUsageFinal(): boolean {
    this.#readUnended();
    return this.#isFresh && this.#hasEnded;
  }

  fault(): AnswerFault | null {
    this.#readUnended();
    return this.#parts.fault;
  }

  model(): string | null {
    return this.#parts.model;
  }

  id(): string | null {
    return this.#parts.id;
  }

  serviceTier(): string | null {
    return this.#parts.serviceTier;
  }

  /** It began as an answer. */
  refusedFor(): RefusedFor | null {
    return null;
  }

  unpricedBy(): string | null {
    return this.#parts.unpricedBy;
  }

  whole(): null {
    return null;
  }

  said(): null {
    return null;
  }

  outputText(): null {
    return null;
  }

  outputTokensMax(): null {
    return null;
  }

  read(data: string): EventVerdict | 'part' {
    const fields = this.#json.parse(data);
    if (fields === null) return 'part';
    const { pieces, ended } = this.#parts;
    if (this.#parts.read(fields)) this.#isFresh = true;
    // What is written behind the totals is not in them.
    else if (this.#parts.pieces > pieces || this.#parts.ended > ended) this.#isFresh = false;
    return this.#hasEnded ? 'hold' : 'pass';
  }

  onUnread(): void {
    this.#isFresh = false;
    this.#parts.onUnread();
  }

  /** All that has begun has ended; where it breaks off, others may have been to come. */
  get #isTotal(): boolean {
    return this.#isFresh && this.#parts.allEnded;
  }

  get #hasEnded(): boolean {
    return this.#parts.isBlocked || this.#parts.ended >= this.#answerCount;
  }

  get #isLineOpen(): boolean {
    return this.#events?.isLineOpen ?? (this.#array as ArrayRelay).isOpen;
  }

  #readUnended(): void {
    this.#events?.readUnended();
  }
}
