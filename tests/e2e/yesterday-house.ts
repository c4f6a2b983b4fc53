/** Loads a fixture: a ledger and a log as an earlier commit wrote them. */
import { mkdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { dataFolder, EMBEDDED_PARTITIONS } from '@tollgate/adapters/config/data-folder.ts';

export type StoredEvent = {
  stream: string;
  revision: number;
  id: string;
  type: string;
  /** Exact JSON text. */
  data: string;
};
type StoredRecord = {
  topic: string;
  partition: number;
  offset: number;
  appended_at: number;
  value: string;
};

type Answers = Record<string, unknown>;
export type Yesterday = {
  ledger: (StoredEvent & { position: number; recorded_at: number })[];
  log: StoredRecord[];
  expected: {
    /** The clock with which period 2 was closed, and where it ended. */
    now_ms: number;
    second_end: string;
    customers: { id: string; name: string }[];
    /** What the API answered before and after that, by URL. */
    before: Answers;
    after: Answers;
    /** What that closing appended to the ledger. */
    appended: StoredEvent[];
    audit: { differences: []; count: number };
    rows: {
      raw_usage: { columns: string[]; hashes: Record<string, string> };
      usage_hourly: { columns: string[]; rows: string[][] };
    };
    /** The statements that made the tables. */
    schema: { ledger: string[]; log: string[] };
  };
};

/** The embedded log's key of a record is its partition and offset in one number. */
const OFFSETS_PER_PARTITION = 2 ** 44;

export function readYesterday(commit: string): Yesterday {
  const text = (name: string) =>
    readFileSync(new URL(`./fixtures/${commit}/${name}`, import.meta.url), 'utf8');
  const lines = (name: string) =>
    text(name)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  return {
    ledger: lines('ledger.jsonl'),
    log: lines('log.jsonl'),
    expected: JSON.parse(text('expected.json')),
  };
}

/** Makes the data folder as it was, with the tables that the earlier commit made. */
export function restore({ ledger, log, expected }: Yesterday, data: string): void {
  mkdirSync(data, { recursive: true });
  const paths = dataFolder(data);
  fill(paths.ledger, expected.schema.ledger, (db) => {
    const insert = db.prepare('INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)');
    for (const { position, stream, revision, id, type, data: text, recorded_at } of ledger) {
      insert.run(position, stream, revision, id, type, text, recorded_at);
    }
  });
  fill(paths.log, expected.schema.log, (db) => {
    for (const topic of ['usage', 'dead_letter']) {
      const records = log.filter((record) => record.topic === topic);
      db.prepare('INSERT INTO topic VALUES (?, ?)').run(topic, EMBEDDED_PARTITIONS);
      const insertEnd = db.prepare('INSERT INTO partition_end VALUES (?, ?, ?)');
      for (let partition = 0; partition < EMBEDDED_PARTITIONS; partition++) {
        const end = records.filter((record) => record.partition === partition).length;
        insertEnd.run(topic, partition, end);
      }
      const insert = db.prepare(`INSERT INTO ${topic}_record VALUES (?, ?, ?)`);
      for (const { partition, offset, appended_at, value } of records) {
        const position = partition * OFFSETS_PER_PARTITION + offset;
        insert.run(position, appended_at, Buffer.from(value));
      }
    }
  });
}

function fill(path: string, schema: readonly string[], work: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(path);
  for (const statement of schema) db.exec(statement);
  db.exec('BEGIN');
  work(db);
  db.exec('COMMIT');
  db.close();
}

/** The ledger's end: its last position. */
export function endOfLedger(data: string): number {
  const [row] = askLedger(data, 'SELECT max(position) AS position FROM event');
  return Number(row?.['position']);
}

/** The events after that position. */
export function eventsAfter(data: string, position: number): StoredEvent[] {
  const sql = `SELECT stream, revision, id, type, data FROM event
    WHERE position > ${position} ORDER BY position`;
  return askLedger(data, sql).map((row) => ({ ...row })) as StoredEvent[];
}

function askLedger(data: string, sql: string) {
  const db = new DatabaseSync(dataFolder(data).ledger, { readOnly: true });
  const rows = db.prepare(sql).all();
  db.close();
  return rows;
}
