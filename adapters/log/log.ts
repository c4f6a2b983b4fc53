/**
 * Port: the log, the immutable firehose of usage events (docs/design.md, The shape, Positions). Its
 * promises are the suite `tests/contract/log.ts`, run over every implementation.
 *
 * Offsets are dense per partition, start at 0 and never change meaning. Values are opaque bytes
 * and come back byte for byte.
 */

export type LogRecord = {
  partition: number;
  offset: bigint;
  value: Uint8Array;
  /** When the log took it, Unix milliseconds. */
  appendedAtMs: number;
};

export type Commit = { partition: number; offset: bigint; metadata: string };

export type Log = {
  /** Ordinal of this log among the installation's logs, from 0; positions compare by it first. */
  readonly ordinal: number;
  readonly partitions: number;

  /**
   * Resolves with the offsets, in the order given, once every record is durable. All or none.
   * A rejected append may have been stored: at least once is what callers get.
   */
  append(records: readonly { partition: number; value: Uint8Array }[]): Promise<bigint[]>;

  /**
   * Up to `maxRecords` / about `maxBytes` (at least one record) from `offset`, in offset order;
   * empty at the end.
   */
  read(from: {
    partition: number;
    offset: bigint;
    maxRecords: number;
    maxBytes: number;
  }): Promise<LogRecord[]>;

  /** Exclusive end offset of each partition. */
  ends(): Promise<bigint[]>;

  /** Durable before it resolves; the last commit of a group and partition wins. */
  commit(group: string, commits: readonly Commit[]): Promise<void>;
  committed(group: string): Promise<Commit[]>;

  close(): Promise<void>;
};
