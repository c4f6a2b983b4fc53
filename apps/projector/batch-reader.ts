/**
 * Reads the log in batches and turns records into rows. While there is a backlog it works ahead: one
 * batch is read while the one before it is parsed, and that one while the engine takes the one before
 * that. Nothing here is decided or durable, so that a reader can be dropped at any time.
 */
import type { Log, LogRecord } from '@tollgate/adapters/log/log.ts';
import type { ProjectorLimits } from './limits.ts';
import type { ProjectedRow } from './projection.ts';

export type BatchReaderDeps = {
  log: Pick<Log, 'read' | 'ends'>;
  limits: Pick<ProjectorLimits, 'batchRecordsMax' | 'batchBytesMax' | 'sliceRecords'>;
  row: (record: LogRecord) => ProjectedRow;
};

export class BatchReader {
  readonly #deps: BatchReaderDeps;
  /** First offset that was not read, per partition. */
  readonly #next: Map<number, bigint>;
  #ends: readonly bigint[];
  #read: Promise<LogRecord[]> | null = null;
  #projected: Promise<ProjectedRow[]> | null = null;

  /** @param from first offset without a row, of every partition that is to be read */
  constructor(deps: BatchReaderDeps, from: ReadonlyMap<number, bigint>, ends: readonly bigint[]) {
    this.#deps = deps;
    this.#next = new Map(from);
    this.#ends = ends;
  }

  /** The end of each partition when the log was last asked. */
  get ends(): readonly bigint[] {
    return this.#ends;
  }

  /** The next batch, in order of offsets within each partition; empty if there is nothing new. */
  async take(): Promise<ProjectedRow[]> {
    const rows = await this.#takeProjected();
    if (this.#isBehind()) {
      this.#projected = this.#project();
      noted(this.#projected);
    }
    return rows;
  }

  /** Resolves when nothing is read any more: the log may be closed. */
  async idle(): Promise<void> {
    // Parsing may begin another read when the read that it waits for is over.
    await Promise.allSettled([this.#projected]);
    await Promise.allSettled([this.#read]);
  }

  #takeProjected(): Promise<ProjectedRow[]> {
    const projected = this.#projected;
    this.#projected = null;
    return projected ?? this.#project();
  }

  /** In slices, so that other work gets turns of the event loop. */
  async #project(): Promise<ProjectedRow[]> {
    const records = await (this.#read ?? this.#readBatch());
    this.#read = null;
    if (this.#isBehind()) {
      this.#read = this.#readBatch();
      noted(this.#read);
    }
    const { row, limits } = this.#deps;
    const rows: ProjectedRow[] = [];
    for (const [index, record] of records.entries()) {
      if (index > 0 && index % limits.sliceRecords === 0) await nextTurn();
      rows.push(row(record));
    }
    return rows;
  }

  /** The log has a whole batch more. Less than that is read when it is asked for. */
  #isBehind(): boolean {
    let behind = 0n;
    for (const [partition, offset] of this.#next) behind += (this.#ends[partition] ?? 0n) - offset;
    return behind >= this.#deps.limits.batchRecordsMax;
  }

  /** Up to a batch over all partitions that have something new, each with a fair share. */
  async #readBatch(): Promise<LogRecord[]> {
    const { log, limits } = this.#deps;
    this.#ends = await log.ends();
    const behind = [...this.#next].flatMap(([partition, offset]) =>
      (this.#ends[partition] ?? 0n) > offset ? [{ partition, offset }] : [],
    );
    const share = {
      maxRecords: Math.ceil(limits.batchRecordsMax / behind.length),
      maxBytes: Math.ceil(limits.batchBytesMax / behind.length),
    };
    const pages = await Promise.all(behind.map((place) => log.read({ ...place, ...share })));
    const records = pages.flat();
    for (const { partition, offset } of records) this.#next.set(partition, offset + 1n);
    return records;
  }
}

/** The caller that takes the promise meets its failure; until then a failure is not unhandled. */
function noted(promise: Promise<unknown>): void {
  promise.catch(() => undefined);
}

/** Lets timers and I/O run; an await of a settled promise would not. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
