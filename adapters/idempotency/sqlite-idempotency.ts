/**
 * The embedded store of clients' keys: a SQLite file that all proxies of a machine share and that
 * survives them. Every access to it runs in a thread.
 */
import { SqliteWorkerClient } from '../sqlite/worker-client.ts';
import { type IdempotencyLimits, idempotencyLimits } from './idempotency-limits.ts';
import type { Claim, Claimed, IdempotencyStore } from './idempotency-store.ts';
import type { Found, StoreRequest, StoreWorkerData } from './sqlite-idempotency-worker.ts';

/** Requests per transaction. */
const GROUP_MAX = 256;

/** A file that cannot be opened fails what is asked, and nothing else. */
export function openSqliteIdempotency(options: {
  path: string;
  limits?: Partial<IdempotencyLimits>;
}): IdempotencyStore {
  const limits = { ...idempotencyLimits, ...options.limits };
  const workerData: StoreWorkerData = { path: options.path, limits };
  const url = new URL('./sqlite-idempotency-worker.ts', import.meta.url);
  const bounds = { queueMax: limits.queueMax, groupMax: GROUP_MAX };
  const client = new SqliteWorkerClient<StoreRequest>(url, { workerData, ...bounds });
  return {
    async claim(claim: Claim): Promise<Claimed> {
      const found: Found = await client.send({ kind: 'claim', claim });
      const { kind, values } = found;
      return values === undefined ? ({ kind } as Claimed) : { kind: 'answered', record: values };
    },
    renew: (id, token, leaseMs) => client.send({ kind: 'renew', id, token, leaseMs }),
    finish: (id, token, record) => client.send({ kind: 'finish', id, token, record }),
    forget: (id, token) => client.send({ kind: 'forget', id, token }),
    close: () => client.close({ kind: 'close' }),
  };
}
