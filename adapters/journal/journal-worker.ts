/**
 * The journal's worker thread: the only place that writes the file, so that no event loop waits
 * for a disk (design §4). One message is one durable transaction.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { decodeWrites } from './journal-codec.ts';
import { JournalStore } from './journal-store.ts';

export type JournalRequest =
  | { kind: 'apply'; writes: string[] }
  | { kind: 'outbox'; limit: number }
  | { kind: 'contents' }
  | { kind: 'close' };

export type JournalReply =
  | { ok: true; result: unknown; outboxRecords: number }
  | { ok: false; message: string };

export type JournalWorkerData = { path: string; busyTimeoutMs: number };

const port = parentPort;
if (port === null) throw new Error('the journal worker runs in a worker thread');
const { path, busyTimeoutMs } = workerData as JournalWorkerData;
const store = new JournalStore(path, busyTimeoutMs);

function answer(request: JournalRequest): unknown {
  switch (request.kind) {
    case 'apply':
      return store.apply(decodeWrites(request.writes));
    case 'outbox':
      return store.outbox(request.limit);
    case 'contents':
      return store.contents();
    case 'close':
      return store.close();
    default:
      return request satisfies never;
  }
}

/** A page's bytes move, they are not copied. */
function transfers(reply: JournalReply): ArrayBuffer[] {
  if (!reply.ok) return [];
  const { values } = (reply.result ?? {}) as { values?: Uint8Array<ArrayBuffer> };
  return values === undefined ? [] : [values.buffer];
}

port.on('message', (request: JournalRequest) => {
  let reply: JournalReply;
  try {
    const result = answer(request);
    reply = { ok: true, result, outboxRecords: store.outboxRecords };
  } catch (error) {
    reply = { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(reply, transfers(reply));
  if (request.kind === 'close') port.close();
});
