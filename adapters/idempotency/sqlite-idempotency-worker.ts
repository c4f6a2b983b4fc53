/**
 * The embedded store's worker thread. It keeps the sums of what it holds by triggers, since several
 * processes write one file. A claim is durable before its caller hears of it: what a power cut took
 * could be sent twice.
 */
import { workerData } from 'node:worker_threads';
import { openDatabase } from '../sqlite/open-database.ts';
import { serveSqlite } from '../sqlite/worker-server.ts';
import type { IdempotencyLimits } from './idempotency-limits.ts';
import type { Claim } from './idempotency-store.ts';

export type StoreRequest =
  | { kind: 'claim'; claim: Claim }
  | { kind: 'renew'; id: string; token: string; leaseMs: number }
  | { kind: 'finish'; id: string; token: string; record: Uint8Array }
  | { kind: 'forget'; id: string; token: string }
  | { kind: 'close' };

export type StoreWorkerData = { path: string; limits: IdempotencyLimits };

/** `values`: the name by which its bytes move between threads. */
export type Found = { kind: string; values?: Uint8Array<ArrayBuffer> };

const { path, limits } = workerData as StoreWorkerData;

/** The owner of the sums of all. */
const ALL = '';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS held (
    owner TEXT PRIMARY KEY, keys INTEGER NOT NULL, bytes INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS claim (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, request TEXT NOT NULL, token TEXT NOT NULL,
    lease_until INTEGER NOT NULL, expires_at INTEGER NOT NULL, record BLOB);
  CREATE INDEX IF NOT EXISTS claim_expiry ON claim (expires_at);
  CREATE TRIGGER IF NOT EXISTS claim_added AFTER INSERT ON claim BEGIN
    INSERT INTO held VALUES (NEW.owner, 1, 0) ON CONFLICT DO UPDATE SET keys = keys + 1;
    INSERT INTO held VALUES ('', 1, 0) ON CONFLICT DO UPDATE SET keys = keys + 1; END;
  CREATE TRIGGER IF NOT EXISTS claim_answered AFTER UPDATE OF record ON claim BEGIN
    UPDATE held SET bytes = bytes + coalesce(length(NEW.record), 0) - coalesce(length(OLD.record), 0)
    WHERE owner IN (NEW.owner, ''); END;
  CREATE TRIGGER IF NOT EXISTS claim_removed AFTER DELETE ON claim BEGIN
    UPDATE held SET keys = keys - 1, bytes = bytes - coalesce(length(OLD.record), 0)
    WHERE owner IN (OLD.owner, '');
    DELETE FROM held WHERE owner = OLD.owner AND keys = 0; END;
`;

const db = openDatabase(path, SCHEMA);
// What is deleted is overwritten: an answer is not left in free pages.
db.exec('PRAGMA secure_delete=ON;');

const removeExpired = db.prepare(
  'DELETE FROM claim WHERE id IN (SELECT id FROM claim WHERE expires_at <= ? LIMIT ?)',
);
const find = db.prepare(
  'SELECT request, lease_until, record FROM claim WHERE id = ? AND expires_at > ?',
);
const remove = db.prepare('DELETE FROM claim WHERE id = ?');
const insert = db.prepare(
  'INSERT INTO claim (id, owner, request, token, lease_until, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
);
const held = db.prepare('SELECT keys, bytes FROM held WHERE owner = ?');
const renew = db.prepare(
  'UPDATE claim SET lease_until = ? WHERE id = ? AND token = ? AND record IS NULL',
);
const ownerOf = db.prepare('SELECT owner FROM claim WHERE id = ? AND token = ? AND record IS NULL');
const answer = db.prepare('UPDATE claim SET record = ? WHERE id = ? AND token = ?');
const forget = db.prepare('DELETE FROM claim WHERE id = ? AND token = ? AND record IS NULL');

function claim(wanted: Claim): Found {
  const nowMs = Date.now();
  removeExpired.run(nowMs, limits.removedAtOnce);
  const { id, owner, request, token, leaseMs, lifeMs } = wanted;
  const found = find.get(id, nowMs);
  if (found !== undefined) {
    // seam: another-request-is-no-repetition
    if (found['request'] !== request) return { kind: 'mismatch' };
    if (found['record'] !== null) {
      return { kind: 'answered', values: found['record'] as Uint8Array<ArrayBuffer> };
    }
    // seam: ended-lease-is-lost
    return { kind: Number(found['lease_until']) > nowMs ? 'running' : 'lost' };
  }
  if (keysOf(owner) >= limits.keysPerOwnerMax || keysOf(ALL) >= limits.keysMax) {
    return { kind: 'full' };
  }
  remove.run(id);
  insert.run(id, owner, request, token, nowMs + leaseMs, nowMs + lifeMs);
  return { kind: 'first' };
}

function keysOf(owner: string): number {
  return Number(held.get(owner)?.['keys'] ?? 0);
}

function finish(id: string, token: string, record: Uint8Array): boolean {
  const owner = ownerOf.get(id, token)?.['owner'];
  // Its life is over, or it was finished before.
  if (owner === undefined) return true;
  const { length } = record;
  const bytesOf = (whose: string) => Number(held.get(whose)?.['bytes'] ?? 0) + length;
  const isOver = bytesOf(String(owner)) > limits.bytesPerOwnerMax || bytesOf(ALL) > limits.bytesMax;
  if (isOver && length > limits.noteBytes) return false;
  answer.run(record, id, token);
  return true;
}

serveSqlite<StoreRequest>({
  db,
  isWrite: ({ kind }) => kind !== 'close',
  handle(request) {
    switch (request.kind) {
      case 'claim':
        return claim(request.claim);
      case 'renew':
        return void renew.run(Date.now() + request.leaseMs, request.id, request.token);
      case 'finish':
        return finish(request.id, request.token, request.record);
      case 'forget':
        return void forget.run(request.id, request.token);
      case 'close':
        return;
      default:
        return request satisfies never;
    }
  },
});
