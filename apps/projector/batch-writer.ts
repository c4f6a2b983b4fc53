/**
 * Writing one batch of rows: what counts, dead letters, dirty marks, the fenced insert, and the look
 * at what stands afterwards, in this order (design §9).
 */
import type { Log } from '@tollgate/adapters/log/log.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { isUnreadable } from '@tollgate/adapters/warehouse/warehouse-error.ts';
import { decideDispositions, keysToLookUp } from './dispositions.ts';
import type { ProjectorMetrics } from './metrics.ts';
import { dead, type ProjectedRow } from './projection.ts';
import { type Range, RawWriter } from './raw-writer.ts';

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
  /** Called at named points by fault tests; absent in production. */
  faultPoint?: (name: string) => Promise<void> | void;
};

type Epochs = ReadonlyMap<number, bigint>;

/** Another projector has a newer epoch: what was staged must not be written any more. */
export class FencedError extends Error {}

export class BatchWriter {
  readonly #options: BatchOptions;
  readonly #metrics: ProjectorMetrics;
  readonly #raw: RawWriter;

  constructor(options: BatchOptions, metrics: ProjectorMetrics) {
    this.#options = options;
    this.#metrics = metrics;
    this.#raw = new RawWriter(options.warehouse, options.log.ordinal, options.owner);
  }

  /** Makes the staging tables anew: what was staged is gone. */
  open(): Promise<void> {
    return this.#raw.open();
  }

  drop(): Promise<void> {
    return this.#raw.drop();
  }

  /** @throws FencedError if another projector has a newer epoch of one of the partitions */
  async write(projected: readonly ProjectedRow[], epochs: Epochs): Promise<void> {
    const stored = await this.#raw.counted(keysToLookUp(projected));
    await this.#options.faultPoint?.('between_antijoin_and_insert');
    const { rows, conflicting } = decideDispositions(projected, stored);
    const staged = await this.#stage(rows, epochs);
    await this.#buryDead(staged);
    await this.#raw.markDirty();
    await this.#raw.insertStaged();
    await this.#options.faultPoint?.('inserted_not_read_back');
    const standing = await this.#raw.countOwn(rangesOf(projected), epochs);
    // Fewer than staged: the fence let none or not all of them through.
    if (standing < staged.length) throw new FencedError();
    if (standing > staged.length) throw new Error(`${standing} rows for ${staged.length} records`);
    this.#count(staged, conflicting);
  }

  /**
   * A batch that the engine cannot read is bisected down to the bad record, which is dead. An engine
   * that is away says nothing about a record: the batch is tried again as a whole.
   */
  async #stage(rows: readonly ProjectedRow[], epochs: Epochs): Promise<ProjectedRow[]> {
    try {
      await this.#raw.stage(rows, epochs);
      return [...rows];
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      const mended = await this.#findUnreadable(rows, epochs);
      await this.#raw.stage(mended, epochs);
      return mended;
    }
  }

  async #findUnreadable(rows: readonly ProjectedRow[], epochs: Epochs): Promise<ProjectedRow[]> {
    try {
      await this.#raw.stage(rows, epochs);
      return [...rows];
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      const [only] = rows;
      if (only === undefined) return [];
      if (rows.length === 1) {
        if (only.facts === null) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        return [{ ...only, ...dead(`the warehouse cannot read it: ${reason}`) }];
      }
      const middle = rows.length >> 1;
      const first = await this.#findUnreadable(rows.slice(0, middle), epochs);
      return [...first, ...(await this.#findUnreadable(rows.slice(middle), epochs))];
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
