/**
 * The projector: log → warehouse, exactly once in effect (design §9). Order of one batch: read, parse,
 * decide, stage; then intent durable, dead letters durable, dirty marks, one fenced insert, read back.
 * Whatever dies in between, the next owner finds the torn range by the intent and inserts what is
 * missing. Staging of a batch runs beside the writing of the one before, and while there is a backlog
 * later ones are read and parsed beside both.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { LogRecord } from '@tollgate/adapters/log/log.ts';
import type { Ownership } from '@tollgate/adapters/log/ownership.ts';
import { BatchReader } from './batch-reader.ts';
import {
  type BatchOptions,
  BatchWriter,
  FencedError,
  placeOf,
  rangesOf,
  type StagedBatch,
} from './batch-writer.ts';
import { type ProjectorLimits, projectorLimits } from './limits.ts';
import { ProjectorMetrics } from './metrics.ts';
import { claimPartitions, dropForgottenStages } from './partition-claim.ts';
import { dead, type ProjectedRow, projectRecord } from './projection.ts';
import { COMMIT_GROUP, resumePoints } from './resume-points.ts';
import { Rollup } from './rollup.ts';

export type ProjectorOptions = BatchOptions & {
  /** Counts the epochs of the fence. */
  ledger: Pick<Ledger, 'append'>;
  /** Which partitions are its own from time to time; absent: all of them, for ever. */
  ownership?: Pick<Ownership, 'current' | 'renew'>;
  limits?: Partial<ProjectorLimits>;
};

export type Projector = {
  stop(): Promise<void>;
  metrics(): string;
  /** Records in its partitions that have no row yet. */
  lag(): bigint;
  /** The partitions that it owns now. */
  owned(): number[];
  /**
   * Resolves when every record of its partitions has its row and every closed bucket is rolled up,
   * at some moment after the call.
   */
  caughtUp(): Promise<void>;
  /** Resolves when this projector ends: stopped, or, without an `ownership`, fenced by a newer one. */
  ended: Promise<'stopped' | 'fenced'>;
};

/** @throws Error if the warehouse lacks rows that it had: it must be rebuilt */
export async function startProjector(options: ProjectorOptions): Promise<Projector> {
  const run = new Run(options);
  await run.open();
  return {
    stop: () => run.stop(),
    metrics: () => run.metrics.text(run.lag()),
    lag: () => run.lag(),
    owned: () => run.owned(),
    caughtUp: () => run.caughtUp(),
    ended: run.start(),
  };
}

class Run {
  readonly metrics = new ProjectorMetrics();
  readonly #options: ProjectorOptions;
  readonly #limits: ProjectorLimits;
  readonly #writer: BatchWriter;
  readonly #rollup: Rollup;
  /** First offset without a row, of the partitions that are owned. */
  #next = new Map<number, bigint>();
  #prepared: Promise<StagedBatch | null> | null = null;
  /** Of the partitions that are owned. */
  readonly #epochs = new Map<number, bigint>();
  #reader: BatchReader;
  #stopping = false;
  /** A batch may be torn: take over from ourselves, which finds it by its intent. */
  #inDoubt = false;
  #generation = 0;
  #rollupPauseMs = 0;
  #rolledAtMs = Number.NEGATIVE_INFINITY;
  /** Only a newer distribution than this one counts: in this one somebody else was quicker. */
  #fencedAt = Number.NEGATIVE_INFINITY;
  #done: Promise<'stopped' | 'fenced'> = Promise.resolve('stopped');
  /** Who waits for a cycle that found nothing to do. */
  #waiting: (() => void)[] = [];

  constructor(options: ProjectorOptions) {
    this.#options = options;
    this.#limits = { ...projectorLimits, ...options.limits };
    const { warehouse, log, owner } = options;
    this.#writer = new BatchWriter(options, this.metrics);
    this.#rollup = new Rollup({
      warehouse,
      log: log.ordinal,
      name: owner,
      bucketsMax: this.#limits.rollupBucketsMax,
    });
    this.#reader = this.#newReader([]);
  }

  async open(): Promise<void> {
    await dropForgottenStages(this.#options.warehouse);
    await this.#writer.open();
    await this.#rollup.open();
    await this.#follow();
  }

  /** Owns what is assigned now, and nothing else. */
  async #follow(): Promise<void> {
    const { generation, partitions } = this.#options.ownership?.current() ?? this.#everything();
    const assigned = new Set(generation > this.#fencedAt ? partitions : []);
    const taken = [...assigned].filter((p) => this.#inDoubt || !this.#epochs.has(p));
    const lost = this.owned().filter((p) => !assigned.has(p));
    this.#generation = generation;
    if (taken.length === 0 && lost.length === 0 && !this.#inDoubt) return;
    await this.#forgetPrepared();
    for (const partition of lost) this.#disown(partition);
    await this.#writer.open();
    if (taken.length > 0) await this.#takeOver(taken);
    this.#reader = this.#newReader(await this.#options.log.ends());
    this.#inDoubt = false;
  }

  #everything() {
    const { partitions } = this.#options.log;
    return { generation: 0, partitions: Array.from({ length: partitions }, (_, p) => p) };
  }

  #disown(partition: number): void {
    this.#epochs.delete(partition);
    this.#next.delete(partition);
  }

  async #takeOver(partitions: readonly number[]): Promise<void> {
    const { ledger, log, warehouse, owner } = this.#options;
    const deps = { ledger, log, warehouse, owner };
    const epochs = await claimPartitions(deps, partitions, this.#limits);
    // seam: fence-written-not-read-back
    const torn: LogRecord[] = [];
    const resumes = await resumePoints(deps, partitions);
    for (const [partition, { missing }] of resumes) {
      for (const offset of missing) {
        const page = await log.read({ partition, offset, maxRecords: 1, maxBytes: 1 });
        const record = page.find((found) => found.offset === offset);
        // A broker that just took over may not give it yet; to go on beyond it would lose it.
        // seam: torn-record-must-be-readable
        if (record === undefined) throw new Error(unreadable(partition, offset));
        torn.push(record);
      }
    }
    for (const [partition, { next }] of resumes) {
      this.#epochs.set(partition, epochs.get(partition) as bigint);
      this.#next.set(partition, next);
    }
    await this.#rollup.own(this.owned());
    if (torn.length > 0) {
      const rows = torn.map((record) => this.#row(record));
      await this.#writer.write(await this.#writer.stage(rows, this.#epochs, null), this.#epochs);
    }
  }

  start(): Promise<'stopped' | 'fenced'> {
    this.#done = this.#loop();
    return this.#done;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
    await this.#forgetPrepared();
    await this.#writer.drop();
    await this.#rollup.drop();
  }

  lag(): bigint {
    let lag = 0n;
    for (const [partition, next] of this.#next)
      lag += (this.#reader.ends[partition] ?? next) - next;
    return lag;
  }

  owned(): number[] {
    return [...this.#epochs.keys()];
  }

  async #loop(): Promise<'stopped' | 'fenced'> {
    let pauseMs = this.#limits.retryMs.first;
    while (!this.#stopping) {
      try {
        await this.#follow();
        const waiting = this.#waiting.length;
        const idle = await this.#cycle(waiting > 0);
        pauseMs = this.#limits.retryMs.first;
        if (idle) for (const resolve of this.#waiting.splice(0, waiting)) resolve();
        if (idle) await sleep(this.#limits.idleMs);
      } catch (err) {
        if (err instanceof FencedError) {
          if (await this.#onFenced()) return 'fenced';
          continue;
        }
        this.#options.logger.error({ err }, 'projecting failed; trying again');
        this.#inDoubt = true;
        await sleep(pauseMs);
        pauseMs = Math.min(pauseMs * 2, this.#limits.retryMs.max);
      }
    }
    return 'stopped';
  }

  /** Nothing is written any more for what another one took. @returns true if this is the end */
  async #onFenced(): Promise<boolean> {
    const { ownership, logger } = this.#options;
    this.metrics.fenced++;
    logger.warn({ partitions: this.owned() }, 'a newer projector owns partitions of this one');
    if (ownership === undefined) return true;
    this.#fencedAt = this.#generation;
    await this.#forgetPrepared();
    this.#inDoubt = true;
    for (const partition of this.owned()) this.#disown(partition);
    ownership.renew(this.#generation);
    return false;
  }

  /** Of the batches after the one that is written, nothing is used any more. */
  async #forgetPrepared(): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = null;
    await prepared?.catch(() => undefined);
    await this.#reader.idle();
  }

  /** Reads what has no row yet. */
  #newReader(ends: readonly bigint[]): BatchReader {
    const { log } = this.#options;
    const row = (record: LogRecord) => this.#row(record);
    return new BatchReader({ log, limits: this.#limits, row }, this.#next, ends);
  }

  caughtUp(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** @param roll at once, whenever the last roll-up was. @returns true if nothing was to be done */
  async #cycle(roll: boolean): Promise<boolean> {
    const batch = await this.#nextBatch();
    if (batch !== null) await this.#project(batch);
    // A broker that just took over may not give all that is there.
    const idle = batch === null && this.lag() <= 0n;
    if (batch === null && !idle) await sleep(this.#limits.idleMs);
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
  async #nextBatch(): Promise<StagedBatch | null> {
    const prepared = this.#prepared;
    this.#prepared = null;
    return (await prepared) ?? this.#prepare(null);
  }

  /** Writes one batch, and prepares the next one meanwhile, up to its insert. */
  async #project(batch: StagedBatch): Promise<void> {
    const startedAtMs = performance.now();
    const after = new Map(this.#next);
    for (const { partition, last } of rangesOf(batch.rows)) after.set(partition, last + 1n);
    this.#prepared = this.#prepare(batch);
    // Whoever takes it meets its failure; until then nobody has to.
    this.#prepared.catch(() => undefined);
    await this.#intend(batch.rows);
    await this.#writer.write(batch, this.#epochs);
    this.#next = after;
    this.metrics.batches++;
    this.metrics.batchMs += performance.now() - startedAtMs;
  }

  /**
   * Takes a batch and stages it.
   *
   * @param before the batch that is written meanwhile
   */
  async #prepare(before: StagedBatch | null): Promise<StagedBatch | null> {
    const rows = await this.#reader.take();
    return rows.length === 0 ? null : this.#writer.stage(rows, this.#epochs, before);
  }

  #row(record: LogRecord): ProjectedRow {
    const row = projectRecord(record);
    const reason = this.#options.deadBefore?.get(placeOf(record));
    return reason === undefined ? row : { ...row, ...dead(reason) };
  }

  /** Durable before the first write: where a torn batch begins and ends. */
  async #intend(records: readonly ProjectedRow[]): Promise<void> {
    // seam: batch-intent
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
}

function unreadable(partition: number, offset: bigint): string {
  return `offset ${offset} of partition ${partition} belongs to a torn batch and cannot be read yet`;
}
