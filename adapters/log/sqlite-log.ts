/**
 * The embedded log: SQLite with the partitions and offsets of Kafka (docs/design.md, The shape).
 * Any number of processes append to one file; SQLite's single writer makes offsets dense and
 * appends atomic.
 */
import { SqliteWorkerClient } from '../sqlite/worker-client.ts';
import type { Commit, Log, LogRecord } from './log.ts';
import type { LogRequest, LogWorkerData, StoredPage } from './sqlite-log-worker.ts';

/** Requests that may wait. Callers keep one append in flight each, so this is never reached. */
const QUEUE_MAX = 4_096;
/** Requests per transaction. */
const GROUP_MAX = 64;

type AppendRequest = Extract<LogRequest, { kind: 'append' }>;

export type SqliteLogOptions = {
  path: string;
  topic: 'usage' | 'dead_letter';
  ordinal: number;
  partitions: number;
};

/** @throws Error if the file cannot be opened or the topic has another number of partitions */
export async function openSqliteLog(options: SqliteLogOptions): Promise<Log> {
  const { path, topic, partitions, ordinal } = options;
  const workerData: LogWorkerData = { path, topic, partitions };
  const open = () => {
    const url = new URL('./sqlite-log-worker.ts', import.meta.url);
    const bounds = { queueMax: QUEUE_MAX, groupMax: GROUP_MAX };
    return new SqliteWorkerClient<LogRequest>(url, { workerData, ...bounds });
  };
  const writer = open();
  await writer.send({ kind: 'ends' });
  // Reads have a connection of their own: they do not wait for writes to the disk.
  const reader = open();
  await reader.send({ kind: 'ends' });
  return {
    ordinal,
    partitions,
    async append(records) {
      const request = appendRequest(records, Date.now());
      return [...(await writer.send<BigInt64Array>(request, [request.values.buffer]))];
    },
    async read(from): Promise<LogRecord[]> {
      return recordsOf(from.partition, await reader.send<StoredPage>({ kind: 'read', ...from }));
    },
    ends: () => reader.send<bigint[]>({ kind: 'ends' }),
    commit: (group, commits) => writer.send<void>({ kind: 'commit', group, commits: [...commits] }),
    committed: (group) => reader.send<Commit[]>({ kind: 'committed', group }),
    async close() {
      await Promise.all([writer.close({ kind: 'close' }), reader.close({ kind: 'close' })]);
    },
  };
}

/**
 * All values in one buffer, which moves to the worker: cloning a thousand small buffers costs far
 * more.
 */
function appendRequest(
  records: readonly { partition: number; value: Uint8Array }[],
  nowMs: number,
): AppendRequest {
  const partitions = Int32Array.from(records, ({ partition }) => partition);
  const lengths = Int32Array.from(records, ({ value }) => value.length);
  const values = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const { value } of records) {
    values.set(value, at);
    at += value.length;
  }
  return { kind: 'append', partitions, lengths, values, nowMs };
}

function recordsOf(partition: number, page: StoredPage): LogRecord[] {
  const records: LogRecord[] = [];
  let at = 0;
  for (const [index, length] of page.lengths.entries()) {
    const value = page.values.subarray(at, at + length);
    const appendedAtMs = page.appendedAtMs[index] as number;
    records.push({ partition, offset: page.first + BigInt(index), value, appendedAtMs });
    at += length;
  }
  return records;
}
