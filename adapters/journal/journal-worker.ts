/**
 * The journal's worker thread: the only place that writes the files, so that no event loop waits
 * for a disk (docs/design.md, Processes and files). All groups that have arrived become one durable
 * write.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { answerNumber, readGroupNumber, type Seated } from './group-messages.ts';
import { GROUP_HEADER_BYTES } from './journal-codec.ts';
import { WriteRefused } from './journal-state.ts';
import { JournalStore } from './journal-store.ts';
import type { JournalContents } from './journal-writes.ts';

type Read = { kind: 'outbox'; limit: number } | { kind: 'contents' } | { kind: 'close' };

/** A group, or a read. */
export type JournalRequest = number | Seated | Read;

export type Answer =
  | { ok: true; result: unknown; outboxRecords: number }
  | { ok: false; message: string };

/** Answers the `answered` oldest requests. A number: groups, all durable. */
export type JournalReply = number | ({ answered: number } & Answer);

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

/** The buffers that groups come in, by seat. */
const buffers: Buffer[] = [];

/** @returns the group's bytes, with room for a header in front */
function groupIn(request: number | Seated): Buffer {
  if (typeof request !== 'number') buffers[request.seat] = Buffer.from(request.buffer);
  const { seat, lengthBytes } = readGroupNumber(
    typeof request === 'number' ? request : request.group,
  );
  const buffer = buffers[seat];
  if (buffer === undefined) throw new Error(`no buffer has seat ${seat}`);
  return buffer.subarray(0, lengthBytes);
}

/**
 * After any error other than a refusal nobody knows what the file contains: the worker ends here.
 */
function applyAll(groups: readonly Buffer[]): JournalReply {
  const answered = groups.length;
  try {
    store.apply(merged(groups));
    return answerNumber(answered, store.outboxRecords);
  } catch (error) {
    if (!(error instanceof WriteRefused)) throw error;
    return { answered, ok: false, message: error.message };
  }
}

/** One group, behind one header: a cut loses all of it or nothing. @param groups at least one */
function merged(groups: readonly Buffer[]): Buffer {
  if (groups.length === 1) return groups[0] as Buffer;
  const parts = groups.map((group, index) => group.subarray(index === 0 ? 0 : GROUP_HEADER_BYTES));
  return Buffer.concat(parts);
}

/** The requests that have come since; `null` if there are none. */
function next(from: NonNullable<typeof port>): JournalRequest | null {
  return (receiveMessageOnPort(from)?.message as JournalRequest | undefined) ?? null;
}

port.on('message', (first: JournalRequest) => {
  let request: JournalRequest | null = first;
  while (request !== null) {
    if (isRead(request)) {
      const result = read(request);
      const { outboxRecords } = store;
      const reply: JournalReply = { answered: 1, ok: true, result, outboxRecords };
      const { values } = (result ?? {}) as { values?: Uint8Array<ArrayBuffer> };
      // A page's bytes move, they are not copied.
      port.postMessage(reply, values === undefined ? [] : [values.buffer]);
      if (request.kind === 'close') return port.close();
      request = next(port);
      continue;
    }
    const groups: Buffer[] = [];
    while (request !== null && !isRead(request)) {
      groups.push(groupIn(request));
      request = next(port);
    }
    port.postMessage(applyAll(groups));
  }
});

function isRead(request: JournalRequest): request is Read {
  return typeof request !== 'number' && request.kind !== 'seated';
}
