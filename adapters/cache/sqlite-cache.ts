/**
 * The embedded store of answers: a SQLite file that all proxies of a machine share and that survives
 * them, and a memory in front of it. Every access to the file runs in a thread.
 */
import { rmSync } from 'node:fs';
import { SqliteWorkerClient } from '../sqlite/worker-client.ts';
import type { AnswerCache, PurgeScope, StoredAnswer } from './answer-cache.ts';
import { type CacheLimits, cacheLimits } from './cache-limits.ts';
import { MemoryAnswers } from './memory-answers.ts';
import type { NearAnswer, NearAnswers, NearFound, NearQuestion } from './near-answers.ts';
import type { CacheFound, CacheRequest, CacheWorkerData } from './sqlite-cache-worker.ts';

/** Requests per transaction. */
const GROUP_MAX = 64;

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

  constructor(path: string, limits: CacheLimits) {
    const url = new URL('./sqlite-cache-worker.ts', import.meta.url);
    const workerData: CacheWorkerData = { path, limits };
    const bounds = { queueMax: limits.queueMax, groupMax: GROUP_MAX };
    this.#client = new SqliteWorkerClient(url, { workerData, ...bounds });
  }

  look(): Promise<CacheFound | null> {
    return this.get('');
  }

  get(key: string): Promise<CacheFound | null> {
    return this.#client.send({ kind: 'get', key, nowMs: Date.now() });
  }

  put(answer: StoredAnswer): Promise<void> {
    return this.#client.send({ kind: 'put', answer, nowMs: Date.now() });
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
  readonly #memory: MemoryAnswers;

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
  }

  async put(answer: StoredAnswer): Promise<void> {
    if (answer.value.length > this.#limits.valueBytesMax) return;
    const { key, customerId, model, purgesSeen, ttlMs, value } = answer;
    const goodUntilMs = Date.now() + Math.min(ttlMs, this.#limits.memoryMs);
    this.#memory.put(key, { customerId, model, purgesSeen, value, goodUntilMs });
    await this.#file.put(answer);
  }

  async get(key: string): Promise<Uint8Array | null> {
    const nowMs = Date.now();
    const known = this.#memory.get(key, nowMs);
    if (known !== null) return known;
    const found = await this.#file.get(key);
    if (found === null) return null;
    const goodUntilMs = Math.min(found.expiresAtMs, nowMs + this.#limits.memoryMs);
    // Whose it is says the value itself to who serves it; a purge forgets all such copies.
    const ofAnybody = { customerId: '', model: '', purgesSeen: -1 };
    this.#memory.put(key, { ...ofAnybody, value: found.values, goodUntilMs });
    return found.values;
  }

  async purge(scope: PurgeScope, revision: number): Promise<number> {
    this.#memory.purge(scope, revision);
    this.#memory.purge({ customerId: '', model: null }, revision);
    return this.#file.purge(scope, revision);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
