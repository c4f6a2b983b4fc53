/**
 * Port and implementation: the journal of one proxy instance, its only writer (design §4, §7). The
 * promise: when a write's callback comes without an error, the write survives kill -9 and a power
 * cut.
 *
 * Group commit, clocked by itself: while one transaction is being made durable, the next writes
 * gather, and leave together when it is acknowledged.
 */
import { Worker } from 'node:worker_threads';
import { encodeWrites } from './journal-codec.ts';
import type { JournalContents, JournalWrite, OutboxPage, OutboxRecord } from './journal-store.ts';
import type { JournalReply, JournalRequest, JournalWorkerData } from './journal-worker.ts';

/** SQLite waits this long for a lock; only a taker could hold one, so this is never reached. */
const BUSY_TIMEOUT_MS = 10_000;
/** Writes that may wait; calls in flight are bounded far below it. */
const QUEUE_MAX = 65_536;
/** Writes per transaction, so that one commit stays short. */
const GROUP_MAX = 1_024;

export class JournalError extends Error {
  readonly code = 'journal_failed';
}

type Done = (error?: Error) => void;

export type Journal = {
  /** Queues a write; `done` comes when it is durable, or with the error that it failed with. */
  submit(write: JournalWrite, done: Done): void;
  write(write: JournalWrite): Promise<void>;
  /** The oldest finished records that were not shipped yet. */
  outbox(limit: number): Promise<OutboxRecord[]>;
  /** How many finished records wait for the log, as of the last commit. */
  outboxRecords(): number;
  contents(): Promise<JournalContents>;
  /** Commits what is queued, then closes the file. */
  close(): Promise<void>;
};

/** @throws JournalError if the file cannot be opened */
export async function openJournal(options: { path: string }): Promise<Journal> {
  const workerData: JournalWorkerData = { path: options.path, busyTimeoutMs: BUSY_TIMEOUT_MS };
  const worker = new Worker(new URL('./journal-worker.ts', import.meta.url), { workerData });
  const journal = new WorkerJournal(worker);
  await journal.contents();
  return journal;
}

function recordsOf({ seqs, partitions, lengths, values }: OutboxPage): OutboxRecord[] {
  const records: OutboxRecord[] = [];
  let at = 0;
  for (const [index, length] of lengths.entries()) {
    const value = values.subarray(at, at + length);
    records.push({ seq: seqs[index] as number, partition: partitions[index] as number, value });
    at += length;
  }
  return records;
}

type Pending = {
  request: JournalRequest;
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
};

class WorkerJournal implements Journal {
  readonly #worker: Worker;
  #writes: JournalWrite[] = [];
  #dones: Done[] = [];
  /** Reads and the close, in order, each after the writes that were queued before it. */
  #requests: Pending[] = [];
  #inFlight: Pending | null = null;
  #scheduled = false;
  #readsTurn = false;
  #outboxRecords = 0;
  #failure: JournalError | null = null;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (reply: JournalReply) => this.#onReply(reply));
    worker.on('error', (cause) => this.#fail(new JournalError('the journal failed', { cause })));
    worker.on('exit', () => this.#fail(new JournalError('the journal is closed')));
  }

  submit(write: JournalWrite, done: Done): void {
    if (this.#failure !== null) return done(this.#failure);
    if (this.#writes.length >= QUEUE_MAX) return done(new JournalError('the journal is too slow'));
    this.#writes.push(write);
    this.#dones.push(done);
    this.#schedule();
  }

  write(write: JournalWrite): Promise<void> {
    return new Promise((resolve, reject) => {
      this.submit(write, (error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  async outbox(limit: number): Promise<OutboxRecord[]> {
    const page = (await this.#request({ kind: 'outbox', limit })) as OutboxPage;
    return recordsOf(page);
  }

  outboxRecords(): number {
    return this.#outboxRecords;
  }

  contents(): Promise<JournalContents> {
    return this.#request({ kind: 'contents' }) as Promise<JournalContents>;
  }

  async close(): Promise<void> {
    if (this.#failure !== null) return;
    await this.#request({ kind: 'close' });
    await this.#worker.terminate();
  }

  #request(request: JournalRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure);
      this.#requests.push({ request, resolve, reject });
      this.#schedule();
    });
  }

  /** What this turn of the event loop still queues, socket by socket, goes into the same group. */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight !== null) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#next();
    });
  }

  #next(): void {
    if (this.#inFlight !== null || this.#failure !== null) return;
    const next = this.#choose();
    if (next === undefined) return;
    this.#inFlight = next;
    this.#worker.postMessage(next.request);
  }

  /** Groups and reads take turns, so that under load neither starves; the close comes last. */
  #choose(): Pending | undefined {
    const waiting = this.#writes.length > 0;
    const request = this.#requests[0];
    const readable = request !== undefined && (!waiting || request.request.kind !== 'close');
    if (readable && (!waiting || this.#readsTurn)) {
      this.#readsTurn = false;
      return this.#requests.shift();
    }
    this.#readsTurn = true;
    return waiting ? this.#group() : undefined;
  }

  #group(): Pending {
    const writes = this.#writes.splice(0, GROUP_MAX);
    const dones = this.#dones.splice(0, GROUP_MAX);
    return {
      request: { kind: 'apply', writes: encodeWrites(writes) },
      resolve: () => {
        for (const done of dones) done();
      },
      reject: (error) => {
        for (const done of dones) done(error);
      },
    };
  }

  #onReply(reply: JournalReply): void {
    const answered = this.#inFlight;
    this.#inFlight = null;
    if (reply.ok) this.#outboxRecords = reply.outboxRecords;
    // The next group leaves before this one's callbacks run: the disk never waits for them.
    this.#next();
    if (reply.ok) answered?.resolve(reply.result);
    else answered?.reject(new JournalError(reply.message));
    this.#schedule();
  }

  #fail(error: JournalError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    const { reject } = this.#inFlight ?? {};
    const dones = this.#dones.splice(0);
    const requests = this.#requests.splice(0);
    reject?.(error);
    for (const done of dones) done(error);
    for (const request of requests) request.reject(error);
  }
}
