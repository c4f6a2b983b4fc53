/**
 * Writing one batch of rows (docs/design.md, The fence): decide what counts and stage it; then dead
 * letters, dirty marks, the fenced insert, and the count of what was inserted, in this order. A
 * batch is decided and staged while the one before it is still being written: the decisions about
 * that batch are known already, its rows may not be stored yet. If that write fails, what was
 * staged after it is forgotten.
 *
 * I2: a write succeeds only if the warehouse has exactly one row of this epoch for each record.
 */
import type { Log } from '@tollgate/adapters/log/log.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { isUnreadable, type WarehouseError } from '@tollgate/adapters/warehouse/warehouse-error.ts';
import { type CountedRow, decideDispositions, keysToLookUp } from './dispositions.ts';
import type { ProjectorMetrics } from './metrics.ts';
import { dead, type ProjectedRow } from './projection.ts';
import { type Range, RawWriter, type Slot } from './raw-writer.ts';

export type BatchOptions = {
  log: Log;
  deadLetters: Pick<Log, 'append'>;
  warehouse: Warehouse;
  /** Letters, digits and _: names this projector in the ledger and its staging tables; unique. */
  owner: string;
  logger: {
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /**
   * What the dead-letter topic says already, by `partition/offset`: such a record is dead again, for
   * the reason of that day, and no second letter is written (a rebuild).
   */
  deadBefore?: ReadonlyMap<string, string>;
};

type Epochs = ReadonlyMap<number, bigint>;

/** A batch that is decided and staged: nothing of it is durable. */
export type StagedBatch = {
  slot: Slot;
  rows: readonly ProjectedRow[];
  /** Its rows that count, by key, for the decisions about the next batch. */
  counted: ReadonlyMap<string, CountedRow>;
  conflicting: number;
};

/** Another projector has a newer epoch: what was staged must not be written any more. */
export class FencedError extends Error {}

export class BatchWriter {
  readonly #options: BatchOptions;
  readonly #metrics: ProjectorMetrics;
  readonly #raw: RawWriter;
  #slot: Slot = 0;

  constructor(options: BatchOptions, metrics: ProjectorMetrics) {
    this.#options = options;
    this.#metrics = metrics;
    this.#raw = new RawWriter(options.warehouse, options.log.ordinal, options.owner);
  }

  /** Makes the staging tables again: what was staged is gone. */
  open(): Promise<void> {
    return this.#raw.open();
  }

  drop(): Promise<void> {
    return this.#raw.drop();
  }

  /**
   * Decides and stages a batch. There are two staging areas: before a third batch is staged, the first
   * must have been written, or both forgotten by `open`.
   *
   * @param before the batch that is being written, whose rows may not be stored yet
   */
  async stage(
    projected: readonly ProjectedRow[],
    epochs: Epochs,
    before: StagedBatch | null,
  ): Promise<StagedBatch> {
    const slot = this.#slot;
    this.#slot = slot === 0 ? 1 : 0;
    const keys = keysToLookUp(projected);
    const found = await this.#raw.counted(slot, keys);
    const stored = (key: string) => before?.counted.get(key) ?? found.get(key);
    let readable = projected;
    for (;;) {
      const { rows, counted, conflicting } = decideDispositions(readable, stored);
      const unreadable = await this.#stage(slot, rows, epochs);
      if (unreadable.size === 0) {
        // The engine has the bytes: the pages that hold them can be freed before the write.
        for (const row of rows) row.object = null;
        return { slot, rows, counted, conflicting };
      }
      // Later rows were decided as if the unreadable ones counted, so all is decided again.
      readable = readable.map((row, index) => {
        const reason = unreadable.get(index);
        return reason === undefined ? row : { ...row, ...dead(reason) };
      });
    }
  }

  /** @throws FencedError if another projector has a newer epoch of one of the partitions */
  async write({ slot, rows, conflicting }: StagedBatch, epochs: Epochs): Promise<void> {
    await this.#buryDead(rows);
    // seam: polled-not-inserted
    await this.#raw.markDirty(slot);
    // seam: staged-rows-are-inserted
    await this.#raw.insertStaged(slot);
    const inserted = await this.#raw.countOwn(rangesOf(rows), epochs);
    // Fewer than staged: the fence kept some or all of them out.
    if (inserted < rows.length) throw new FencedError();
    if (inserted > rows.length) throw new Error(`${inserted} rows for ${rows.length} records`);
    await this.#raw.clear(slot);
    // seam: inserted-offset-not-noted
    this.#count(rows, conflicting);
  }

  /**
   * Stages all rows; or none, and says which of them the engine cannot read, and why. That the engine
   * is away says nothing about a record: then this throws, and the whole batch is tried again.
   *
   * @returns reasons by index; empty if all are staged
   */
  async #stage(
    slot: Slot,
    rows: readonly ProjectedRow[],
    epochs: Epochs,
  ): Promise<Map<number, string>> {
    const unreadable = new Map<number, string>();
    try {
      await this.#raw.stage(slot, rows, epochs);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      await this.#findUnreadable({ slot, epochs, unreadable }, rows, 0, error);
      if (unreadable.size === 0) throw error;
      await this.#raw.clear(slot);
    }
    return unreadable;
  }

  /** Bisects rows that failed together. @param from index of the first of them in the batch */
  async #findUnreadable(
    search: { slot: Slot; epochs: Epochs; unreadable: Map<number, string> },
    rows: readonly ProjectedRow[],
    from: number,
    failure: WarehouseError,
  ): Promise<void> {
    if (rows.length === 1) {
      if (rows[0]?.disposition === 'dead') throw failure;
      search.unreadable.set(from, `the warehouse cannot read it: ${failure.message}`);
      return;
    }
    const middle = rows.length >> 1;
    for (const [half, first] of [
      [rows.slice(0, middle), from],
      [rows.slice(middle), from + middle],
    ] as const) {
      try {
        await this.#raw.clear(search.slot);
        await this.#raw.stage(search.slot, half, search.epochs);
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        await this.#findUnreadable(search, half, first, error);
      }
    }
  }

  /**
   * What is dead is a decision of the current code: its letter is durable before its row
   * (docs/design.md, The fence).
   */
  async #buryDead(rows: readonly ProjectedRow[]): Promise<void> {
    const letters = rows.flatMap((row) => {
      const known = this.#options.deadBefore?.has(placeOf(row));
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
    for (const { disposition } of rows) this.#metrics.rows[disposition]++;
    this.#metrics.conflicting += conflicting;
    if (conflicting === 0) return;
    this.#options.logger.warn({ conflicting }, 'events with a known id and other content');
  }
}

export function placeOf({ partition, offset }: { partition: number; offset: bigint }): string {
  return `${partition}/${offset}`;
}

/** The range of each partition in the records, which are in order within a partition. */
export function rangesOf(records: readonly { partition: number; offset: bigint }[]): Range[] {
  const ranges = new Map<number, Range>();
  for (const { partition, offset } of records) {
    const range = ranges.get(partition);
    if (range === undefined) ranges.set(partition, { partition, first: offset, last: offset });
    else range.last = offset;
  }
  return [...ranges.values()];
}
