/**
 * The embedded store of owners: a SQLite file that all proxies of a machine share and that survives them.
 * Every access to it runs in a thread.
 */
import { SqliteWorkerClient } from '../sqlite/worker-client.ts';
import type { StoredRequest, StoredWorkerData } from './sqlite-stored-objects-worker.ts';
import { type StoredLimits, storedLimits } from './stored-limits.ts';
import { type StoredObjects, storedKey } from './stored-objects.ts';

/** Requests per transaction. */
const GROUP_MAX = 256;

/** A file that cannot be opened fails what is asked, and nothing else. */
export function openSqliteStoredObjects(options: {
  path: string;
  limits?: Partial<StoredLimits>;
}): StoredObjects {
  const limits = { ...storedLimits, ...options.limits };
  const workerData: StoredWorkerData = { path: options.path, limits };
  const url = new URL('./sqlite-stored-objects-worker.ts', import.meta.url);
  const bounds = { queueMax: limits.queueMax, groupMax: GROUP_MAX };
  const client = new SqliteWorkerClient<StoredRequest>(url, { workerData, ...bounds });
  return {
    keep: (ids, at) =>
      client.send({ kind: 'keep', keys: ids.slice(0, limits.objectsAtOnceMax).map(storedKey), at }),
    find: (ids) => client.send({ kind: 'find', keys: ids.map(storedKey) }),
    forget: (id) => client.send({ kind: 'forget', key: storedKey(id) }),
    begin: (running, afterMs) =>
      client.send({ kind: 'begin', key: storedKey(running.id), running, afterMs }),
    running: (id) => client.send({ kind: 'running', key: storedKey(id) }),
    due: (leaseMs, atOnceMax) => client.send({ kind: 'due', leaseMs, atOnceMax }),
    later: (id, afterMs) => client.send({ kind: 'later', key: storedKey(id), afterMs }),
    ended: (id) => client.send({ kind: 'ended', key: storedKey(id) }),
    close: () => client.close({ kind: 'close' }),
  };
}
