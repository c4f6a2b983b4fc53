/**
 * The ledger on EventStoreDB / KurrentDB (docs/design.md, The shape), on servers from 20.6. Its
 * user must be allowed to read $all (by default: $admins and $ops).
 *
 * 1. A call has a deadline of its own and is tried again, as the same call, until then. That is
 *    safe for an append: with a number or "no stream" as its expected revision, the server compares
 *    the ids at exactly those revisions, at any time later, and answers a repetition as done.
 * 2. When it rejects, an append may have happened and may still happen; the caller reads, or
 *    appends the same once more.
 * 3. Part of the events old and part new is a conflict: the server never completes an append.
 */
import { Backoff, pause } from '../backoff/backoff.ts';
import { EventStoreClient, isFinal } from './eventstore-client.ts';
import { EventStoreFollower, ResumePoints } from './eventstore-follow.ts';
import { type EventStoreLimits, eventStoreLimits } from './eventstore-limits.ts';
import { AppendTooLarge, appendBytes, type Ledger, type NewLedgerEvent } from './ledger.ts';

export type EventStoreLedgerOptions = {
  /** `esdb://…` or `kurrentdb://…`, with credentials, tls and nodes as the server documents it. */
  connectionString: string;
  logger?: { warn(fields: object, message: string): void };
  /** It may be away now: for who has something to do without it, a refusal above all. */
  mayBeAway?: boolean;
  limits?: Partial<EventStoreLimits>;
};

/**
 * @throws Error if the connection string is wrong, the server says "no, and never", or, unless it
 *   `mayBeAway`, nobody answers within the deadline
 */
export async function openEventStoreLedger(options: EventStoreLedgerOptions): Promise<Ledger> {
  const ledger = new EventStoreLedger(options);
  try {
    await ledger.probe();
  } catch (error) {
    const { cause = error, message: reason } = error as Error;
    if (options.mayBeAway && !isFinal(cause)) {
      options.logger?.warn({ reason }, 'the ledger is away');
      return ledger;
    }
    await ledger.close();
    throw error;
  }
  return ledger;
}

class EventStoreLedger implements Ledger {
  readonly #client: EventStoreClient;
  readonly #limits: EventStoreLimits;
  readonly #logger: EventStoreLedgerOptions['logger'];
  readonly #mayBeAway: boolean;
  readonly #resume: ResumePoints;
  readonly #closed = new AbortController();
  #underWay = 0;

  constructor({ connectionString, logger, limits, mayBeAway = false }: EventStoreLedgerOptions) {
    this.#mayBeAway = mayBeAway;
    this.#client = new EventStoreClient(connectionString);
    this.#limits = { ...eventStoreLimits, ...limits };
    this.#logger = logger;
    this.#resume = new ResumePoints(this.#limits.resumePointsMax);
  }

  get appendBytesMax(): number {
    return this.#limits.appendBytesMax;
  }

  append: Ledger['append'] = async (stream, expected, events) => {
    const sizeBytes = sizeOf(stream, events);
    if (sizeBytes > this.appendBytesMax) {
      throw new AppendTooLarge(`an append of ${sizeBytes} bytes to ${stream} is too large`);
    }
    return await this.#answer('append', (timeoutMs) =>
      this.#client.append(stream, expected, events, timeoutMs),
    );
  };

  read: Ledger['read'] = async (stream, options = {}) => {
    const { fromRevision = 0n, limit = this.#limits.readEventsMax } = options;
    if (limit < 1) return [];
    return await this.#answer('read', (timeoutMs) =>
      this.#client.read(stream, fromRevision, limit, timeoutMs),
    );
  };

  subscribe: Ledger['subscribe'] = (subscription) => {
    if (this.#closed.signal.aborted) throw new Error('the ledger is closed');
    const signal = AbortSignal.any([subscription.signal, this.#closed.signal]);
    const wanted = { ...subscription, signal };
    return new EventStoreFollower(this.#client, this.#limits, this.#resume, wanted).items();
  };

  /** One try is enough where it may be away. */
  async probe(): Promise<void> {
    const look = (timeoutMs: number) => this.#client.look(null, 1, timeoutMs);
    if (this.#mayBeAway) await look(this.#limits.attemptTimeoutMs);
    else await this.#answer('look', look);
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    await this.#client.close(this.#limits.closeTimeoutMs);
  }

  async #answer<T>(call: string, ask: (timeoutMs: number) => Promise<T>): Promise<T> {
    if (this.#underWay >= this.#limits.callsAtOnceMax) {
      throw new Error(`the ledger: ${this.#underWay} calls are under way`);
    }
    this.#underWay++;
    try {
      return await this.#retry(call, ask);
    } finally {
      this.#underWay--;
    }
  }

  async #retry<T>(call: string, ask: (timeoutMs: number) => Promise<T>): Promise<T> {
    const { answerDeadlineMs, attemptTimeoutMs, retryPauseMs } = this.#limits;
    const deadlineMs = performance.now() + answerDeadlineMs;
    const backoff = new Backoff(retryPauseMs);
    for (;;) {
      const pauseMs = backoff.next();
      if (this.#closed.signal.aborted) throw new Error('the ledger is closed');
      try {
        return await ask(Math.min(attemptTimeoutMs, deadlineMs - performance.now()));
      } catch (error) {
        const isLast = isFinal(error) || performance.now() + pauseMs >= deadlineMs;
        const reason = (error as Error).message;
        if (isLast) throw new Error(`the ledger: ${call} failed: ${reason}`, { cause: error });
        this.#logger?.warn({ call, reason, pauseMs }, 'ledger call is tried again');
      }
      await pause(pauseMs);
    }
  }
}

/** @throws Error or TypeError for what is no append, before the client sees it */
function sizeOf(stream: string, events: readonly NewLedgerEvent[]): number {
  if (events.length === 0) throw new Error(`an append to ${stream} has no events`);
  return appendBytes(events);
}
