/** The embedded store of payloads: a SQLite file that proxies write and the billing API reads. */
import { SqliteWorkerClient } from '../sqlite/worker-client.ts';
import type { PayloadLimits, PayloadStore } from './payloads.ts';
import type { PayloadsRequest, PayloadsWorkerData } from './sqlite-payloads-worker.ts';

const BOUNDS = { queueMax: 1_024, groupMax: 1 };
/** How often what is too old is looked for, ms; it is not shown any more before. */
const EXPIRE_EVERY_MS = 60_000;

export type PayloadOptions = {
  path: string;
  limits: PayloadLimits;
  onError: (error: unknown) => void;
};

export function openPayloads({ path, limits, onError }: PayloadOptions): PayloadStore {
  const url = new URL('./sqlite-payloads-worker.ts', import.meta.url);
  const workerData: PayloadsWorkerData = { path, limits };
  const client = new SqliteWorkerClient<PayloadsRequest>(url, { workerData, ...BOUNDS });
  const expire = async () => {
    await client.send({ kind: 'expire', nowMs: Date.now() });
    await client.send({ kind: 'settle' });
  };
  const timer = setInterval(() => void expire().catch(onError), EXPIRE_EVERY_MS);
  timer.unref();
  return {
    list: (query) => client.send({ kind: 'list', query, nowMs: Date.now() }),
    get: (callId) => client.send({ kind: 'get', callId, nowMs: Date.now() }),
    async purge(customerId, nowMs) {
      const purged = await client.send<number>({ kind: 'purge', customerId, nowMs });
      await client.send({ kind: 'settle' });
      return purged;
    },
    async close() {
      clearInterval(timer);
      await client.close({ kind: 'close' });
    },
  };
}
