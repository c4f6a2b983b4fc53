/**
 * The embedded store's worker thread. It keeps the sums of what it holds by triggers, since several
 * processes write one file. A cache needs no sync of its disk: what a power cut takes is a miss.
 */
import { workerData } from 'node:worker_threads';
import { openDatabase } from '../sqlite/open-database.ts';
import { serveSqlite } from '../sqlite/worker-server.ts';
import type { PurgeScope, StoredAnswer } from './answer-cache.ts';
import type { CacheLimits } from './cache-limits.ts';
import type { NearAnswer, NearQuestion } from './near-answers.ts';
import { NEAR_SCHEMA, NearTable } from './near-table.ts';

export type CacheRequest =
  | { kind: 'put'; answer: StoredAnswer; nowMs: number }
  | { kind: 'get'; key: string; nowMs: number }
  | { kind: 'put_near'; answer: NearAnswer; nowMs: number }
  | { kind: 'find_near'; question: NearQuestion; nowMs: number }
  | { kind: 'purge'; scope: PurgeScope; revision: number }
  | { kind: 'close' };

export type CacheWorkerData = { path: string; limits: CacheLimits };

/** `values`: the name by which its bytes move between threads. */
export type CacheFound = { values: Uint8Array<ArrayBuffer>; expiresAtMs: number };

const { path, limits } = workerData as CacheWorkerData;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS total (entries INTEGER NOT NULL, bytes INTEGER NOT NULL);
  INSERT INTO total SELECT 0, 0 WHERE NOT EXISTS (SELECT 1 FROM total);
  CREATE TABLE IF NOT EXISTS answer (
    place INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, customer TEXT NOT NULL,
    model TEXT NOT NULL, purges_seen INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    value BLOB NOT NULL);
  CREATE INDEX IF NOT EXISTS answer_customer ON answer (customer);
  CREATE INDEX IF NOT EXISTS answer_model ON answer (model);
  CREATE INDEX IF NOT EXISTS answer_expiry ON answer (expires_at);
  CREATE TRIGGER IF NOT EXISTS answer_added AFTER INSERT ON answer BEGIN
    UPDATE total SET entries = entries + 1, bytes = bytes + length(NEW.value); END;
  CREATE TRIGGER IF NOT EXISTS answer_removed AFTER DELETE ON answer BEGIN
    UPDATE total SET entries = entries - 1, bytes = bytes - length(OLD.value); END;
`;

const db = openDatabase(path, SCHEMA + NEAR_SCHEMA);
// What is deleted is overwritten: an erased answer is not left in free pages.
db.exec('PRAGMA synchronous=OFF; PRAGMA secure_delete=ON;');

const near = new NearTable(db, limits);
const select = db.prepare('SELECT value, expires_at FROM answer WHERE key = ? AND expires_at > ?');
const remove = db.prepare('DELETE FROM answer WHERE key = ?');
const insert = db.prepare(
  'INSERT INTO answer (key, customer, model, purges_seen, expires_at, value) VALUES (?, ?, ?, ?, ?, ?)',
);
const totals = db.prepare('SELECT entries, bytes FROM total');
const removeExpired = db.prepare(
  'DELETE FROM answer WHERE place IN (SELECT place FROM answer WHERE expires_at <= ? LIMIT ?)',
);
const removeOldest = db.prepare(
  'DELETE FROM answer WHERE place IN (SELECT place FROM answer ORDER BY place LIMIT ?)',
);
const purge = db.prepare(`DELETE FROM answer WHERE purges_seen < ?
  AND (? IS NULL OR customer = ?) AND (? IS NULL OR model = ?)`);

function put({ key, customerId, model, purgesSeen, ttlMs, value }: StoredAnswer, nowMs: number) {
  remove.run(key);
  removeExpired.run(nowMs, limits.removedAtOnce);
  insert.run(key, customerId, model, purgesSeen, nowMs + ttlMs, value);
  while (isOver()) removeOldest.run(Math.min(limits.removedAtOnce, excess()));
}

function isOver(): boolean {
  return excess() > 0;
}

/** Entries that must go at least; of bytes nobody knows how many they are. */
function excess(): number {
  const { entries, bytes } = totals.get() as { entries: number; bytes: number };
  const tooMany = entries - limits.entriesMax;
  return tooMany > 0 || bytes <= limits.bytesMax ? tooMany : 1;
}

function get(key: string, nowMs: number): CacheFound | null {
  const row = select.get(key, nowMs);
  if (row === undefined) return null;
  const values = row['value'] as Uint8Array<ArrayBuffer>;
  return { values, expiresAtMs: Number(row['expires_at']) };
}

serveSqlite<CacheRequest>({
  db,
  isWrite: ({ kind }) => kind === 'put' || kind === 'put_near' || kind === 'purge',
  handle(request) {
    switch (request.kind) {
      case 'put':
        return put(request.answer, request.nowMs);
      case 'get':
        return get(request.key, request.nowMs);
      case 'purge': {
        const { customerId, model } = request.scope;
        const { revision } = request;
        // seam: purge-reaches-what-questions-mean
        near.purge(request.scope, revision);
        return Number(purge.run(revision, customerId, customerId, model, model).changes);
      }
      case 'put_near':
        return near.put(request.answer, request.nowMs);
      case 'find_near':
        return near.find(request.question, request.nowMs);
      case 'close':
        return;
      default:
        return request satisfies never;
    }
  },
});
