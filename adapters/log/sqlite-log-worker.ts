/** The embedded log's worker thread. Two run per open log: one that writes and one that reads. */
import { workerData } from 'node:worker_threads';
import { openDatabase } from '../sqlite/open-database.ts';
import { serveSqlite } from '../sqlite/worker-server.ts';

export type LogRequest =
  /** Record i goes to `partitions[i]` and has the next `lengths[i]` bytes of `values`. */
  | {
      kind: 'append';
      partitions: Int32Array;
      lengths: Int32Array;
      values: Uint8Array<ArrayBuffer>;
      nowMs: number;
    }
  | { kind: 'read'; partition: number; offset: bigint; maxRecords: number; maxBytes: number }
  | { kind: 'ends' }
  | {
      kind: 'commit';
      group: string;
      commits: { partition: number; offset: bigint; metadata: string }[];
    }
  | { kind: 'committed'; group: string }
  | { kind: 'close' };

export type LogWorkerData = { path: string; topic: string; partitions: number };

/** Records one after another from `first`; record i has the next `lengths[i]` bytes of `values`. */
export type StoredPage = {
  first: bigint;
  appendedAtMs: Float64Array;
  lengths: Int32Array;
  values: Uint8Array<ArrayBuffer>;
};

/**
 * A record's key is its partition and offset in one integer: rows of 1 kB in a `WITHOUT ROWID` table
 * would spill into overflow pages. 2^9 partitions of 2^44 records stay exact as a JavaScript number.
 */
const OFFSETS_PER_PARTITION = 2 ** 44;
const PARTITIONS_MAX = 2 ** 9;

const { path, topic, partitions } = workerData as LogWorkerData;
/** One table per topic; the names are a closed set. */
const RECORDS = `${topic}_record`;
if (partitions > PARTITIONS_MAX)
  throw new Error(`${partitions} partitions: at most 512 are possible`);

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS topic (name TEXT PRIMARY KEY, partitions INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS partition_end (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, next_offset INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS ${RECORDS} (
    position INTEGER PRIMARY KEY, appended_at INTEGER NOT NULL, value BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS commits (
    topic TEXT NOT NULL, consumer TEXT NOT NULL, partition INTEGER NOT NULL,
    offset INTEGER NOT NULL, metadata TEXT NOT NULL,
    PRIMARY KEY (topic, consumer, partition)) WITHOUT ROWID;
`;

const db = openDatabase(path, SCHEMA);
makeTopic();

const selectEnd = db.prepare(
  'SELECT next_offset FROM partition_end WHERE topic = ? AND partition = ?',
);
const updateEnd = db.prepare(
  'UPDATE partition_end SET next_offset = ? WHERE topic = ? AND partition = ?',
);
const insertRecord = db.prepare(`INSERT INTO ${RECORDS} VALUES (?, ?, ?)`);
const selectRecords = db.prepare(`
  SELECT position, appended_at, value FROM ${RECORDS}
  WHERE position >= ? AND position < ? ORDER BY position LIMIT ?`);
// An object per record would cost more than its bytes.
selectRecords.setReturnArrays(true);
const selectEnds = db.prepare(
  'SELECT next_offset FROM partition_end WHERE topic = ? ORDER BY partition',
);
const upsertCommit = db.prepare('INSERT OR REPLACE INTO commits VALUES (?, ?, ?, ?, ?)');
const selectCommits = db.prepare(
  'SELECT partition, offset, metadata FROM commits WHERE topic = ? AND consumer = ?',
);

/** The number of partitions is fixed when the topic is made: a customer's place follows from it. */
function makeTopic(): void {
  db.exec('BEGIN IMMEDIATE');
  const row = db.prepare('SELECT partitions FROM topic WHERE name = ?').get(topic);
  if (row === undefined) {
    db.prepare('INSERT INTO topic VALUES (?, ?)').run(topic, partitions);
    const insert = db.prepare('INSERT INTO partition_end VALUES (?, ?, 0)');
    for (let partition = 0; partition < partitions; partition++) insert.run(topic, partition);
  }
  db.exec('COMMIT');
  const made = Number(row?.['partitions'] ?? partitions);
  if (made !== partitions) {
    throw new Error(`topic ${topic} has ${made} partitions, not ${partitions}: that is fixed`);
  }
}

function append(request: Extract<LogRequest, { kind: 'append' }>): BigInt64Array {
  const { partitions, lengths, values, nowMs } = request;
  const next = new Map<number, number>();
  const offsets = new BigInt64Array(partitions.length);
  let at = 0;
  for (const [index, partition] of partitions.entries()) {
    const length = lengths[index] as number;
    const offset = next.get(partition) ?? endOf(partition);
    const value = values.subarray(at, at + length);
    insertRecord.run(partition * OFFSETS_PER_PARTITION + offset, nowMs, value);
    next.set(partition, offset + 1);
    offsets[index] = BigInt(offset);
    at += length;
  }
  for (const [partition, offset] of next) updateEnd.run(offset, topic, partition);
  return offsets;
}

function endOf(partition: number): number {
  const row = selectEnd.get(topic, partition);
  if (row === undefined) throw new Error(`topic ${topic} has no partition ${partition}`);
  return Number(row['next_offset']);
}

/** Offsets are dense, so the first one implies the others. */
function read(request: Extract<LogRequest, { kind: 'read' }>): StoredPage {
  const { partition, offset, maxRecords, maxBytes } = request;
  const base = partition * OFFSETS_PER_PARTITION;
  const from = base + Number(offset);
  const values: Uint8Array[] = [];
  const times: number[] = [];
  let bytes = 0;
  for (const row of selectRecords.iterate(from, base + OFFSETS_PER_PARTITION, maxRecords)) {
    const [position, appendedAtMs, value] = row as unknown as [number, number, Uint8Array];
    if (position !== from + values.length) {
      throw new Error(`${topic} lacks offset ${Number(offset) + values.length} of ${partition}`);
    }
    if (values.length > 0 && bytes + value.length > maxBytes) break;
    bytes += value.length;
    values.push(value);
    times.push(appendedAtMs);
  }
  const page = new Uint8Array(bytes);
  let at = 0;
  for (const value of values) {
    page.set(value, at);
    at += value.length;
  }
  return {
    first: offset,
    appendedAtMs: Float64Array.from(times),
    lengths: Int32Array.from(values, (value) => value.length),
    values: page,
  };
}

serveSqlite<LogRequest>({
  db,
  isWrite: ({ kind }) => kind === 'append' || kind === 'commit',
  handle(request) {
    switch (request.kind) {
      case 'append':
        return append(request);
      case 'read':
        return read(request);
      case 'ends':
        return selectEnds.all(topic).map((row) => BigInt(Number(row['next_offset'])));
      case 'commit':
        for (const { partition, offset, metadata } of request.commits) {
          upsertCommit.run(topic, request.group, partition, offset, metadata);
        }
        return;
      case 'committed':
        return selectCommits.all(topic, request.group).map((row) => ({
          partition: Number(row['partition']),
          offset: BigInt(Number(row['offset'])),
          metadata: String(row['metadata']),
        }));
      case 'close':
        return;
      default:
        return request satisfies never;
    }
  },
});
