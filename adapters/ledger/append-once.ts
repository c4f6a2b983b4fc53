/**
 * Appends events to a stream exactly once, whatever answers get lost. An event's id is derived from
 * its command; after any doubt the stream is read, and what it contains decides.
 *
 * Why an attempt at an old revision cannot land late: it was sent with that revision, and the
 * stream has moved past it before we try at a newer one.
 */
import { Backoff } from '../backoff/backoff.ts';
import type { ExpectedRevision, Ledger, LedgerEvent, NewLedgerEvent, Urgency } from './ledger.ts';
import { readStream } from './read-stream.ts';

const ATTEMPTS_MAX = 100;
const RETRY_MS = { first: 20, max: 2_000 };

/** @returns the event as the ledger has it: its figures count, not the caller's */
export function appendOnce(
  ledger: Ledger,
  stream: string,
  event: NewLedgerEvent,
  options: { signal?: AbortSignal; notBefore?: bigint } & Urgency = {},
): Promise<LedgerEvent> {
  const { notBefore, signal, ...urgency } = options;
  return new StreamTail(ledger, stream, notBefore, urgency).appendOnce(event, signal);
}

/**
 * One stream as far as it was read. A caller that appends to it repeatedly reads each event once.
 */
export class StreamTail {
  readonly #ledger: Ledger;
  readonly #stream: string;
  readonly #urgency: Urgency;
  readonly #revisions = new Map<string, bigint>();
  #last: ExpectedRevision = 'no_stream';
  #next: bigint;
  /** An end of the stream is known, and no append is in doubt. */
  #knowsEnd: boolean;

  /** @param notBefore none of the events to come can be below this revision; it must exist */
  constructor(ledger: Ledger, stream: string, notBefore = 0n, urgency: Urgency = {}) {
    this.#ledger = ledger;
    this.#urgency = urgency;
    this.#stream = stream;
    this.#next = notBefore;
    if (notBefore > 0n) this.#last = notBefore - 1n;
    this.#knowsEnd = notBefore > 0n;
  }

  /**
   * Not to be called again before it has resolved.
   *
   * @returns the event as the ledger has it: its figures count, not the caller's
   */
  async appendOnce(event: NewLedgerEvent, signal?: AbortSignal): Promise<LedgerEvent> {
    return await this.#repeat(
      [event],
      signal,
      async (read) =>
        read.find(({ id }) => id === event.id) ??
        (await this.#eventAt(this.#revisions.get(event.id) as bigint)),
    );
  }

  /** As many as fit one append of the ledger, together: those that the stream does not have yet. */
  async appendAllOnce(events: readonly NewLedgerEvent[], signal?: AbortSignal): Promise<void> {
    if (events.length > 0) await this.#repeat(events, signal, async () => undefined);
  }

  async #repeat<T>(
    events: readonly NewLedgerEvent[],
    signal: AbortSignal | undefined,
    found: (read: readonly LedgerEvent[]) => Promise<T>,
  ): Promise<T> {
    const backoff = new Backoff(RETRY_MS);
    let lastError: unknown;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      signal?.throwIfAborted();
      try {
        let read: readonly LedgerEvent[] = [];
        // Mostly nothing has come behind the end that is known: then it need not be read before.
        if (!this.#knowsEnd) read = await this.#read();
        if (this.#missing(events).length > 0) {
          const missing = this.#missing(events);
          await this.#ledger.append(this.#stream, this.#last, missing, this.#urgency);
          // Taken or not: what the stream contains decides.
          read = await this.#read();
        }
        if (this.#missing(events).length === 0) return await found(read);
      } catch (error) {
        lastError = error;
        this.#knowsEnd = false;
        await backoff.pause(signal);
      }
    }
    const what = events.map(({ type }) => type).at(0);
    throw new Error(`${this.#stream}: append of ${what} did not succeed`, { cause: lastError });
  }

  #missing(events: readonly NewLedgerEvent[]): NewLedgerEvent[] {
    return events.filter(({ id }) => !this.#revisions.has(id));
  }

  async #eventAt(revision: bigint): Promise<LedgerEvent> {
    const [event] = await this.#ledger.read(this.#stream, { fromRevision: revision, limit: 1 });
    if (event?.revision === revision) return event;
    throw new Error(`${this.#stream} does not hold revision ${revision} any more`);
  }

  /** @returns what came since it was read last */
  async #read(): Promise<readonly LedgerEvent[]> {
    const read: LedgerEvent[] = [];
    const from = { fromRevision: this.#next, ...this.#urgency };
    const gained = readStream(this.#ledger, this.#stream, from);
    for await (const event of gained) {
      this.#revisions.set(event.id, event.revision);
      this.#last = event.revision;
      this.#next = event.revision + 1n;
      read.push(event);
    }
    this.#knowsEnd = true;
    return read;
  }
}
