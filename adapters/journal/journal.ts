/**
 * Port and implementation: the journal of one proxy instance, its only writer (docs/design.md,
 * Processes and files, The path of a call). The promise: when a write's callback comes without an
 * error, the write survives kill -9 and a power cut.
 *
 * Group commit at the pace of the disk: all writes that one turn of the event loop queues leave
 * together, and all writes that arrive while the worker is writing are its next group. The disk
 * never waits for the event loop.
 */
import { Worker } from 'node:worker_threads';
import { GroupBuffers, readAnswerNumber, SEATS } from './group-messages.ts';
import { GroupWriter } from './journal-codec.ts';
import type { Answer, JournalReply, JournalRequest, JournalWorkerData } from './journal-worker.ts';
import type { JournalContents, JournalWrite, OutboxPage, OutboxRecord } from './journal-writes.ts';

/**
 * How many writes may wait. Code that admits calls checks `queuedWrites` and stays far below this.
 */
export const QUEUE_MAX = 65_536;
/** Bounds of one message. A single larger write is a message of its own. */
const GROUP_WRITES_MAX = 1_024;
const GROUP_BYTES_MAX = 1024 * 1024;

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
  /** How many writes are not durable yet. */
  queuedWrites(): number;
  contents(): Promise<JournalContents>;
  /**
   * Commits what is queued, then closes the files.
   *
   * @returns what the journal finally holds
   * @throws JournalError if it has failed
   */
  close(): Promise<JournalContents>;
};

/**
 * @param options.path of the journal's folder, made if missing
 * @param options.onFailure called once if the journal fails after it was opened: nothing can be written
 *   any more, and nobody knows whether the last group was
 * @throws JournalError if it cannot be opened, or was damaged
 */
export async function openJournal(options: {
  path: string;
  onFailure?: (error: JournalError) => void;
}): Promise<Journal> {
  const workerData: JournalWorkerData = { path: options.path };
  const worker = new Worker(new URL('./journal-worker.ts', import.meta.url), { workerData });
  const journal = new WorkerJournal(worker);
  await journal.contents();
  journal.onFailure = options.onFailure;
  return journal;
}

function failedBy(cause: unknown): JournalError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new JournalError(`the journal failed: ${message}`, { cause });
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

/** What goes to the worker as one message, and the callbacks that wait for its answer. */
type Read = {
  kind: 'read';
  request: JournalRequest;
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
};
type Group = { kind: 'group'; writer: GroupWriter; dones: Done[] };

function hasRoom({ writer, dones }: Group): boolean {
  return dones.length < GROUP_WRITES_MAX && writer.lengthBytes < GROUP_BYTES_MAX;
}

function fail(waiting: Read | Group, error: JournalError): void {
  if (waiting.kind === 'read') waiting.reject(error);
  else for (const done of waiting.dones) done(error);
}

/**
 * A callback that throws ends the process, but only after the other callbacks of its group have
 * run.
 */
function run(done: Done, failures: unknown[]): void {
  try {
    done();
  } catch (error) {
    failures.push(error);
  }
}

class WorkerJournal implements Journal {
  readonly #worker: Worker;
  /**
   * What waits for the worker, in order: a read sees all writes that were queued before it, and the
   * close comes last.
   */
  readonly #waiting: (Read | Group)[] = [];
  /** What the worker has and has not answered yet, in order. */
  readonly #inFlight: (Read | Group)[] = [];
  /** In both. */
  #writes = 0;
  readonly #buffers = new GroupBuffers();
  #scheduled = false;
  #outboxRecords = 0;
  #failure: JournalError | null = null;
  #closing: Promise<JournalContents> | undefined;
  onFailure: ((error: JournalError) => void) | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (reply: JournalReply) => this.#onReply(reply));
    worker.on('error', (cause) => this.#fail(failedBy(cause)));
    worker.on('exit', () => this.#fail(new JournalError('the journal is closed')));
  }

  submit(write: JournalWrite, done: Done): void {
    if (this.#failure !== null) return done(this.#failure);
    if (this.#writes >= QUEUE_MAX) return done(new JournalError('the journal is too slow'));
    const group = this.#growingGroup();
    group.writer.add(write);
    group.dones.push(done);
    this.#writes++;
    this.#schedule();
  }

  write(write: JournalWrite): Promise<void> {
    return new Promise((resolve, reject) => {
      this.submit(write, (error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  async outbox(limit: number): Promise<OutboxRecord[]> {
    const page = (await this.#read({ kind: 'outbox', limit })) as OutboxPage;
    return recordsOf(page);
  }

  outboxRecords(): number {
    return this.#outboxRecords;
  }

  queuedWrites(): number {
    return this.#writes;
  }

  contents(): Promise<JournalContents> {
    return this.#read({ kind: 'contents' }) as Promise<JournalContents>;
  }

  close(): Promise<JournalContents> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<JournalContents> {
    try {
      return (await this.#read({ kind: 'close' })) as JournalContents;
    } finally {
      await this.#worker.terminate();
    }
  }

  #read(request: JournalRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure);
      this.#waiting.push({ kind: 'read', request, resolve, reject });
      this.#schedule();
    });
  }

  #growingGroup(): Group {
    const last = this.#waiting.at(-1);
    if (last?.kind === 'group' && hasRoom(last)) return last;
    const writer = new GroupWriter(this.#buffers.spare());
    const group: Group = { kind: 'group', writer, dones: [] };
    this.#waiting.push(group);
    return group;
  }

  /** Whatever this turn of the event loop still queues, socket by socket, joins the same group. */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight.length === SEATS) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#send();
    });
  }

  #send(): void {
    while (this.#failure === null && this.#inFlight.length < SEATS) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#inFlight.push(next);
      if (next.kind === 'read') {
        this.#worker.postMessage(next.request);
        continue;
      }
      const { buffer, lengthBytes } = next.writer.end();
      this.#worker.postMessage(this.#buffers.send(buffer, lengthBytes));
    }
  }

  #onReply(reply: JournalReply): void {
    if (typeof reply === 'number') {
      const { answered, outboxRecords } = readAnswerNumber(reply);
      return this.#answer(answered, { ok: true, result: null, outboxRecords });
    }
    this.#answer(reply.answered, reply);
  }

  #answer(count: number, answer: Answer): void {
    const answered = this.#inFlight.splice(0, count);
    for (const one of answered) {
      if (one.kind === 'group') this.#buffers.takeBack(one.writer.buffer);
    }
    // If the worker has nothing to do, it gets the waiting messages before the callbacks of this
    // answer run.
    if (this.#inFlight.length === 0) this.#send();
    if (answer.ok) this.#outboxRecords = answer.outboxRecords;
    const failures: unknown[] = [];
    for (const one of answered) {
      if (one.kind === 'group') this.#writes -= one.dones.length;
      if (!answer.ok) fail(one, new JournalError(answer.message));
      else if (one.kind === 'read') one.resolve(answer.result);
      else for (const done of one.dones) run(done, failures);
    }
    if (this.#waiting.length > 0) this.#schedule();
    if (failures.length > 0) throw failures[0];
  }

  #fail(error: JournalError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    for (const one of this.#inFlight.splice(0)) fail(one, error);
    for (const one of this.#waiting.splice(0)) fail(one, error);
    if (this.#closing === undefined) this.onFailure?.(error);
  }
}
