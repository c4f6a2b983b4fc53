/** The embedded log's worker thread. Two run per open log: one that writes and one that reads. */
import { workerData } from 'node:worker_threads';
import { openDatabase } from '../sqlite/open-database.ts';
import { serveSqlite } from '../sqlite/worker-server.ts';

export type LogRequest =
  | { kind: 'append'; records: { partition: number; value: Uint8Array }[]; nowMs: number }
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

export type StoredRecord = { offset: bigint; value: Uint8Array; appendedAtMs: number };

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS topic (name TEXT PRIMARY KEY, partitions INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS partition_end (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, next_offset INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS record (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
    appended_at INTEGER NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (topic, partition, offset)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS commits (
    topic TEXT NOT NULL, consumer TEXT NOT NULL, partition INTEGER NOT NULL,
    offset INTEGER NOT NULL, metadata TEXT NOT NULL,
    PRIMARY KEY (topic, consumer, partition)) WITHOUT ROWID;
`;

const { path, topic, partitions } = workerData as LogWorkerData;
const db = openDatabase(path, SCHEMA);
makeTopic();

const selectEnd = db.prepare(
  'SELECT next_offset FROM partition_end WHERE topic = ? AND partition = ?',
);
const updateEnd = db.prepare(
  'UPDATE partition_end SET next_offset = ? WHERE topic = ? AND partition = ?',
);
const insertRecord = db.prepare('INSERT INTO record VALUES (?, ?, ?, ?, ?)');
const selectRecords = db.prepare(`
  SELECT offset, appended_at, value FROM record
  WHERE topic = ? AND partition = ? AND offset >= ? ORDER BY offset LIMIT ?`);
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

function append(request: Extract<LogRequest, { kind: 'append' }>): bigint[] {
  const next = new Map<number, number>();
  const offsets = request.records.map(({ partition, value }) => {
    const offset = next.get(partition) ?? endOf(partition);
    insertRecord.run(topic, partition, offset, request.nowMs, value);
    next.set(partition, offset + 1);
    return BigInt(offset);
  });
  for (const [partition, offset] of next) updateEnd.run(offset, topic, partition);
  return offsets;
}

function endOf(partition: number): number {
  const row = selectEnd.get(topic, partition);
  if (row === undefined) throw new Error(`topic ${topic} has no partition ${partition}`);
  return Number(row['next_offset']);
}

function read(request: Extract<LogRequest, { kind: 'read' }>): StoredRecord[] {
  const { partition, offset, maxRecords, maxBytes } = request;
  const records: StoredRecord[] = [];
  let bytes = 0;
  for (const row of selectRecords.iterate(topic, partition, offset, maxRecords)) {
    const value = row['value'] as Uint8Array;
    bytes += value.length;
    if (records.length > 0 && bytes > maxBytes) break;
    records.push({
      offset: BigInt(Number(row['offset'])),
      value,
      appendedAtMs: Number(row['appended_at']),
    });
  }
  return records;
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
