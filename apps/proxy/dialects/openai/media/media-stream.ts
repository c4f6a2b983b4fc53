/**
 * Pictures as they are drawn, speech and transcripts as they are made: events pass as they come, and the one that
 * ends the last of them, which states the usage, waits with all that follows (I9).
 */
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import { type EventReader, type EventVerdict, SseRelay } from '../../../relay/sse-relay.ts';
import type { Answer, AnswerFault, AnswerLimits } from '../../dialect.ts';
import { EventJson } from '../../shared/event-json.ts';
import { statesError } from '../stated-error.ts';
import type { MediaKind } from './media-kind.ts';

const DONE = '[DONE]';

export class MediaStream implements Answer, EventReader {
  readonly states = { imageTokens: true };
  readonly #relay: SseRelay;
  readonly #json: EventJson;
  readonly #kind: MediaKind;
  /** That were asked for: each has an end of its own. */
  readonly #count: number;
  #events = 0;
  #ends = 0;
  #statements = 0;
  #quantities: KnownQuantities | null = null;
  #note: string | null = null;
  #fault: AnswerFault | null = null;

  constructor(limits: AnswerLimits, kind: MediaKind, count: number) {
    // An event has a whole picture in it.
    const eventBytesMax = kind.countsPieces ? limits.heldAnswerBytesMax : limits.sseEventBytesMax;
    this.#relay = new SseRelay(this, eventBytesMax);
    this.#json = new EventJson(limits.sseEventValuesMax);
    this.#kind = kind;
    this.#count = count;
  }

  get progress(): 'open' | 'perhaps' | 'done' {
    if (!this.#hasEnded) return this.#relay.isLineOpen ? 'perhaps' : 'open';
    return this.#relay.isHeldEventWhole ? 'done' : 'perhaps';
  }

  isWhole(): boolean {
    this.#relay.readUnended();
    return this.#hasEnded;
  }

  get hasToken(): boolean {
    return this.#events > 0;
  }

  get tokensSeen(): number {
    return this.#events;
  }

  push(chunk: Buffer): Buffer[] {
    return this.#relay.push(chunk);
  }

  readOn(): boolean {
    this.#relay.readUnended();
    return false;
  }

  end(): Buffer[] {
    return this.#relay.end();
  }

  quantities(): KnownQuantities | null {
    this.#relay.readUnended();
    // Whether each of several is about its own picture, or about all so far, nobody says.
    // seam: usage-of-several-pictures-is-not-added
    return this.#statements === 1 && this.#hasEnded ? this.#quantities : null;
  }

  usageNote(): string | null {
    this.#relay.readUnended();
    if (this.#note !== null || this.#statements === 0) return this.#note;
    if (this.#statements > 1) return 'usage_contradictory';
    return this.#hasEnded ? null : 'usage_not_final';
  }

  isUsageFinal(): boolean {
    this.#relay.readUnended();
    return this.#hasEnded;
  }

  fault(): AnswerFault | null {
    this.#relay.readUnended();
    return this.#fault ?? (this.#events === 0 ? 'nothing' : null);
  }

  whole(): null {
    return null;
  }

  refusedFor(): null {
    return null;
  }

  said(): null {
    return null;
  }

  model(): null {
    return null;
  }

  id(): null {
    return null;
  }

  outputText(): null {
    return null;
  }

  outputTokensMax(): null {
    return null;
  }

  read(data: string): EventVerdict | 'part' {
    if (data.trim() === DONE) return 'hold';
    const event = this.#json.parse(data);
    if (event === null) return 'part';
    this.#events++;
    if (statesError(event)) this.#fault = 'error';
    const said = this.#kind.usageOf(event['usage']);
    if (said.kind !== 'nothing') this.#statements++;
    if (said.kind === 'stated') this.#quantities = said.quantities;
    if (said.kind === 'unclear') this.#note = said.doubt;
    if (this.#kind.ends.has(event['type'])) this.#ends++;
    return this.#hasEnded ? 'hold' : 'pass';
  }

  onUnread(): void {
    this.#events++;
  }

  get #hasEnded(): boolean {
    return this.#ends >= this.#count;
  }
}
