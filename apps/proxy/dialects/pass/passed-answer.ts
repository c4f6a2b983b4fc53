/** Answers of endpoints that are passed on: bytes as they come, and usage only where it is pointed to. */
import type { RefusedFor } from '@tollgate/domain/routing/failure.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import { type EventReader, type EventVerdict, SseRelay } from '../../relay/sse-relay.ts';
import type { Answer, AnswerFault, AnswerLimits } from '../dialect.ts';
import { EventJson } from '../shared/event-json.ts';
import { HeldJson } from '../shared/held-json.ts';
import type { Passing } from './passing.ts';
import { PointedUsage } from './pointed-usage.ts';

/** What neither of them says. */
abstract class Unread {
  readonly states = { searches: true, imageTokens: true };

  fault(): AnswerFault | null {
    return null;
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
}

export class PassedAnswer extends Unread implements Answer {
  readonly hasToken = false;
  readonly tokensSeen = 0;
  readonly #body: HeldJson;
  readonly #usage: PointedUsage | null;
  #isRead = false;

  constructor(limits: AnswerLimits, { usage }: Passing) {
    super();
    this.#body = new HeldJson(limits, new Set(usage?.flatMap(({ names }) => names.slice(0, 1))));
    this.#usage = usage === null ? null : new PointedUsage(usage);
  }

  get progress(): 'open' | 'perhaps' {
    return this.#usage === null ? 'open' : this.#body.progress;
  }

  isWhole(): boolean {
    return this.#usage !== null && this.#body.isWhole();
  }

  push(chunk: Buffer): Buffer[] {
    return this.#body.push(chunk);
  }

  readOn(): boolean {
    this.#read();
    return false;
  }

  end(): Buffer[] {
    return this.#body.end();
  }

  quantities(): KnownQuantities | null {
    this.#read();
    return this.#usage?.quantities ?? null;
  }

  usageNote(): string | null {
    this.#read();
    return this.#usage?.doubt ?? null;
  }

  /** An answer that was cut has no usage that could be read. */
  isUsageFinal(): boolean {
    return true;
  }

  #read(): void {
    if (this.#isRead || this.#usage === null) return;
    this.#isRead = true;
    const read = this.#body.read();
    if (read.kind === 'object') this.#usage.read(read.fields);
    else if (read.kind === 'members') {
      for (const { name, value } of read.found) this.#usage.read({ [name]: value });
    }
  }
}

export class PassedStream extends Unread implements Answer, EventReader {
  readonly #relay: SseRelay;
  readonly #json: EventJson;
  readonly #usage: PointedUsage | null;
  #events = 0;

  constructor(limits: AnswerLimits, { usage }: Passing) {
    super();
    this.#relay = new SseRelay(this, limits.sseEventBytesMax);
    this.#json = new EventJson(limits.sseEventValuesMax);
    this.#usage = usage === null ? null : new PointedUsage(usage);
  }

  readonly progress = 'open';

  get hasToken(): boolean {
    return this.#events > 0;
  }

  get tokensSeen(): number {
    return this.#events;
  }

  isWhole(): boolean {
    return false;
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
    return this.#usage?.quantities ?? null;
  }

  usageNote(): string | null {
    this.#relay.readUnended();
    return this.#usage?.doubt ?? null;
  }

  /** What it says before it breaks off may be a running total. */
  isUsageFinal(): boolean {
    return this.#usage === null;
  }

  read(data: string): EventVerdict | 'part' {
    if (data === '[DONE]') return 'hold';
    const event = this.#json.parse(data);
    if (event === null) return 'part';
    this.#events++;
    this.#usage?.read(event);
    return 'pass';
  }

  onUnread(): void {
    this.#events++;
  }
}
