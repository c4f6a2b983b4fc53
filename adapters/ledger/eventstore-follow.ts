/**
 * Follows the ledger on EventStoreDB: a subscription to $all, filtered by the server, delivers the
 * events; looks at the end of $all tell when everything has been delivered.
 *
 * Why `caught_up` is true. `#known` is a place with the property
 *   (1) every wanted event at or before it has been delivered.
 * It moves to an event when that is delivered (the subscription keeps the order of the log), to a
 * checkpoint when that comes in its turn among the events, and to the end of a look, below. A look
 * at time T reads $all, unfiltered, forwards from `#known`, from the leader. The server acknowledges
 * an append only when it can be read there, so a look that comes to the end of $all
 *   (2) has seen every event of T behind `#known`.
 * The last wanted event among them is compared with `#known`: at or before it, all are delivered
 * by (1) and (2), so the ledger of T is level, and (1) holds for the end of the look too. Else the
 * claim for T waits until the subscription delivers that event.
 *
 * Why it is cheap. Since `#known` moves along, an idle ledger costs one event per look, a busy one
 * its new events once; far behind, a look gives up after `lookEventsMax` and the catching up goes
 * on without it. The server's own "caught up" message would not do: it comes once, not again and
 * again, and not from servers before 23.10.
 *
 * What it cannot see: a leader that was cut off from its cluster and does not know it yet answers
 * looks from its own log, until it notices (its heartbeat timeout).
 */
import {
  type EventStoreClient,
  type Incoming,
  type IncomingStream,
  isWanted,
} from './eventstore-client.ts';
import type { EventStoreLimits } from './eventstore-limits.ts';
import { isAfter, type Place, parsePlace } from './eventstore-place.ts';
import type { Ledger, SubscriptionItem } from './ledger.ts';

type Subscription = Parameters<Ledger['subscribe']>[0];

const idle = () => undefined;

type Look = {
  atMonotonicMs: number;
  /** Place of the last wanted event behind `#known`; null if there is none. */
  lastWanted: Place | null;
  /** Place of the last event of any stream; null if there is none. */
  end: Place | null;
  /** It came to the end of $all. */
  complete: boolean;
};

/**
 * How far past the last delivered event a subscription has come, so that the next one of the same
 * kind does not go through the same unwanted events again.
 */
export class ResumePoints {
  readonly #points = new Map<string, Place>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  keep(prefixes: readonly string[], after: string | null, place: Place): void {
    const key = JSON.stringify([prefixes, after]);
    this.#points.delete(key);
    this.#points.set(key, place);
    const [oldest] = this.#points.keys();
    if (this.#points.size > this.#max && oldest !== undefined) this.#points.delete(oldest);
  }

  find(prefixes: readonly string[], after: string | null): Place | null {
    return this.#points.get(JSON.stringify([prefixes, after])) ?? null;
  }
}

export class EventStoreFollower {
  readonly #client: EventStoreClient;
  readonly #limits: EventStoreLimits;
  readonly #resume: ResumePoints;
  readonly #prefixes: readonly string[];
  readonly #signal: AbortSignal;
  /** Position of the last event delivered, as text. */
  #after: string | null;
  #known: Place | null;
  #look: Look | null = null;
  #looking = false;
  #nextLookMs = 0;
  #lost: Error | null = null;
  /** Since when nothing has come, ms; null while something comes. */
  #emptySinceMs: number | null = null;
  #wake: () => void = idle;

  /** @throws Error if `after` is not a position of this ledger */
  constructor(
    client: EventStoreClient,
    limits: EventStoreLimits,
    resume: ResumePoints,
    { prefixes, after, signal }: Subscription,
  ) {
    this.#client = client;
    this.#limits = limits;
    this.#resume = resume;
    this.#prefixes = [...prefixes];
    this.#signal = signal;
    this.#after = after;
    const start = after === null ? null : parsePlace(after);
    this.#known = resume.find(this.#prefixes, after) ?? start;
  }

  /** @throws Error when the ledger is lost: an error, an end, a look or an event that is overdue */
  async *items(): AsyncGenerator<SubscriptionItem> {
    const wake = () => this.#wake();
    const { checkpointInterval } = this.#limits;
    const incoming = this.#client.subscribe(this.#prefixes, this.#known, checkpointInterval, wake);
    this.#signal.addEventListener('abort', wake);
    try {
      while (!this.#signal.aborted) {
        const lost = this.#lost ?? incoming.lost();
        if (lost !== null) throw new Error('the ledger is lost', { cause: lost });
        const item = this.#next(incoming);
        if (item === null) await this.#nap();
        else if (item.kind !== 'checkpoint') yield item;
      }
    } finally {
      this.#signal.removeEventListener('abort', wake);
      incoming.close();
      if (this.#known !== null) this.#resume.keep(this.#prefixes, this.#after, this.#known);
    }
  }

  /** What to deliver next; `checkpoint`: nothing, but look again. */
  #next(incoming: IncomingStream): SubscriptionItem | { kind: 'checkpoint' } | null {
    const levelAtMs = this.#settle();
    if (levelAtMs !== null) return { kind: 'caught_up', atMonotonicMs: levelAtMs };
    this.#lookWhenDue();
    const item = incoming.take();
    if (item === null) {
      this.#refuseSilence();
      return null;
    }
    this.#emptySinceMs = null;
    return this.#arrived(item);
  }

  #arrived(item: Incoming): SubscriptionItem | { kind: 'checkpoint' } {
    this.#reach(item.place);
    if (item.kind === 'checkpoint' || !isWanted(item.event.stream, this.#prefixes)) {
      return { kind: 'checkpoint' };
    }
    this.#after = item.event.position;
    return { kind: 'event', event: item.event };
  }

  #reach(place: Place): void {
    if (isAfter(place, this.#known)) this.#known = place;
  }

  /** @returns when the ledger was level, if that is proven now */
  #settle(): number | null {
    const look = this.#look;
    if (look === null) return null;
    if (look.lastWanted !== null && isAfter(look.lastWanted, this.#known)) {
      // The events of an incomplete look are the subscription's business.
      if (!look.complete) this.#look = null;
      return null;
    }
    this.#look = null;
    if (look.end !== null) this.#reach(look.end);
    if (look.complete) return look.atMonotonicMs;
    this.#nextLookMs = 0;
    return null;
  }

  #lookWhenDue(): void {
    if (this.#looking || this.#look !== null || performance.now() < this.#nextLookMs) return;
    this.#looking = true;
    this.#lookNow()
      .catch((error: Error) => {
        this.#lost = error;
      })
      .finally(() => {
        this.#looking = false;
        this.#wake();
      });
  }

  async #lookNow(): Promise<void> {
    const { lookEventsMax, lookIntervalMs, lookTimeoutMs } = this.#limits;
    const atMonotonicMs = performance.now();
    this.#nextLookMs = atMonotonicMs + lookIntervalMs;
    const from = this.#known;
    const found = await this.#client.look(from, lookEventsMax, lookTimeoutMs);
    const behind = found.filter(({ place }) => isAfter(place, from));
    const wanted = behind.filter(({ stream }) => isWanted(stream, this.#prefixes));
    this.#look = {
      atMonotonicMs,
      lastWanted: wanted.at(-1)?.place ?? null,
      end: behind.at(-1)?.place ?? null,
      complete: found.length < lookEventsMax,
    };
  }

  /** Owed an event, and nothing comes: the ledger answers, the subscription does not. */
  #refuseSilence(): void {
    const nowMs = performance.now();
    this.#emptySinceMs ??= nowMs;
    if (this.#look === null) return;
    const sinceMs = Math.max(this.#emptySinceMs, this.#look.atMonotonicMs);
    if (nowMs - sinceMs < this.#limits.silenceMaxMs) return;
    this.#lost = new Error(`the subscription is silent for ${this.#limits.silenceMaxMs} ms`);
  }

  /** Until something comes, a look ends, or the next one is due. */
  async #nap(): Promise<void> {
    if (this.#lost !== null) return;
    const { lookIntervalMs } = this.#limits;
    const dueMs = this.#looking ? lookIntervalMs : this.#nextLookMs - performance.now();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.min(Math.max(dueMs, 1), lookIntervalMs));
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
    this.#wake = idle;
  }
}
