/**
 * Moves finished records from the journal to the log (docs/design.md, Ship): at least once, in
 * order, one append in flight, forgotten only when they are durable there. The hot path never waits
 * for it.
 */
import { Backoff, pause } from '@tollgate/adapters/backoff/backoff.ts';
import type { Journal } from '@tollgate/adapters/journal/journal.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';

export type ShipperLimits = {
  shipBatchRecordsMax: number;
  shipIdleMs: number;
  shipRetryMs: { first: number; max: number };
};

export class Shipper {
  readonly #journal: Journal;
  readonly #log: Log;
  readonly #limits: ShipperLimits;
  readonly #onError: (error: unknown) => void;
  #stopping = false;
  #done: Promise<void> = Promise.resolve();

  constructor(options: {
    journal: Journal;
    log: Log;
    limits: ShipperLimits;
    onError: (error: unknown) => void;
  }) {
    this.#journal = options.journal;
    this.#log = options.log;
    this.#limits = options.limits;
    this.#onError = options.onError;
  }

  start(): void {
    this.#done = this.#run();
  }

  /** Ships what is there, then stops; gives up when the log does not take it by the deadline. */
  async stop(deadlineMs: number): Promise<boolean> {
    this.#stopping = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), deadlineMs);
    });
    const shipped = await Promise.race([this.#done.then(() => true as const), late]);
    clearTimeout(timer);
    return shipped;
  }

  async #run(): Promise<void> {
    const backoff = new Backoff(this.#limits.shipRetryMs);
    for (;;) {
      try {
        const shipped = await shipOnce(this.#journal, this.#log, this.#limits.shipBatchRecordsMax);
        backoff.reset();
        if (shipped === 0 && this.#stopping) return;
        if (shipped < this.#limits.shipBatchRecordsMax) await pause(this.#limits.shipIdleMs);
      } catch (error) {
        this.#onError(error);
        await backoff.pause();
      }
    }
  }
}

/** One batch: stored bytes, never rebuilt ones. @returns how many records were shipped */
export async function shipOnce(journal: Journal, log: Log, recordsMax: number): Promise<number> {
  // Known from the last commit, and nothing came since: an idle proxy asks nobody.
  if (journal.outboxRecords() === 0 && journal.queuedWrites() === 0) return 0;
  const records = await journal.outbox(recordsMax);
  const last = records.at(-1);
  if (last === undefined) return 0;
  // seam: outbox-read-not-produced
  await log.append(records);
  // seam: produced-not-noted
  await journal.write({ op: 'shipped', uptoSeq: last.seq });
  return records.length;
}
