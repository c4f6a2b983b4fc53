/**
 * Talks to a SQLite worker thread: every SQLite access of a store runs there, so that no event loop
 * waits for a disk or a lock (docs/design.md, Processes and files). Requests that gather while the
 * worker handles a message leave together, so the worker can commit them as one group.
 */
import { Worker } from 'node:worker_threads';

export class SqliteWorkerError extends Error {
  readonly code = 'sqlite_worker_failed';
}

/** One answer per request, in order. */
export type WorkerReply = ({ ok: true; result: unknown } | { ok: false; message: string })[];

type Pending = { resolve: (result: never) => void; reject: (error: Error) => void };
/** `moved`: buffers of the request that go to the worker without a copy. */
type Queued<Request> = { request: Request; moved: readonly ArrayBuffer[]; pending: Pending };

/**
 * Of requests that nobody waits for, so many go with each group, or as many as it has of others: it takes at
 * most twice as long for them, and they keep up with what causes them.
 */
const BACKGROUND_PER_GROUP = 4;

export class SqliteWorkerClient<Request> {
  readonly #worker: Worker;
  readonly #queueMax: number;
  readonly #groupMax: number;
  #queue: Queued<Request>[] = [];
  /** Those that nobody waits for. */
  #background: Queued<Request>[] = [];
  #inFlight: Pending[] = [];
  #scheduled = false;
  #failure: SqliteWorkerError | null = null;

  /** @param url of a worker module that calls `serveSqlite` */
  constructor(url: URL, options: { workerData: unknown; queueMax: number; groupMax: number }) {
    this.#queueMax = options.queueMax;
    this.#groupMax = options.groupMax;
    this.#worker = new Worker(url, { workerData: options.workerData });
    this.#worker.on('message', (replies: WorkerReply) => this.#onReplies(replies));
    this.#worker.on('error', (cause) =>
      this.#fail(new SqliteWorkerError(cause instanceof Error ? cause.message : 'died', { cause })),
    );
    this.#worker.on('exit', () => this.#fail(new SqliteWorkerError('the store is closed')));
  }

  /**
   * @param moved buffers of the request that the caller gives away
   * @param background nobody waits for it: what somebody waits for goes first
   * @throws SqliteWorkerError if the queue is full, the request failed, or the worker is gone
   */
  send<Result>(
    request: Request,
    moved: readonly ArrayBuffer[] = [],
    background = false,
  ): Promise<Result> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.#queue.length + this.#background.length >= this.#queueMax) {
      return Promise.reject(new SqliteWorkerError('too many requests wait for the store'));
    }
    return new Promise<Result>((resolve, reject) => {
      const pending = { resolve: resolve as (result: never) => void, reject };
      (background ? this.#background : this.#queue).push({ request, moved, pending });
      this.#schedule();
    });
  }

  /** Waits for the answers to what was sent, then ends the worker. */
  async close(closeRequest: Request): Promise<void> {
    if (this.#failure !== null) return;
    // Behind all that was sent: it is the last of its group.
    await this.send(closeRequest, [], true);
    await this.#worker.terminate();
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight.length > 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#post();
    });
  }

  #post(): void {
    const waiting = this.#queue.length + this.#background.length;
    if (this.#inFlight.length > 0 || waiting === 0 || this.#failure !== null) return;
    const group = this.#queue.splice(0, this.#groupMax);
    const room = Math.max(BACKGROUND_PER_GROUP, group.length);
    // seam: background-leaves-room
    group.push(...this.#background.splice(0, room));
    this.#inFlight = group.map(({ pending }) => pending);
    const requests = group.map(({ request }) => request);
    const moved = group.flatMap((queued) => queued.moved);
    this.#worker.postMessage(requests, moved);
  }

  #onReplies(replies: WorkerReply): void {
    const answered = this.#inFlight;
    this.#inFlight = [];
    this.#post();
    answered.forEach((pending, index) => {
      const reply = replies[index];
      if (reply?.ok === true) pending.resolve(reply.result as never);
      else pending.reject(new SqliteWorkerError(reply?.message ?? 'the store did not answer'));
    });
  }

  #fail(failure: SqliteWorkerError): void {
    if (this.#failure !== null) return;
    this.#failure = failure;
    for (const pending of this.#inFlight.splice(0)) pending.reject(failure);
    for (const queue of [this.#queue, this.#background]) {
      for (const { pending } of queue.splice(0)) pending.reject(failure);
    }
  }
}
