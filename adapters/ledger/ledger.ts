/**
 * Port: the ledger, low-volume decisions that need order and a compare-and-append (docs/design.md,
 * The shape). Its promises are the suite `tests/contract/ledger.ts`, run over every implementation.
 *
 * There is no "any revision": every append says what it was decided from.
 */

export type NewLedgerEvent = {
  /** UUID derived from the command (domain/ids/event-id.ts). */
  id: string;
  type: string;
  /** A JSON object. */
  data: unknown;
};

export type LedgerEvent = NewLedgerEvent & {
  stream: string;
  /** 0-based, dense within the stream. */
  revision: bigint;
  /** Opaque text; order it only by `subscribe`. */
  position: string;
  recordedAtMs: number;
};

/** Revision of the last event that the decision saw; 'no_stream' if it saw none. */
export type ExpectedRevision = bigint | 'no_stream';

export type AppendResult =
  /** Appended now, or exactly the same events were at these revisions already. */
  | { ok: true; revision: bigint; position: string }
  /** Other events are at these revisions. `actual` is the stream's last revision. */
  | { ok: false; actual: ExpectedRevision };

export type SubscriptionItem =
  | { kind: 'event'; event: LedgerEvent }
  /**
   * Everything that was in the ledger at `atMonotonicMs` (performance.now() of this process, taken
   * before the check) has been delivered. Repeats at least every 250 ms while the ledger answers.
   */
  | { kind: 'caught_up'; atMonotonicMs: number };

/** Nothing was appended, and nothing of this size ever will be. */
export class AppendTooLarge extends Error {}

/** Bytes of JSON in an append, as `appendBytesMax` counts them. */
export function appendBytes(events: readonly NewLedgerEvent[]): number {
  return events.reduce((sum, { data }) => sum + Buffer.byteLength(JSON.stringify(data)), 0);
}

/** Of one request. */
export type Urgency = {
  /** Nobody waits for it: what somebody waits for may go first. A ledger may take no notice. */
  background?: boolean;
};

export type Ledger = {
  /** Bytes of JSON that one append can hold; what may come near asks before it decides. */
  readonly appendBytesMax: number;

  /**
   * All events or none; durable when it resolves. Rejects when the outcome is unknown.
   *
   * @throws AppendTooLarge
   */
  append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewLedgerEvent[],
    urgency?: Urgency,
  ): Promise<AppendResult>;

  /** Events of one stream in order, from `fromRevision` (default 0), at most `limit`. */
  read(
    stream: string,
    options?: { fromRevision?: bigint; limit?: number } & Urgency,
  ): Promise<LedgerEvent[]>;

  /**
   * Every event of the streams whose name starts with one of `prefixes`, in ledger order, from
   * after `after` (null: from the beginning), first the past, then live. Ends when `signal` aborts;
   * throws when the ledger is lost (the caller resubscribes with back-off).
   */
  subscribe(options: {
    prefixes: readonly string[];
    after: string | null;
    signal: AbortSignal;
  }): AsyncIterable<SubscriptionItem>;

  close(): Promise<void>;
};
