/** The thread in which the billing API reads and deletes payloads. */
import { workerData } from 'node:worker_threads';
import { serveSqlite } from '../sqlite/worker-server.ts';
import { PayloadFile } from './payload-file.ts';
import type { PayloadLimits, PayloadQuery } from './payloads.ts';

export type PayloadsRequest =
  | { kind: 'list'; query: PayloadQuery; nowMs: number }
  | { kind: 'get'; callId: string; nowMs: number }
  | { kind: 'purge'; customerId: string; nowMs: number }
  | { kind: 'expire'; nowMs: number }
  | { kind: 'settle' }
  | { kind: 'close' };

export type PayloadsWorkerData = { path: string; limits: PayloadLimits };

const { path, limits } = workerData as PayloadsWorkerData;
const file = new PayloadFile(path, limits);

serveSqlite<PayloadsRequest>({
  db: file.db,
  isWrite: ({ kind }) => kind === 'purge' || kind === 'expire',
  handle(request) {
    switch (request.kind) {
      case 'list':
        return file.list(request.query, request.nowMs);
      case 'get':
        return file.get(request.callId, request.nowMs);
      case 'purge':
        return file.purge(request.customerId, request.nowMs);
      case 'expire':
        return file.expire(request.nowMs);
      case 'settle':
        return file.settle();
      case 'close':
        return;
      default:
        return request satisfies never;
    }
  },
});
