/**
 * The embedded store's worker thread. The number of objects of each owner is kept by triggers, since several
 * processes write one file.
 */
import { workerData } from 'node:worker_threads';
import { openDatabase } from '../sqlite/open-database.ts';
import { serveSqlite } from '../sqlite/worker-server.ts';
import type { StoredLimits } from './stored-limits.ts';
import type { StoredAt } from './stored-objects.ts';

export type StoredRequest =
  | { kind: 'keep'; keys: readonly string[]; at: StoredAt }
  | { kind: 'find'; keys: readonly string[] }
  | { kind: 'forget'; key: string }
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

serveSqlite<StoredRequest>({
  db,
  isWrite: ({ kind }) => kind === 'keep' || kind === 'forget',
  handle(request) {
    switch (request.kind) {
      case 'keep':
        return keep(request.keys, request.at);
      case 'find':
        return findAll(request.keys);
      case 'forget':
        return void forget.run(request.key);
      case 'close':
        return;
      default:
        return request satisfies never;
    }
  },
});
