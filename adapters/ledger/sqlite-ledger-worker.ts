/** The embedded ledger's worker thread. Two run per open ledger: one writes, one reads. */
import { workerData } from 'node:worker_threads';
import { openDatabase } from '../sqlite/open-database.ts';
import { serveSqlite } from '../sqlite/worker-server.ts';
import type { AppendResult, ExpectedRevision, LedgerEvent, NewLedgerEvent } from './ledger.ts';

export type LedgerRequest =
  | {
      kind: 'append';
      stream: string;
      expected: ExpectedRevision;
      events: NewLedgerEvent[];
      nowMs: number;
    }
  | { kind: 'read'; stream: string; fromRevision: bigint; limit: number }
  | { kind: 'read_all'; prefixes: string[]; after: bigint; limit: number }
  | { kind: 'close' };

/** `upto`: every event at or below it that matches has been delivered. */
export type AllPage = { events: LedgerEvent[]; upto: bigint; complete: boolean };

export type LedgerWorkerData = { path: string };

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS event (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    stream TEXT NOT NULL, revision INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
    data TEXT NOT NULL, recorded_at INTEGER NOT NULL);
  CREATE UNIQUE INDEX IF NOT EXISTS event_place ON event (stream, revision);
`;

const db = openDatabase((workerData as LedgerWorkerData).path, SCHEMA);
const selectLast = db.prepare('SELECT max(revision) AS last FROM event WHERE stream = ?');
const selectRange = db.prepare(
  'SELECT * FROM event WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?',
);
const insertEvent = db.prepare(`
  INSERT INTO event (stream, revision, id, type, data, recorded_at) VALUES (?, ?, ?, ?, ?, ?)
  RETURNING position`);
const selectHead = db.prepare('SELECT coalesce(max(position), 0) AS head FROM event');
const readAllBySize = new Map<number, ReturnType<typeof db.prepare>>();

function toEvent(row: Record<string, unknown>): LedgerEvent {
  return {
    id: String(row['id']),
    type: String(row['type']),
    data: JSON.parse(String(row['data'])),
    stream: String(row['stream']),
    revision: BigInt(Number(row['revision'])),
    position: String(row['position']),
    recordedAtMs: Number(row['recorded_at']),
  };
}

/** Compare and append, under SQLite's write lock: between the two nothing can come in. */
function append(request: Extract<LedgerRequest, { kind: 'append' }>): AppendResult {
  const { stream, expected, events, nowMs } = request;
  if (events.length === 0) throw new Error(`an append to ${stream} has no events`);
  const stored = selectLast.get(stream)?.['last'];
  const last: ExpectedRevision = stored == null ? 'no_stream' : BigInt(Number(stored));
  // seam: revision-of-an-append
  const first = expected === 'no_stream' ? 0n : expected + 1n;
  // seam: revision-is-the-expected-one
  if (last !== expected) return alreadyThere(stream, first, events, last);
  let position = '';
  events.forEach((event, index) => {
    const revision = first + BigInt(index);
    const data = JSON.stringify(event.data);
    const row = insertEvent.get(stream, revision, event.id, event.type, data, nowMs);
    position = String(row?.['position']);
  });
  return { ok: true, revision: first + BigInt(events.length - 1), position };
}

/** The very same events at the very same places: a retry of an append that has succeeded. */
function alreadyThere(
  stream: string,
  first: bigint,
  events: readonly NewLedgerEvent[],
  actual: ExpectedRevision,
): AppendResult {
  const rows = selectRange.all(stream, first, events.length);
  const same = rows.length === events.length && rows.every((row, i) => row['id'] === events[i]?.id);
  const tail = rows.at(-1);
  if (!same || tail === undefined) return { ok: false, actual };
  return {
    ok: true,
    revision: BigInt(Number(tail['revision'])),
    position: String(tail['position']),
  };
}

/**
 * A position is taken inside the write transaction that commits it, and writers follow one another,
 * so what a reader sees at a position is final: nothing commits later at a lower one.
 */
function readAll(request: Extract<LedgerRequest, { kind: 'read_all' }>): AllPage {
  const { prefixes, after, limit } = request;
  const head = BigInt(Number(selectHead.get()?.['head'] ?? 0));
  if (head <= after) return { events: [], upto: after, complete: true };
  const bounds = prefixes.flatMap((prefix) => [prefix, `${prefix}\u{10ffff}`]);
  const rows = readAllStatement(prefixes.length).all(after, head, ...bounds, limit);
  const events = rows.map(toEvent);
  const complete = rows.length < limit;
  const upto = complete ? head : BigInt(events.at(-1)?.position ?? after);
  return { events, upto, complete };
}

function readAllStatement(prefixes: number): ReturnType<typeof db.prepare> {
  let statement = readAllBySize.get(prefixes);
  if (statement === undefined) {
    const filter = new Array(prefixes).fill('(stream >= ? AND stream < ?)').join(' OR ');
    statement = db.prepare(`
      SELECT * FROM event WHERE position > ? AND position <= ? AND (${filter})
      ORDER BY position LIMIT ?`);
    readAllBySize.set(prefixes, statement);
  }
  return statement;
}

serveSqlite<LedgerRequest>({
  db,
  isWrite: ({ kind }) => kind === 'append',
  handle(request) {
    switch (request.kind) {
      case 'append':
        return append(request);
      case 'read':
        return selectRange.all(request.stream, request.fromRevision, request.limit).map(toEvent);
      case 'read_all':
        return readAll(request);
      case 'close':
        return;
      default:
        return request satisfies never;
    }
  },
});
