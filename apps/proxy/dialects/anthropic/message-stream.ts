/**
 * A stream of the Messages API: its events pass as they come, and the usage is read on the side.
 * `message_stop` and what follows wait for the usage event (I9). `message_start` states what was read so
 * far, `message_delta` the totals: a stream that breaks off before them says nothing that is final.
 */
import type { RefusedFor } from '@tollgate/domain/routing/failure.ts';
import { AnthropicUsage } from '@tollgate/domain/usage/anthropic-usage.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import { type EventReader, type EventVerdict, SseRelay } from '../../relay/sse-relay.ts';
import type { Answer, AnswerFault, AnswerLimits } from '../dialect.ts';
import { EventJson } from '../shared/event-json.ts';

type Fields = Record<string, unknown>;

export class MessageStream implements Answer, EventReader {
  readonly states = { searches: true, imageTokens: true };
  readonly #relay: SseRelay;
  readonly #json: EventJson;
  readonly #usage: AnthropicUsage;
  #pieces = 0;
  #isDone = false;
  /** The totals came, with the reason for which the message has ended. */
  #isFinal = false;
  #fault: AnswerFault | null = null;
  #model: string | null = null;
  #id: string | null = null;

  constructor(limits: AnswerLimits, asksForHours: boolean) {
    this.#relay = new SseRelay(this, limits.sseEventBytesMax);
    this.#json = new EventJson(limits.sseEventValuesMax);
    this.#usage = new AnthropicUsage(asksForHours);
  }

  get progress(): 'open' | 'perhaps' | 'done' {
    if (!this.#isDone) return this.#relay.isLineOpen ? 'perhaps' : 'open';
    return this.#relay.isHeldEventWhole ? 'done' : 'perhaps';
  }

  isWhole(): boolean {
    if (this.#isDone) return true;
    return /"type"\s*:\s*"message_stop"\s*\}\s*$/.test(this.#relay.unended() ?? '');
  }

  get hasToken(): boolean {
    return this.#pieces > 0;
  }

  get tokensSeen(): number {
    return this.#pieces;
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
    // seam: start-of-a-message-states-no-total
    return this.#isFinal ? this.#usage.quantities : null;
  }

  usageNote(): string | null {
    this.#relay.readUnended();
    if (this.#usage.doubt !== null) return this.#usage.doubt;
    return this.#usage.said && !this.#isFinal ? 'usage_not_final' : null;
  }

  isUsageFinal(): boolean {
    this.#relay.readUnended();
    return this.#isFinal;
  }

  fault(): AnswerFault | null {
    this.#relay.readUnended();
    if (this.#fault !== null) return this.#fault;
    return this.#pieces > 0 || this.#usage.said || this.#id !== null ? null : 'nothing';
  }

  serviceTier(): string | null {
    return this.#usage.serviceTier;
  }

  model(): string | null {
    return this.#model;
  }

  id(): string | null {
    return this.#id;
  }

  refusedFor(): RefusedFor | null {
    return null;
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
    const event = this.#json.parse(data);
    if (event === null) return 'part';
    this.#usage.read(event['usage']);
    switch (event['type']) {
      case 'message_start':
        this.#start((event['message'] ?? {}) as Fields);
        break;
      case 'content_block_start':
      case 'content_block_delta':
        this.#pieces++;
        // What is written behind the totals is not in them.
        this.#isFinal = false;
        break;
      case 'message_delta': {
        const { stop_reason: reason } = (event['delta'] ?? {}) as Fields;
        const states = typeof event['usage'] === 'object' && event['usage'] !== null;
        if (typeof reason === 'string' && states) this.#isFinal = true;
        break;
      }
      case 'error':
        this.#fault = 'error';
        break;
      case 'message_stop':
        this.#isDone = true;
        return 'hold';
      default:
        // An error without the dialect's form, as gateways send it.
        if (event['error'] != null) this.#fault = 'error';
    }
    return 'pass';
  }

  onUnread(): void {
    this.#isFinal = false;
  }

  #start({ id, model, usage }: Fields): void {
    if (typeof id === 'string') this.#id ??= id;
    if (typeof model === 'string') this.#model ??= model;
    this.#usage.read(usage);
  }
}
