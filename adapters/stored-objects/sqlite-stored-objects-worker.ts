/**
 * The embedded store's worker thread. The number of objects of each owner is kept by triggers, since several
 * processes write one file.
 */
import { workerData } from 'node:worker_threads';
import { openDatabase } from '../sqlite/open-database.ts';
import { serveSqlite } from '../sqlite/worker-server.ts';
import type { StoredLimits } from './stored-limits.ts';
import type { RunningObject, StoredAt } from './stored-objects.ts';

export type StoredRequest =
  | { kind: 'keep'; keys: readonly string[]; at: StoredAt }
  | { kind: 'find'; keys: readonly string[] }
  | { kind: 'forget'; key: string }
  | { kind: 'begin'; key: string; running: RunningObject; afterMs: number }
  | { kind: 'running'; key: string }
  | { kind: 'due'; leaseMs: number; atOnceMax: number }
  | { kind: 'later'; key: string; afterMs: number }
  | { kind: 'ended'; key: string }
  | { kind: 'close' };

export type StoredWorkerData = { path: string; limits: StoredLimits };

const { path, limits } = workerData as StoredWorkerData;

/** The owner of the number of all, and of what two have a claim to. */
const NOBODY = '';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS held (
    owner TEXT PRIMARY KEY, objects INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS object (
    key TEXT PRIMARY KEY, owner TEXT NOT NULL, provider TEXT NOT NULL, expires_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS object_expiry ON object (expires_at);
  CREATE INDEX IF NOT EXISTS object_owner ON object (owner, expires_at);
  CREATE TABLE IF NOT EXISTS running (
    key TEXT PRIMARY KEY, id TEXT NOT NULL, owner TEXT NOT NULL, provider TEXT NOT NULL,
    record TEXT NOT NULL, look_at INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS running_due ON running (look_at);
  CREATE TRIGGER IF NOT EXISTS object_added AFTER INSERT ON object BEGIN
    INSERT INTO held VALUES (NEW.owner, 1) ON CONFLICT DO UPDATE SET objects = objects + 1;
    INSERT INTO held VALUES (':all', 1) ON CONFLICT DO UPDATE SET objects = objects + 1; END;
  CREATE TRIGGER IF NOT EXISTS object_moved AFTER UPDATE OF owner ON object BEGIN
    UPDATE held SET objects = objects - 1 WHERE owner = OLD.owner;
    INSERT INTO held VALUES (NEW.owner, 1) ON CONFLICT DO UPDATE SET objects = objects + 1;
    DELETE FROM held WHERE owner = OLD.owner AND objects = 0; END;
  CREATE TRIGGER IF NOT EXISTS object_removed AFTER DELETE ON object BEGIN
    UPDATE held SET objects = objects - 1 WHERE owner IN (OLD.owner, ':all');
    DELETE FROM held WHERE owner = OLD.owner AND objects = 0; END;
`;

const db = openDatabase(path, SCHEMA);

const removeExpired = db.prepare(
  'DELETE FROM object WHERE key IN (SELECT key FROM object WHERE expires_at <= ? LIMIT ?)',
);
const find = db.prepare('SELECT owner, provider FROM object WHERE key = ? AND expires_at > ?');
const insert = db.prepare(
  'INSERT INTO object (key, owner, provider, expires_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
);
const disown = db.prepare(
  "UPDATE object SET owner = '', provider = '' WHERE key = ? AND (owner <> ? OR provider <> ?)",
);
const held = db.prepare('SELECT objects FROM held WHERE owner = ?');
const removeOldestOf = db.prepare(
  'DELETE FROM object WHERE key IN (SELECT key FROM object WHERE owner = ? ORDER BY expires_at LIMIT ?)',
);
const removeOldest = db.prepare(
  'DELETE FROM object WHERE key IN (SELECT key FROM object ORDER BY expires_at LIMIT ?)',
);
const forget = db.prepare('DELETE FROM object WHERE key = ?');

const countRunning = db.prepare('SELECT count(*) AS n FROM running');
const begin = db.prepare(
  'INSERT INTO running (key, id, owner, provider, record, look_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
);
const running = db.prepare('SELECT id, owner, provider, record FROM running WHERE key = ?');
const due = db.prepare(
  'SELECT key, id, owner, provider, record FROM running WHERE look_at <= ? ORDER BY look_at LIMIT ?',
);
const later = db.prepare('UPDATE running SET look_at = ? WHERE key = ?');
const ended = db.prepare('DELETE FROM running WHERE key = ?');

function heldBy(owner: string): number {
  return Number(held.get(owner)?.['objects'] ?? 0);
}

function keep(keys: readonly string[], { owner, provider }: StoredAt): void {
  const nowMs = Date.now();
  removeExpired.run(nowMs, limits.removedAtOnce);
  for (const key of keys) {
    insert.run(key, owner, provider, nowMs + limits.lifeMs);
    disown.run(key, owner, provider);
  }
  const room = limits.removedAtOnce + keys.length;
  const overOwn = heldBy(owner) - limits.objectsPerOwnerMax;
  if (overOwn > 0) removeOldestOf.run(owner, Math.min(overOwn, room));
  const over = heldBy(':all') - limits.objectsMax;
  if (over > 0) removeOldest.run(Math.min(over, room));
}

function findAll(keys: readonly string[]): (StoredAt | null)[] {
  const nowMs = Date.now();
  return keys.map((key) => {
    const found = find.get(key, nowMs);
    if (found === undefined || found['owner'] === NOBODY) return null;
    return { owner: String(found['owner']), provider: String(found['provider']) };
  });
}

function runningOf(row: Record<string, unknown>): RunningObject {
  const { id, owner, provider, record } = row;
  return {
    ...{ id: String(id), owner: String(owner), provider: String(provider) },
    record: String(record),
  };
}

function beginOne(key: string, one: RunningObject, afterMs: number): boolean {
  if (Number(countRunning.get()?.['n']) >= limits.runningMax) return false;
  begin.run(key, one.id, one.owner, one.provider, one.record, Date.now() + afterMs);
  return true;
}

function takeDue(leaseMs: number, atOnceMax: number): RunningObject[] {
  const nowMs = Date.now();
  const rows = due.all(nowMs, atOnceMax);
  for (const row of rows) later.run(nowMs + leaseMs, String(row['key']));
  return rows.map(runningOf);
}

serveSqlite<StoredRequest>({
  db,
  isWrite: ({ kind }) => kind !== 'find' && kind !== 'running' && kind !== 'close',
  handle(request) {
    switch (request.kind) {
      case 'keep':
        return keep(request.keys, request.at);
      case 'find':
        return findAll(request.keys);
      case 'forget':
        return void forget.run(request.key);
      case 'begin':
        return beginOne(request.key, request.running, request.afterMs);
      case 'running': {
        const row = running.get(request.key);
        return row === undefined ? null : runningOf(row);
      }
      case 'due':
        return takeDue(request.leaseMs, request.atOnceMax);
      case 'later':
        return void later.run(Date.now() + request.afterMs, request.key);
      case 'ended':
        return void ended.run(request.key);
      case 'close':
        return;
      default:
        return request satisfies never;
    }
  },
});
