/**
 * A stream of the Responses API: its events pass as they come, and what they say is read on the side. There
 * is no `[DONE]`: the event that ends the response, by its type, waits for the usage event with all that
 * follows (I9). Nothing is stripped, since nothing was asked for that the client did not ask for (I11).
 */
import type { RefusedFor } from '@tollgate/domain/routing/failure.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import { type EventReader, type EventVerdict, SseRelay } from '../../../relay/sse-relay.ts';
import type { Answer, AnswerFault, AnswerLimits, StoredParts } from '../../dialect.ts';
import { EventJson } from '../../shared/event-json.ts';
import type { Asked } from '../asked.ts';
import type { UsageNote } from '../usage-note.ts';
import { ResponseReading } from './response-reading.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Events with the response at its end, whichever it came to; all of them carry the usage. */
const ENDS: ReadonlySet<unknown> = new Set([
  ...['response.completed', 'response.incomplete', 'response.failed', 'response.cancelled'],
]);
/** Events with the response as it begins. */
const HEADS: ReadonlySet<unknown> = new Set([
  ...['response.created', 'response.queued', 'response.in_progress'],
]);
/** Pieces of what the model writes for all to see. */
const VISIBLE: ReadonlySet<unknown> = new Set([
  ...['response.output_text.delta', 'response.refusal.delta'],
  ...['response.function_call_arguments.delta', 'response.custom_tool_call_input.delta'],
]);
/** Some servers of this API end with it all the same. */
const DONE = '[DONE]';
/** Characters of a token of plain text, on average. */
const TOKEN_LENGTH = 4;

export class ResponseStream implements Answer, EventReader {
  readonly states = { searches: true };
  readonly #relay: SseRelay;
  readonly #json: EventJson;
  readonly #reading: ResponseReading;
  readonly #textBytesMax: number;
  #texts: string[] | null = [];
  #length = 0;
  #tokens = 0;
  #isEnded = false;
  #saysEnd = false;
  #fault: AnswerFault | null = null;

  constructor(limits: AnswerLimits, asked: Asked) {
    this.#relay = new SseRelay(this, limits.sseEventBytesMax);
    this.#json = new EventJson(limits.sseEventValuesMax);
    this.#reading = new ResponseReading(asked);
    this.#textBytesMax = limits.estimateTextBytesMax;
  }

  get progress(): 'open' | 'perhaps' | 'done' {
    if (!this.#isEnded) return this.#relay.isLineOpen ? 'perhaps' : 'open';
    return this.#relay.isHeldEventWhole ? 'done' : 'perhaps';
  }

  isWhole(): boolean {
    return this.#isEnded;
  }

  get hasToken(): boolean {
    return this.#tokens > 0;
  }

  get tokensSeen(): number {
    return this.#tokens;
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
    return this.#reading.quantities(this.hasToken);
  }

  usageNote(): UsageNote | null {
    this.#relay.readUnended();
    return this.#reading.note(this.hasToken);
  }

  unpricedBy(): string | null {
    this.#relay.readUnended();
    return this.#reading.feeUnstated();
  }

  serviceTier(): string | null {
    return this.#reading.serviceTier;
  }

  /** Usage is read of the event that ends the response alone. */
  isUsageFinal(): boolean {
    this.#relay.readUnended();
    return this.#saysEnd;
  }

  fault(): AnswerFault | null {
    this.#relay.readUnended();
    const { fault, hasOutput, saidUsage, id } = this.#reading;
    const said = this.#fault ?? fault;
    if (said !== null) return said;
    const isNothing = !this.hasToken && !hasOutput && !saidUsage;
    if (isNothing && (this.#isEnded || id === null)) return 'nothing';
    // What broke off has not said what was thought on the way: an estimate of what is seen may be far below it.
    // seam: response-without-an-end-is-no-answer
    return this.#isEnded ? null : 'error';
  }

  whole(): null {
    return null;
  }

  refusedFor(): RefusedFor | null {
    return null;
  }

  said(): null {
    return null;
  }

  storedIds(keeps: StoredParts['keeps']): string[] {
    return this.#reading.storedIds(keeps);
  }

  model(): string | null {
    this.#relay.readUnended();
    return this.#reading.model;
  }

  id(): string | null {
    this.#relay.readUnended();
    return this.#reading.id;
  }

  outputText(): string | null {
    this.#relay.readUnended();
    return this.#reading.hidesOutput ? null : (this.#texts?.join('') ?? null);
  }

  outputTokensMax(): null {
    return null;
  }

  read(data: string): EventVerdict | 'part' {
    if (data.trim() === DONE) {
      this.#isEnded = true;
      return 'hold';
    }
    const event = this.#json.parse(data);
    return event === null ? 'part' : this.#readEvent(event);
  }

  onUnread(): void {
    this.#texts = null;
  }

  #readEvent(event: Fields): EventVerdict {
    const { type, response, item } = event;
    // seam: every-end-states-usage
    if (ENDS.has(type)) {
      this.#isEnded = true;
      this.#saysEnd = true;
      if (type === 'response.failed' || type === 'response.cancelled') this.#fault = 'error';
      if (isFields(response)) this.#reading.readEnd(response);
      // seam: last-event-by-type-waits
      return 'hold';
    }
    if (type === 'error') {
      this.#fault = 'error';
      this.#isEnded = true;
      return 'hold';
    }
    if (HEADS.has(type) && isFields(response)) this.#reading.readHead(response);
    else if (isFields(item)) this.#readItem(item);
    else if (typeof event['delta'] === 'string') this.#addText(type, event['delta']);
    return 'pass';
  }

  /** At its beginning and its end: the name of a function is in no piece of its own. */
  #readItem(item: Fields): void {
    this.#reading.readItem(item);
  }

  #addText(type: unknown, delta: string): void {
    if (delta === '') return;
    this.#length += delta.length;
    this.#tokens += Math.max(1, delta.length / TOKEN_LENGTH);
    // seam: hidden-thoughts-are-no-estimate
    if (!VISIBLE.has(type) || this.#length > this.#textBytesMax) this.#texts = null;
    else this.#texts?.push(delta);
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
