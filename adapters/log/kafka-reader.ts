/**
 * Reads partitions of the topic from any offset, and keeps the part of a fetch that lies beyond the
 * requested page: a reader that continues where it stopped is served from memory.
 *
 * A stored record never changes, so a kept record cannot be stale. Offsets are asserted to be
 * dense. A gap or a control record means that somebody compacts the topic, deletes from it or
 * writes transactions to it; then no offset may be counted (docs/design.md, The fence).
 */
import type { FetchedRecord, KafkaCluster } from './kafka-cluster.ts';
import type { KafkaLimits } from './kafka-limits.ts';
import type { LogRecord } from './log.ts';

type Page = { partition: number; offset: bigint; maxRecords: number; maxBytes: number };

export class KafkaReader {
  readonly #cluster: KafkaCluster;
  readonly #topic: string;
  readonly #limits: KafkaLimits;
  readonly #ahead: ReadAhead;
  readonly #turns: Turns;

  constructor(options: { cluster: KafkaCluster; topic: string; limits: KafkaLimits }) {
    this.#cluster = options.cluster;
    this.#topic = options.topic;
    this.#limits = options.limits;
    this.#ahead = new ReadAhead(options.limits.readAheadBytesMax);
    this.#turns = new Turns(options.limits.fetchesMax);
  }

  /** @throws Error if records below the end are gone or not dense */
  async read({ partition, offset, maxRecords, maxBytes }: Page): Promise<LogRecord[]> {
    const page: LogRecord[] = [];
    let bytes = 0;
    let next = offset;
    while (page.length < maxRecords && (page.length === 0 || bytes < maxBytes)) {
      const records =
        this.#ahead.take(partition, next) ?? (await this.#fetch(partition, next, maxBytes - bytes));
      const size = fitting(records, maxRecords - page.length, {
        left: maxBytes - bytes,
        atLeastOne: page.length === 0,
      });
      for (const record of records.slice(0, size)) {
        page.push(record);
        bytes += record.value.length;
      }
      if (size < records.length) this.#ahead.keep(partition, records.slice(size));
      if (size === 0 || size < records.length) break;
      next += BigInt(size);
    }
    return page;
  }

  /** Empty at the end and beyond it. */
  async #fetch(partition: number, offset: bigint, bytesWanted: number): Promise<LogRecord[]> {
    const maxBytes = Math.max(1, Math.min(bytesWanted, this.#limits.fetchBytesMax));
    const fetched = await this.#turns.take(() => this.#cluster.fetch(partition, offset, maxBytes));
    if (fetched !== null) return this.#dense(partition, offset, fetched.records);
    const [first] = (await this.#cluster.offsets('first')).slice(partition);
    if (first !== undefined && offset < first) {
      throw this.#broken(partition, `records below offset ${first} are gone`);
    }
    return [];
  }

  #dense(partition: number, from: bigint, fetched: readonly FetchedRecord[]): LogRecord[] {
    const records: LogRecord[] = [];
    let expected: bigint | null = null;
    for (const { offset, value, timestamp, batchContext } of fetched) {
      const at = BigInt(offset);
      if (expected !== null && at !== expected) {
        throw this.#broken(partition, `offset ${expected} is missing`);
      }
      if (batchContext.inTransaction) {
        throw this.#broken(partition, `offset ${at} was written in a transaction`);
      }
      if (value === null) throw this.#broken(partition, `offset ${at} has no value`);
      expected = at + 1n;
      if (at >= from) {
        records.push({ partition, offset: at, value, appendedAtMs: Number(timestamp) });
      }
    }
    const first = records[0];
    if (first !== undefined && first.offset !== from) {
      throw this.#broken(partition, `offset ${from} is missing`);
    }
    return records;
  }

  #broken(partition: number, what: string): Error {
    return new Error(
      `topic ${this.#topic}, partition ${partition}: ${what}. Nothing but Tollgate may write to it, ` +
        'without transactions, and nothing may compact it or delete from it',
    );
  }
}

/**
 * How many records, counted from the first, fit the page; `atLeastOne` admits a first record that
 * is too big.
 */
function fitting(
  records: readonly LogRecord[],
  recordsMax: number,
  bytes: { left: number; atLeastOne: boolean },
): number {
  let size = 0;
  let sum = 0;
  for (const { value } of records) {
    sum += value.length;
    const fits = sum <= bytes.left || (size === 0 && bytes.atLeastOne);
    if (size === recordsMax || !fits) break;
    size++;
  }
  return size;
}

/**
 * Keeps one run of records per partition. Above the bound, the partition that was not read for the
 * longest time is dropped.
 */
class ReadAhead {
  readonly #bytesMax: number;
  readonly #runs = new Map<number, { records: LogRecord[]; bytes: number }>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /**
   * Takes the kept records from `offset` on out of the cache; null if `offset` is not among them.
   */
  take(partition: number, offset: bigint): LogRecord[] | null {
    const first = this.#runs.get(partition)?.records[0];
    if (first === undefined) return null;
    const records = this.#drop(partition);
    const index = Number(offset - first.offset);
    if (index < 0 || index >= records.length) return null;
    return index === 0 ? records : records.slice(index);
  }

  keep(partition: number, records: LogRecord[]): void {
    this.#drop(partition);
    const bytes = records.reduce((sum, { value }) => sum + value.length, 0);
    this.#runs.set(partition, { records, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#runs.keys()) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#drop(oldest);
    }
  }

  #drop(partition: number): LogRecord[] {
    const run = this.#runs.get(partition);
    this.#runs.delete(partition);
    this.#bytes -= run?.bytes ?? 0;
    return run?.records ?? [];
  }
}

/** Lets so many pieces of work run at once; the others wait in order. */
class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(max: number) {
    this.#free = max;
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
