/**
 * The projector: log → warehouse, exactly once in effect (design §9). Order of one batch: read, parse,
 * dead letters durable, intent durable, dirty marks, decide, one fenced insert, read back. Whatever
 * dies in between, the next owner finds the torn range by the intent and inserts what is missing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { Log, LogRecord } from '@tollgate/adapters/log/log.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { decideDispositions, keysToLookUp } from './dispositions.ts';
import { type ProjectorLimits, projectorLimits } from './limits.ts';
import { ProjectorMetrics } from './metrics.ts';
import { dead, type ProjectedRow, projectRecord } from './projection.ts';
import { type Range, RawWriter } from './raw-writer.ts';
import { Rollup } from './rollup.ts';
import { COMMIT_GROUP, resumePoints, takePartitions } from './takeover.ts';

export type ProjectorOptions = {
  log: Log;
  deadLetters: Pick<Log, 'append'>;
  /** Counts the epochs of the fence. */
  ledger: Pick<Ledger, 'append'>;
  warehouse: Warehouse;
  /** Letters, digits and _: names this projector in the ledger and its staging tables. */
  owner: string;
  logger: {
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  limits?: Partial<ProjectorLimits>;
  /**
   * What the dead-letter topic says already, by `partition/offset`: such a record is dead again, for
   * the reason of that day, and no second letter is written (a rebuild).
   */
  deadBefore?: ReadonlyMap<string, string>;
  /** Called at named points by fault tests; absent in production. */
  faultPoint?: (name: string) => Promise<void> | void;
};

export type Projector = {
  stop(): Promise<void>;
  metrics(): string;
  /** Records that are in the log and have no row yet. */
  lag(): bigint;
  /** Resolves when every record has its row and every closed bucket is rolled up, at some moment after the call. */
  caughtUp(): Promise<void>;
  /** Resolves when this projector ends: stopped, or fenced by a newer one. */
  ended: Promise<'stopped' | 'fenced'>;
};

/** Another projector has a newer epoch: this one must not write any more. */
class FencedError extends Error {}

/** @throws Error if the warehouse lacks rows that it had: it must be rebuilt */
export async function startProjector(options: ProjectorOptions): Promise<Projector> {
  const run = new Run(options);
  await run.takeOver();
  return {
    stop: () => run.stop(),
    metrics: () => run.metrics.text(run.lag()),
    lag: () => run.lag(),
    caughtUp: () => run.caughtUp(),
    ended: run.start(),
  };
}

class Run {
  readonly metrics = new ProjectorMetrics();
  readonly #options: ProjectorOptions;
  readonly #limits: ProjectorLimits;
  readonly #writer: RawWriter;
  readonly #rollup: Rollup;
  #next = new Map<number, bigint>();
  #prepared: Promise<ProjectedRow[]> | null = null;
  #rollupPauseMs = 0;
  #epochs: ReadonlyMap<number, bigint> = new Map();
  #ends: bigint[] = [];
  #stopping = false;
  /** A batch may be torn: take over from ourselves, which finds it by its intent. */
  #inDoubt = false;
  #done: Promise<'stopped' | 'fenced'> = Promise.resolve('stopped');
  #rolledAtMs = Number.NEGATIVE_INFINITY;
  /** Who waits for a cycle that found nothing to do. */
  #waiting: (() => void)[] = [];

  constructor(options: ProjectorOptions) {
    this.#options = options;
    this.#limits = { ...projectorLimits, ...options.limits };
    const { warehouse, log, owner } = options;
    this.#writer = new RawWriter(warehouse, log.ordinal, owner);
    this.#rollup = new Rollup({
      warehouse,
      log: log.ordinal,
      name: owner,
      bucketsMax: this.#limits.rollupBucketsMax,
    });
  }

  async takeOver(): Promise<void> {
    const { ledger, log, warehouse, owner } = this.#options;
    const deps = { ledger, log, warehouse, owner };
    await this.#writer.open();
    this.#epochs = await takePartitions(deps, this.#limits);
    await this.#rollup.open(log.partitions);
    this.#prepared = null;
    const torn: LogRecord[] = [];
    for (const [partition, { next, missing }] of await resumePoints(deps)) {
      this.#next.set(partition, next);
      for (const offset of missing) {
        const page = await log.read({ partition, offset, maxRecords: 1, maxBytes: 1 });
        torn.push(...page.filter((record) => record.offset === offset));
      }
    }
    if (torn.length > 0) await this.#write(torn.map((record) => this.#row(record)));
    this.#ends = await log.ends();
    this.#inDoubt = false;
  }

  start(): Promise<'stopped' | 'fenced'> {
    this.#done = this.#loop();
    return this.#done;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
    await this.#prepared?.catch(() => undefined);
    await this.#writer.drop();
    await this.#rollup.drop();
  }

  lag(): bigint {
    let lag = 0n;
    for (const [partition, end] of this.#ends.entries()) {
      lag += end - (this.#next.get(partition) ?? 0n);
    }
    return lag;
  }

  async #loop(): Promise<'stopped' | 'fenced'> {
    let pauseMs = this.#limits.retryMs.first;
    while (!this.#stopping) {
      try {
        if (this.#inDoubt) await this.takeOver();
        const waiting = this.#waiting.splice(0);
        const idle = await this.#cycle(waiting.length > 0);
        pauseMs = this.#limits.retryMs.first;
        if (idle) for (const resolve of waiting) resolve();
        else this.#waiting.push(...waiting);
        if (idle) await sleep(this.#limits.idleMs);
      } catch (err) {
        if (err instanceof FencedError) {
          this.metrics.fenced++;
          this.#options.logger.warn({}, 'a newer projector owns the log; this one stops');
          return 'fenced';
        }
        this.#options.logger.error({ err }, 'projecting failed; trying again');
        this.#inDoubt = true;
        await sleep(pauseMs);
        pauseMs = Math.min(pauseMs * 2, this.#limits.retryMs.max);
      }
    }
    return 'stopped';
  }

  caughtUp(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** @param roll at once, whenever the last roll-up was. @returns true if nothing was to be done */
  async #cycle(roll: boolean): Promise<boolean> {
    const rows = await this.#nextBatch();
    if (rows.length > 0) await this.#project(rows);
    const idle = rows.length === 0;
    const due = performance.now() - this.#rolledAtMs >= this.#rollupPauseMs;
    if (due || (idle && roll)) {
      const startedAtMs = performance.now();
      const state = { epochs: this.#epochs, next: this.#next };
      const done = await this.#rollup.pass(state, Date.now());
      if (!done) return false;
      this.#rolledAtMs = performance.now();
      // A backlog touches the same closed buckets batch after batch: roll-ups keep to their share.
      const { rollupEveryMs, rollupShareMax, rollupPauseMsMax } = this.#limits;
      const pauseMs = (this.#rolledAtMs - startedAtMs) / rollupShareMax;
      this.#rollupPauseMs = Math.min(Math.max(rollupEveryMs, pauseMs), rollupPauseMsMax);
    }
    return idle;
  }

  /** What was prepared while the last batch was written, or what is in the log now. */
  async #nextBatch(): Promise<ProjectedRow[]> {
    const prepared = this.#prepared;
    this.#prepared = null;
    const rows = prepared === null ? [] : await prepared;
    return rows.length > 0 ? rows : this.#prepare(this.#next);
  }

  /** Writes one batch, and prepares the next one meanwhile: engine and parser work side by side. */
  async #project(rows: readonly ProjectedRow[]): Promise<void> {
    const startedAtMs = performance.now();
    const after = new Map(this.#next);
    for (const { partition, last } of rangesOf(rows)) after.set(partition, last + 1n);
    this.#prepared = this.#prepare(after);
    // Whoever takes it meets its failure; until then nobody has to.
    this.#prepared.catch(() => undefined);
    await this.#intend(rows);
    await this.#write(rows);
    this.#next = after;
    this.metrics.batches++;
    this.metrics.batchMs += performance.now() - startedAtMs;
  }

  /** Reads a batch from these positions on and projects it, in slices, so that others get turns. */
  async #prepare(from: ReadonlyMap<number, bigint>): Promise<ProjectedRow[]> {
    const records = await this.#read(from);
    const rows: ProjectedRow[] = [];
    for (const [index, record] of records.entries()) {
      if (index > 0 && index % this.#limits.sliceRecords === 0) await nextTurn();
      rows.push(this.#row(record));
    }
    return rows;
  }

  #row(record: LogRecord): ProjectedRow {
    const row = projectRecord(record);
    const reason = this.#options.deadBefore?.get(placeOf(record));
    return reason === undefined ? row : { ...row, ...dead(reason) };
  }

  /** Up to a batch over all partitions that have something new, each with a fair share. */
  async #read(from: ReadonlyMap<number, bigint>): Promise<LogRecord[]> {
    this.#ends = await this.#options.log.ends();
    const behind = this.#ends.flatMap((end, partition) => {
      const offset = from.get(partition) ?? 0n;
      return end > offset ? [{ partition, offset }] : [];
    });
    if (behind.length === 0) return [];
    const maxRecords = Math.ceil(this.#limits.batchRecordsMax / behind.length);
    const maxBytes = this.#limits.readBytesMax;
    const pages = await Promise.all(
      behind.map((place) => this.#options.log.read({ ...place, maxRecords, maxBytes })),
    );
    return pages.flat();
  }

  /** Durable before the first write: where a torn batch begins and ends. */
  async #intend(records: readonly ProjectedRow[]): Promise<void> {
    const commits = rangesOf(records).map(({ partition, first, last }) => ({
      partition,
      offset: first,
      metadata: JSON.stringify({
        epoch: String(this.#epochs.get(partition)),
        first: String(first),
        last: String(last),
      }),
    }));
    await this.#options.log.commit(COMMIT_GROUP, commits);
    await this.#options.faultPoint?.('intended_not_inserted');
  }

  async #write(projected: readonly ProjectedRow[]): Promise<void> {
    const stored = await this.#writer.counted(keysToLookUp(projected));
    await this.#options.faultPoint?.('between_antijoin_and_insert');
    const { rows, conflicting } = decideDispositions(projected, stored);
    const staged = await this.#stage(rows);
    await this.#buryDead(staged);
    await this.#writer.markDirty();
    await this.#writer.insertStaged();
    await this.#options.faultPoint?.('inserted_not_read_back');
    const standing = await this.#writer.countOwn(rangesOf(projected), this.#epochs);
    // Fewer than staged: the fence let none or not all of them through.
    if (standing < staged.length) throw new FencedError();
    if (standing > staged.length) throw new Error(`${standing} rows for ${staged.length} records`);
    this.#count(staged, conflicting);
  }

  /** A batch that the engine cannot read is bisected down to the bad record, which is dead. */
  async #stage(rows: readonly ProjectedRow[]): Promise<ProjectedRow[]> {
    try {
      await this.#writer.stage(rows, this.#epochs);
      return [...rows];
    } catch {
      const mended = await this.#findUnreadable(rows);
      await this.#writer.stage(mended, this.#epochs);
      return mended;
    }
  }

  async #findUnreadable(rows: readonly ProjectedRow[]): Promise<ProjectedRow[]> {
    try {
      await this.#writer.stage(rows, this.#epochs);
      return [...rows];
    } catch (error) {
      const [only] = rows;
      if (only === undefined) return [];
      if (rows.length === 1) {
        if (only.facts === null) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        return [{ ...only, ...dead(`the warehouse cannot read it: ${reason}`) }];
      }
      const middle = rows.length >> 1;
      const first = await this.#findUnreadable(rows.slice(0, middle));
      return [...first, ...(await this.#findUnreadable(rows.slice(middle)))];
    }
  }

  /** A dead letter is a decision of the day's code: durable before its row (design §9). */
  async #buryDead(rows: readonly ProjectedRow[]): Promise<void> {
    const letters = rows.flatMap((row) => {
      const known = this.#options.deadBefore?.has(placeOf(row)) ?? false;
      return row.disposition === 'dead' && !known ? [this.#letter(row)] : [];
    });
    if (letters.length > 0) await this.#options.deadLetters.append(letters);
  }

  #letter(row: ProjectedRow): { partition: number; value: Uint8Array } {
    const letter = {
      log: this.#options.log.ordinal,
      partition: row.partition,
      offset: String(row.offset),
      reason: row.deadReason,
      recorded_at: new Date().toISOString(),
    };
    return { partition: row.partition, value: Buffer.from(JSON.stringify(letter)) };
  }

  #count(rows: readonly ProjectedRow[], conflicting: number): void {
    for (const { disposition } of rows) this.metrics.rows[disposition]++;
    this.metrics.conflicting += conflicting;
    if (conflicting === 0) return;
    this.#options.logger.warn({ conflicting }, 'events with a known id and other content');
  }
}

function placeOf({ partition, offset }: { partition: number; offset: bigint }): string {
  return `${partition}/${offset}`;
}

/** Lets what waits for the event loop run: promises alone would not. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The range of each partition in the records, which are in order within a partition. */
function rangesOf(records: readonly { partition: number; offset: bigint }[]): Range[] {
  const ranges = new Map<number, Range>();
  for (const { partition, offset } of records) {
    const range = ranges.get(partition);
    if (range === undefined) ranges.set(partition, { partition, first: offset, last: offset });
    else range.last = offset;
  }
  return [...ranges.values()];
}
