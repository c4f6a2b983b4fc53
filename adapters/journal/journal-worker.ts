/**
 * The journal's worker thread: the only place that writes the files, so that no event loop waits
 * for a disk (docs/design.md, Processes and files). All groups that have arrived become one durable
 * write.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { GROUP_HEADER_BYTES } from './journal-codec.ts';
import { WriteRefused } from './journal-state.ts';
import { JournalStore } from './journal-store.ts';
import type { JournalContents } from './journal-writes.ts';

/** The first bytes of a buffer. The buffer moves to the worker, and back with the answer. */
type Apply = { kind: 'apply'; buffer: ArrayBuffer; lengthBytes: number };
type Read = { kind: 'outbox'; limit: number } | { kind: 'contents' } | { kind: 'close' };

export type JournalRequest = Apply | Read;

/** Answers the `answered` oldest requests. */
export type JournalReply = { answered: number } & (
  | { ok: true; result: unknown; outboxRecords: number; buffers: ArrayBuffer[] }
  | { ok: false; message: string }
);

export type JournalWorkerData = { path: string };

const port = parentPort;
if (port === null) throw new Error('the journal worker runs in a worker thread');
const store = new JournalStore((workerData as JournalWorkerData).path);

function closed(): JournalContents {
  const contents = store.contents();
  store.close();
  return contents;
}

function read(request: Read): unknown {
  switch (request.kind) {
    case 'outbox':
      return store.outbox(request.limit);
    case 'contents':
      return store.contents();
    case 'close':
      return closed();
    default:
      return request satisfies never;
  }
}

/**
 * After any error other than a refusal nobody knows what the file contains: the worker ends here.
 */
function applyAll(groups: readonly Apply[]): JournalReply {
  const answered = groups.length;
  try {
    store.apply(merged(groups));
    const buffers = groups.map(({ buffer }) => buffer);
    return { answered, ok: true, result: null, outboxRecords: store.outboxRecords, buffers };
  } catch (error) {
    if (!(error instanceof WriteRefused)) throw error;
    return { answered, ok: false, message: error.message };
  }
}

/** One group, behind one header: a cut loses all of it or nothing. */
function merged(groups: readonly Apply[]): Buffer {
  const parts = groups.map(({ buffer, lengthBytes }, index) =>
    Buffer.from(buffer, 0, lengthBytes).subarray(index === 0 ? 0 : GROUP_HEADER_BYTES),
  );
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
}

/** The requests that have come since; `null` if there are none. */
function next(from: NonNullable<typeof port>): JournalRequest | null {
  return (receiveMessageOnPort(from)?.message as JournalRequest | undefined) ?? null;
}

port.on('message', (first: JournalRequest) => {
  let request: JournalRequest | null = first;
  while (request !== null) {
    if (request.kind !== 'apply') {
      const result = read(request);
      const { outboxRecords } = store;
      const reply: JournalReply = { answered: 1, ok: true, result, outboxRecords, buffers: [] };
      const { values } = (result ?? {}) as { values?: Uint8Array<ArrayBuffer> };
      // A page's bytes move, they are not copied.
      port.postMessage(reply, values === undefined ? [] : [values.buffer]);
      if (request.kind === 'close') return port.close();
      request = next(port);
      continue;
    }
    const groups: Apply[] = [];
    while (request?.kind === 'apply') {
      groups.push(request);
      request = next(port);
    }
    const reply = applyAll(groups);
    port.postMessage(reply, reply.ok ? reply.buffers : []);
  }
});
