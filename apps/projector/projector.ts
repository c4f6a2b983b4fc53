/**
 * The projector: log → warehouse, exactly once in effect (docs/design.md, Projection). Each batch
 * is read, parsed, decided and staged; then its intent is made durable, then its dead letters, then
 * its dirty marks; then follow one fenced insert and the count of what was inserted. If a process
 * dies in between, the next owner finds the torn range by the intent and inserts what is missing
 * (I2).
 *
 * While one batch is written, the next one is staged; while there is a backlog, later ones are read
 * and parsed at the same time.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from '@tollgate/adapters/backoff/backoff.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { LogRecord } from '@tollgate/adapters/log/log.ts';
import type { Ownership } from '@tollgate/adapters/log/ownership.ts';
import type { Family } from '@tollgate/adapters/metrics/families.ts';
import { dropForgottenStages } from '@tollgate/adapters/warehouse/queries/staging.ts';
import { BatchReader } from './batch-reader.ts';
import {
  type BatchOptions,
  BatchWriter,
  FencedError,
  placeOf,
  rangesOf,
  type StagedBatch,
} from './batch-writer.ts';
import { COMMIT_GROUP, intentCommits } from './intent.ts';
import { type ProjectorLimits, projectorLimits } from './limits.ts';
import { ProjectorMetrics } from './metrics.ts';
import { partitionChanges } from './partition-changes.ts';
import { claimPartitions } from './partition-claim.ts';
import { dead, type ProjectedRow, projectRecord } from './projection.ts';
import { readTorn, resumePoints } from './resume-points.ts';
import { Rollup } from './rollup.ts';
import { rollupPauseMs } from './rollup-pace.ts';

export type ProjectorOptions = BatchOptions & {
  /** Counts the epochs of the fence. */
  ledger: Pick<Ledger, 'append'>;
  /** Says which partitions are its own at the moment; absent: all of them, always. */
  ownership?: Pick<Ownership, 'current' | 'renew'>;
  limits?: Partial<ProjectorLimits>;
  /** Unix ms: which buckets are closed. Default: the machine's clock. */
  clock?: () => number;
};

export type Projector = {
  stop(): Promise<void>;
  /** What it measures. */
  families(): Family[];
  /** Records in its partitions that have no row yet. */
  lag(): bigint;
  /** Records of its partitions that have a row: grows while it advances. */
  applied(): bigint;
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
    families: () => run.metrics.families(run.lag()),
    lag: () => run.lag(),
    applied: () => run.applied(),
    owned: () => run.owned(),
    caughtUp: () => run.caughtUp(),
    ended: run.start(),
  };
}

class Run {
  readonly metrics = new ProjectorMetrics();
  readonly #options: ProjectorOptions;
  readonly #limits: ProjectorLimits;
  readonly #clock: () => number;
  readonly #writer: BatchWriter;
  readonly #rollup: Rollup;
  /** First offset without a row, of the partitions that are owned. */
  #next = new Map<number, bigint>();
  #prepared: Promise<StagedBatch | null> | null = null;
  /** Of the partitions that are owned. */
  readonly #epochs = new Map<number, bigint>();
  #reader: BatchReader;
  #stopping = false;
  /** A batch may be torn: this projector claims its partitions again, and finds it by its intent. */
  #inDoubt = false;
  #generation = 0;
  #rollupPauseMs = 0;
  #rolledAtMs = Number.NEGATIVE_INFINITY;
  /** The generation in which another projector was faster: only a newer assignment counts. */
  #fencedAt = Number.NEGATIVE_INFINITY;
  #done: Promise<'stopped' | 'fenced'> = Promise.resolve('stopped');
  /** Callers of `caughtUp`, which a cycle that finds nothing to do answers. */
  #waiting: (() => void)[] = [];

  constructor(options: ProjectorOptions) {
    this.#options = options;
    this.#limits = { ...projectorLimits, ...options.limits };
    const { warehouse, log, owner, clock = () => Date.now() } = options;
    this.#clock = clock;
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
    await this.#rollup.open();
    await this.#follow();
  }

  /** Owns what is assigned now, and nothing else. */
  async #follow(): Promise<void> {
    const { generation, partitions } = this.#options.ownership?.current() ?? this.#everything();
    const assigned = new Set(generation > this.#fencedAt ? partitions : []);
    const changes = partitionChanges(assigned, this.owned(), this.#inDoubt);
    this.#generation = generation;
    if (!changes.any) return;
    await this.#forgetPrepared();
    for (const partition of changes.lost) this.#disown(partition);
    await this.#writer.open();
    if (changes.taken.length > 0) await this.#claim(changes.taken);
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

  async #claim(partitions: readonly number[]): Promise<void> {
    const { ledger, log, warehouse, owner } = this.#options;
    const deps = { ledger, log, warehouse, owner };
    const epochs = await claimPartitions(deps, partitions, this.#limits);
    // seam: fence-written-not-read-back
    const resumes = await resumePoints(deps, partitions);
    const torn = await readTorn(log, resumes);
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

  applied(): bigint {
    let applied = 0n;
    for (const next of this.#next.values()) applied += next;
    return applied;
  }

  owned(): number[] {
    return [...this.#epochs.keys()];
  }

  async #loop(): Promise<'stopped' | 'fenced'> {
    const backoff = new Backoff(this.#limits.retryMs);
    while (!this.#stopping) {
      try {
        await this.#follow();
        const waiting = this.#waiting.length;
        const idle = await this.#cycle(waiting > 0);
        backoff.reset();
        if (idle) for (const resolve of this.#waiting.splice(0, waiting)) resolve();
        if (idle) await sleep(this.#limits.idleMs);
      } catch (err) {
        if (err instanceof FencedError) {
          if (this.#onFenced()) return 'fenced';
          continue;
        }
        this.#options.logger.error({ err }, 'projecting failed; trying again');
        this.#inDoubt = true;
        await backoff.pause();
      }
    }
    return 'stopped';
  }

  /**
   * Another projector has claimed its partitions: they are given up before anything else is done.
   *
   * @returns true if this is the end
   */
  #onFenced(): boolean {
    const { ownership, logger } = this.#options;
    this.metrics.fenced++;
    logger.warn({ partitions: this.owned() }, 'a newer projector owns partitions of this one');
    if (ownership === undefined) return true;
    this.#fencedAt = this.#generation;
    this.#inDoubt = true;
    ownership.renew(this.#generation);
    return false;
  }

  /** Forgets what was read and staged ahead of the batch that is written. */
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

  /** @param roll roll up now, however recent the last pass. @returns true if there was nothing to do */
  async #cycle(roll: boolean): Promise<boolean> {
    const batch = await this.#nextBatch();
    if (batch !== null) await this.#project(batch);
    // A broker that has just become the leader may not give all that the log holds.
    const idle = batch === null && this.lag() <= 0n;
    if (batch === null && !idle) await sleep(this.#limits.idleMs);
    const due = performance.now() - this.#rolledAtMs >= this.#rollupPauseMs;
    if (due || (idle && roll)) {
      const startedAtMs = performance.now();
      const state = { epochs: this.#epochs, next: this.#next };
      const done = await this.#rollup.pass(state, this.#clock());
      if (!done) return false;
      this.#rolledAtMs = performance.now();
      this.#rollupPauseMs = rollupPauseMs(this.#rolledAtMs - startedAtMs, this.#limits);
    }
    return idle;
  }

  /** What was prepared while the last batch was written, or what is in the log now. */
  async #nextBatch(): Promise<StagedBatch | null> {
    return (await this.#prepared) ?? this.#prepare(null);
  }

  /** Writes one batch; meanwhile the next one is prepared, up to its insert. */
  async #project(batch: StagedBatch): Promise<void> {
    const startedAtMs = performance.now();
    const after = new Map(this.#next);
    for (const { partition, last } of rangesOf(batch.rows)) after.set(partition, last + 1n);
    this.#prepared = this.#prepare(batch);
    // The cycle that takes it meets its failure; until then a failure is not unhandled.
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
   * @param before the batch that is being written
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
    const commits = intentCommits(rangesOf(records), this.#epochs);
    await this.#options.log.commit(COMMIT_GROUP, commits);
  }
}
