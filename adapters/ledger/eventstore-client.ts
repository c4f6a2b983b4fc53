/**
 * The few calls of EventStoreDB's client that the ledger needs; the only file that imports it, so
 * that `@kurrent/kurrentdb-client` can take its place. Nothing is retried here.
 *
 * What is done about 6.2.1, by its source:
 * 1. Appends avoid its shared BatchAppend stream. There, the pending appends of all clients of the
 *    process are in one map: an error of one stream rejects those of the others, the answers that
 *    still come throw in an event handler, and writes that were waiting reject unhandled. Any of
 *    them ends the process. A stream that ends normally leaves them pending forever. The unary call
 *    has a deadline and an error of its own (pinned by eventstore-faults.contract.test.ts).
 * 2. A call on a channel that the client closes in the same turn of the event loop rejects unhandled
 *    as well, so every append begins in a turn of its own.
 * 3. A stream may emit an error after its reader has left, so each has a listener for good.
 * 4. Reads have no deadline, so they have one here.
 * 5. A conflict is an exception: with `throwOnAppendFailure=false` its revision would be a guess.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
  EventStoreDBClient,
  jsonEvent,
  type RecordedEvent,
  START,
  type StreamingRead,
  streamNameFilter,
} from '@eventstore/db-client';
import { type Place, placeText } from './eventstore-place.ts';
import type { AppendResult, ExpectedRevision, LedgerEvent, NewLedgerEvent } from './ledger.ts';

export type Placed = { place: Place; event: LedgerEvent };

/** `checkpoint`: every event of the wanted streams at or before it has come. */
export type Incoming = ({ kind: 'event' } & Placed) | { kind: 'checkpoint'; place: Place };

/** A subscription as a bounded buffer: nobody takes, nothing more comes. */
export type IncomingStream = {
  /** The next of it; null if nothing has come yet. */
  take(): Incoming | null;
  /** Why there will be no more: an error, or a normal end, which is a loss too. */
  lost(): Error | null;
  close(): void;
};

/** For a failure that somebody else reports, or nobody needs. */
const ignore = () => undefined;

type JsonObject = Record<string, unknown>;
type Internals = {
  supports: () => Promise<boolean>;
  getChannel: () => Promise<{ close(): void }>;
};

/** No try again can change these answers. */
const FINAL = new Set([
  'access-denied',
  'invalid-argument',
  'invalid-transaction',
  'maximum-append-size-exceeded',
  'missing-required-metadata-property',
  'stream-deleted',
  'unsupported',
]);

/** True if the server said "no, and never"; anything else may have happened or not. */
export function isFinal(error: unknown): boolean {
  return FINAL.has(typeOf(error));
}

/** System streams ($stats, $$metadata) are never wanted, not even by the empty prefix. */
export function isWanted(stream: string, prefixes: readonly string[]): boolean {
  return !stream.startsWith('$') && prefixes.some((prefix) => stream.startsWith(prefix));
}

export class EventStoreClient {
  readonly #client: EventStoreDBClient;

  /** @throws Error if the connection string cannot be used; it does not repeat its password */
  constructor(connectionString: string) {
    if (/[?&]throwOnAppendFailure=false/i.test(connectionString)) {
      throw new Error('throwOnAppendFailure=false makes conflicts unreadable: leave it out');
    }
    const legacy = connectionString.replace(/^(kurrentdb|kurrent|kdb)(?=[:+])/, 'esdb');
    this.#client = parsed(legacy);
    // The switch between the shared stream and the unary call (1).
    (this.#client as unknown as Internals).supports = async () => false;
  }

  /** @throws the client's error; whether it was done is known only if `isFinal` */
  async append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewLedgerEvent[],
    timeoutMs: number,
  ): Promise<AppendResult> {
    const messages = events.map(({ id, type, data }) =>
      jsonEvent({ id, type, data: data as JsonObject }),
    );
    await nextTurn();
    const options = { expectedRevision: expected, deadline: timeoutMs, requiresLeader: true };
    try {
      const appending = this.#client.appendToStream(stream, messages, options);
      const { nextExpectedRevision, position } = await within(timeoutMs, appending);
      const text = position === undefined ? '' : placeText(position);
      return { ok: true, revision: nextExpectedRevision, position: text };
    } catch (error) {
      if (typeOf(error) !== 'wrong-expected-version') throw error;
      return { ok: false, actual: (error as { actualVersion: ExpectedRevision }).actualVersion };
    }
  }

  /** Of the leader, as everything that is read here decides something. */
  async read(
    stream: string,
    fromRevision: bigint,
    maxCount: number,
    timeoutMs: number,
  ): Promise<LedgerEvent[]> {
    const options = { fromRevision, maxCount, requiresLeader: true };
    const events: LedgerEvent[] = [];
    try {
      await this.#drain(this.#client.readStream(stream, options), timeoutMs, ({ event }) => {
        if (event !== undefined) events.push(ledgerEvent(event));
      });
    } catch (error) {
      if (typeOf(error) !== 'stream-not-found') throw error;
    }
    return events;
  }

  /**
   * At most `limit` events of $all after `after`, of any stream: their streams and positions only.
   * A read of $all includes the event at its start.
   */
  async look(
    after: Place | null,
    limit: number,
    timeoutMs: number,
  ): Promise<{ stream: string; place: Place }[]> {
    const maxCount = after === null ? limit : limit + 1;
    const fromPosition = after ?? START;
    const all = this.#client.readAll({ fromPosition, maxCount, requiresLeader: true });
    const found: { stream: string; place: Place }[] = [];
    await this.#drain(all, timeoutMs, ({ event }) => {
      if (event !== undefined) found.push({ stream: event.streamId, place: placeOf(event) });
    });
    return found;
  }

  /** @param onChange called when `take` or `lost` may say something new */
  subscribe(
    prefixes: readonly string[],
    after: Place | null,
    checkpointInterval: number,
    onChange: () => void,
  ): IncomingStream {
    // In its place among the events: those before it may still wait in the buffer.
    const checkpointReached = (stream: AllStreamSubscription, place: Place) => {
      stream.push({ checkpoint: place });
    };
    const common = { checkpointInterval, checkpointReached };
    const filter = prefixes.includes('')
      ? streamNameFilter({ ...common, regex: '^[^$]' })
      : streamNameFilter({ ...common, prefixes: [...prefixes] });
    const subscription = this.#client.subscribeToAll({ fromPosition: after ?? START, filter });
    return new BufferedSubscription(subscription, onChange);
  }

  /** Calls under way are cancelled. Waits no longer than `timeoutMs`, and does not reject. */
  async close(timeoutMs: number): Promise<void> {
    const closing = async () => {
      await this.#client.dispose();
      // The client itself leaves its connection open.
      const channel = await (this.#client as unknown as Internals).getChannel();
      channel.close();
    };
    await within(timeoutMs, closing()).catch(ignore);
  }

  async #drain<E>(
    stream: StreamingRead<E>,
    timeoutMs: number,
    take: (event: E) => void,
  ): Promise<void> {
    stream.on('error', ignore);
    const late = new Error(`no full answer in ${Math.round(timeoutMs)} ms`);
    const timer = setTimeout(() => stream.destroy(late), timeoutMs);
    try {
      for await (const event of stream) take(event as E);
    } finally {
      clearTimeout(timer);
      stream.cancel().catch(ignore);
    }
  }
}

class BufferedSubscription implements IncomingStream {
  readonly #subscription: AllStreamSubscription;
  #lost: Error | null = null;

  constructor(subscription: AllStreamSubscription, onChange: () => void) {
    this.#subscription = subscription;
    const lose = (error: Error) => {
      this.#lost ??= error;
      onChange();
    };
    subscription.on('error', lose);
    subscription.on('end', () => lose(new Error('the server has ended the subscription')));
    subscription.on('close', () => lose(new Error('the subscription was closed')));
    subscription.on('readable', onChange);
  }

  take(): Incoming | null {
    for (;;) {
      const item: AllStreamResolvedEvent | { checkpoint: Place } | null = this.#subscription.read();
      if (item === null) return null;
      if ('checkpoint' in item) return { kind: 'checkpoint', place: item.checkpoint };
      if (item.event === undefined) continue;
      return { kind: 'event', place: placeOf(item.event), event: ledgerEvent(item.event) };
    }
  }

  lost(): Error | null {
    return this.#lost;
  }

  close(): void {
    this.#subscription.unsubscribe().catch(ignore);
    this.#subscription.destroy();
  }
}

function parsed(connectionString: string): EventStoreDBClient {
  try {
    return EventStoreDBClient.connectionString(connectionString);
  } catch {
    // The client's message repeats the string, and with it the password.
    throw new Error('the ledger: not a connection string like esdb://host:2113?tls=true');
  }
}

function ledgerEvent(event: RecordedEvent): LedgerEvent {
  const { id, type, data, streamId, revision, created, position } = event;
  const text = position === undefined || isUnknown(position) ? '' : placeText(position);
  const recordedAtMs = created.getTime();
  return { id, type, data, stream: streamId, revision, position: text, recordedAtMs };
}

function placeOf({ id, position }: RecordedEvent): Place {
  if (position === undefined) throw new Error(`event ${id} came without its position`);
  return position;
}

/** Servers before 22.10 say -1 for an event that is read by its stream. */
function isUnknown({ commit }: Place): boolean {
  return BigInt.asIntN(64, commit) < 0n;
}

function typeOf(error: unknown): string {
  const type = error instanceof Error && 'type' in error ? error.type : '';
  return typeof type === 'string' ? type : '';
}

/** What comes after the timeout is dropped. */
async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const error = new Error(`no answer in ${Math.round(timeoutMs)} ms`);
  const timer = setTimeout(() => reject(error), timeoutMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
