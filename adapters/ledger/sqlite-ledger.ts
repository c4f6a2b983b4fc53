/**
 * The embedded ledger: SQLite with the streams and revisions of EventStoreDB (docs/design.md, The
 * shape). Any number of processes share one file.
 */
import { pause } from '../backoff/backoff.ts';
import { SqliteWorkerClient } from '../sqlite/worker-client.ts';
import type { AppendResult, Ledger, LedgerEvent, SubscriptionItem } from './ledger.ts';
import type { AllPage, LedgerRequest, LedgerWorkerData } from './sqlite-ledger-worker.ts';

/** What a reader can hold in memory without thinking about it; SQLite itself takes 1 GB. */
const APPEND_BYTES_MAX = 64 * 1024 * 1024;
/** Requests that may wait. */
const QUEUE_MAX = 16_384;
/** Requests per transaction. */
const GROUP_MAX = 128;
/** Default page of `read`. */
const READ_LIMIT = 10_000;
/** Events per page of a subscription. */
const SUBSCRIPTION_PAGE = 500;
/** Pause between two looks at the head; the port promises at most 250 ms. */
const POLL_MS = 50;

/** @throws Error if the file cannot be opened */
export async function openSqliteLedger(options: { path: string }): Promise<Ledger> {
  const workerData: LedgerWorkerData = { path: options.path };
  const open = () => {
    const url = new URL('./sqlite-ledger-worker.ts', import.meta.url);
    const bounds = { queueMax: QUEUE_MAX, groupMax: GROUP_MAX };
    return new SqliteWorkerClient<LedgerRequest>(url, { workerData, ...bounds });
  };
  const probe: LedgerRequest = { kind: 'read', stream: '', fromRevision: 0n, limit: 1 };
  const writer = open();
  await writer.send(probe);
  const reader = open();
  await reader.send(probe);
  return {
    appendBytesMax: APPEND_BYTES_MAX,
    append: (stream, expected, events, { background } = {}) => {
      const stored = events.map(({ id, type, data }) => ({ id, type, data }));
      const request = {
        kind: 'append',
        stream,
        expected,
        events: stored,
        nowMs: Date.now(),
      } as const;
      return writer.send<AppendResult>(request, [], background);
    },
    read: (stream, { fromRevision = 0n, limit = READ_LIMIT, background } = {}) =>
      reader.send<LedgerEvent[]>({ kind: 'read', stream, fromRevision, limit }, [], background),
    subscribe: (subscription) => follow(reader, subscription),
    async close() {
      await Promise.all([writer.close({ kind: 'close' }), reader.close({ kind: 'close' })]);
    },
  };
}

async function* follow(
  reader: SqliteWorkerClient<LedgerRequest>,
  subscription: Parameters<Ledger['subscribe']>[0],
): AsyncGenerator<SubscriptionItem> {
  const { signal } = subscription;
  const prefixes = [...subscription.prefixes];
  let after = BigInt(subscription.after ?? 0);
  while (!signal.aborted) {
    const atMonotonicMs = performance.now();
    const request = { kind: 'read_all', prefixes, after, limit: SUBSCRIPTION_PAGE } as const;
    const page = await reader.send<AllPage>(request);
    for (const event of page.events) {
      if (signal.aborted) return;
      yield { kind: 'event', event };
    }
    after = page.upto;
    if (!page.complete || signal.aborted) continue;
    yield { kind: 'caught_up', atMonotonicMs };
    await pause(POLL_MS, signal);
  }
}
