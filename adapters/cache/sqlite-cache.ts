/**
 * The embedded store of answers: a SQLite file that all proxies of a machine share and that survives
 * them, and a memory in front of it. Every access to the file runs in a thread.
 */
import { rmSync } from 'node:fs';
import { SqliteWorkerClient } from '../sqlite/worker-client.ts';
import type { AnswerCache, PurgeScope, StoredAnswer } from './answer-cache.ts';
import type { CacheFound } from './answer-table.ts';
import { type CacheLimits, cacheLimits } from './cache-limits.ts';
import { KnownKeys, keyNumber } from './known-keys.ts';
import { MemoryAnswers } from './memory-answers.ts';
import type { NearAnswer, NearAnswers, NearFound, NearQuestion } from './near-answers.ts';
import type { CacheRequest, CacheWorkerData } from './sqlite-cache-worker.ts';
import { type AnswerBatch, WaitingAnswers } from './waiting-answers.ts';

/** Requests per transaction. */
const GROUP_MAX = 64;
const NO_ROOM = 'too many answers wait for the store';
const DONE = Promise.resolve();

export type SqliteCacheOptions = {
  path: string;
  limits?: Partial<CacheLimits>;
  logger: { warn(fields: object, message: string): void };
};

/**
 * A file that cannot be opened is begun again: what is in it can be asked of the providers.
 *
 * @throws Error if none can be made there
 */
export async function openSqliteCache(options: SqliteCacheOptions): Promise<AnswerCache> {
  const limits = { ...cacheLimits, ...options.limits };
  const open = async () => {
    const client = new FileClient(options.path, limits);
    await client.look();
    return client;
  };
  try {
    return new SqliteCache(await open(), limits);
  } catch (err) {
    options.logger.warn({ err }, 'the file of cached answers cannot be read: it begins again');
    for (const end of ['', '-wal', '-shm']) rmSync(`${options.path}${end}`, { force: true });
    return new SqliteCache(await open(), limits);
  }
}

class FileClient {
  readonly #client: SqliteWorkerClient<CacheRequest>;
  readonly #known: KnownKeys;
  readonly #absentMs: number;
  /** When the last request began that the thread has answered: it has looked since. Monotonic, ms. */
  #lookedAtMs = -Infinity;

  constructor(path: string, limits: CacheLimits) {
    const url = new URL('./sqlite-cache-worker.ts', import.meta.url);
    const known = KnownKeys.memory(limits.entriesMax);
    this.#known = new KnownKeys(known);
    this.#absentMs = limits.absentMs;
    const workerData: CacheWorkerData = { path, limits, known };
    const bounds = { queueMax: limits.queueMax, groupMax: GROUP_MAX };
    this.#client = new SqliteWorkerClient(url, { workerData, ...bounds });
  }

  look(): Promise<CacheFound | null> {
    return this.get('');
  }

  /** The thread was asked a moment ago, and has not heard of it. */
  lacks(key: string): boolean {
    // seam: absence-is-believed-for-a-moment
    if (performance.now() - this.#lookedAtMs >= this.#absentMs) return false;
    return !this.#known.mayHave(keyNumber(key));
  }

  get(key: string): Promise<CacheFound | null> {
    return this.#looking({ kind: 'get', key, nowMs: Date.now() });
  }

  put({ heads, values }: AnswerBatch): Promise<void> {
    return this.#looking({ kind: 'put', heads, values, nowMs: Date.now() }, [values.buffer]);
  }

  async #looking<Result>(request: CacheRequest, moved: ArrayBuffer[] = []): Promise<Result> {
    const beganAtMs = performance.now();
    const result = await this.#client.send<Result>(request, moved);
    this.#lookedAtMs = Math.max(this.#lookedAtMs, beganAtMs);
    return result;
  }

  putNear(answer: NearAnswer): Promise<void> {
    return this.#client.send({ kind: 'put_near', answer, nowMs: Date.now() });
  }

  findNear(question: NearQuestion): Promise<NearFound | null> {
    return this.#client.send({ kind: 'find_near', question, nowMs: Date.now() });
  }

  purge(scope: PurgeScope, revision: number): Promise<number> {
    return this.#client.send({ kind: 'purge', scope, revision });
  }

  close(): Promise<void> {
    return this.#client.close({ kind: 'close' });
  }
}

class SqliteCache implements AnswerCache {
  readonly near: NearAnswers;
  readonly #file: FileClient;
  readonly #limits: CacheLimits;
  /** What was asked for again: most answers never are. */
  readonly #memory: MemoryAnswers;
  readonly #waiting: WaitingAnswers;

  constructor(file: FileClient, limits: CacheLimits) {
    this.#file = file;
    this.near = {
      put: async (answer) => {
        if (answer.vector.length <= limits.vectorLengthMax) await file.putNear(answer);
      },
      find: (question) => file.findNear(question),
    };
    this.#limits = limits;
    this.#memory = new MemoryAnswers(limits.memoryBytesMax);
    this.#waiting = new WaitingAnswers(limits, (batch) => file.put(batch));
  }

  put(answer: StoredAnswer): Promise<void> {
    if (answer.value.length > this.#limits.valueBytesMax) return DONE;
    this.#memory.delete(answer.key);
    return this.#waiting.put(answer, Date.now()) ?? Promise.reject(new Error(NO_ROOM));
  }

  get(key: string): Uint8Array | null | Promise<Uint8Array | null> {
    const nowMs = Date.now();
    const known = this.#waiting.get(key, nowMs) ?? this.#memory.get(key, nowMs);
    if (known !== null || this.#file.lacks(key)) return known;
    return this.#read(key, nowMs);
  }

  async #read(key: string, nowMs: number): Promise<Uint8Array | null> {
    const found = await this.#file.get(key);
    if (found === null) return null;
    const goodUntilMs = Math.min(found.expiresAtMs, nowMs + this.#limits.memoryMs);
    // Whose it is says the value itself to who serves it; a purge forgets all such copies.
    this.#memory.put(key, { value: found.values, goodUntilMs });
    return found.values;
  }

  async purge(scope: PurgeScope, revision: number): Promise<number> {
    // What it is about may be on its way to the file.
    // seam: purge-follows-what-waits
    this.#waiting.flush();
    this.#memory.clear();
    return this.#file.purge(scope, revision);
  }

  close(): Promise<void> {
    this.#waiting.flush();
    return this.#file.close();
  }
}
