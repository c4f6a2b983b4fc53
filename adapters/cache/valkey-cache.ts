/**
 * Answers in Valkey, or Redis from 5 on, for all proxies of an installation. Nothing waits for a
 * connection: a server that is away is a miss, and an answer that is not stored.
 */
import { Redis } from 'iovalkey';
import { Backoff } from '../backoff/backoff.ts';
import type { AnswerCache, PurgeScope, StoredAnswer } from './answer-cache.ts';
import { type CacheLimits, cacheLimits } from './cache-limits.ts';
import { PURGE, PUT } from './valkey-cache-scripts.ts';

export type ValkeyCacheOptions = {
  /** `redis://` or `rediss://`. */
  url: string;
  /** The certificate authority that signed the server's certificate, in PEM. */
  ca?: string;
  /** Start of every key. */
  prefix: string;
  logger: { warn(fields: object, message: string): void };
  limits?: Partial<CacheLimits>;
};

type Argument = string | number | Buffer;
type Scripts = {
  answerPut(...args: Argument[]): Promise<number>;
  answerPurge(...args: Argument[]): Promise<number>;
};

export function openValkeyCache(options: ValkeyCacheOptions): AnswerCache {
  return new ValkeyCache(options);
}

class ValkeyCache implements AnswerCache {
  readonly #client: Redis & Scripts;
  readonly #limits: CacheLimits;
  readonly #logger: ValkeyCacheOptions['logger'];
  /** Start of an entry's name. */
  readonly #entry: string;
  /** Index, sizes, sum. */
  readonly #sums: readonly [string, string, string];
  #lost: Error | undefined;
  #closing = false;

  constructor({ url, ca, prefix, logger, limits }: ValkeyCacheOptions) {
    this.#limits = { ...cacheLimits, ...limits };
    this.#logger = logger;
    const tag = `{${prefix}:cache}`;
    this.#entry = `${tag}:answer:`;
    this.#sums = [`${tag}:index`, `${tag}:sizes`, `${tag}:bytes`];
    const backoff = new Backoff(this.#limits.reconnectMs, Math.random);
    const { connectTimeoutMs, commandTimeoutMs } = this.#limits;
    const client = new Redis(url, {
      connectTimeout: connectTimeoutMs,
      commandTimeout: commandTimeoutMs,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => backoff.next(),
      ...(ca === undefined ? {} : { tls: { ca } }),
    });
    client.defineCommand('answerPut', { numberOfKeys: 3, lua: PUT });
    client.defineCommand('answerPurge', { numberOfKeys: 3, lua: PURGE });
    client.on('ready', () => {
      backoff.reset();
      if (this.#lost !== undefined) this.#logger.warn({}, 'the store of answers is back');
      this.#lost = undefined;
    });
    client.on('close', () => this.#report(new Error('the connection has ended')));
    client.on('error', (error: Error) => this.#report(error));
    this.#client = client as Redis & Scripts;
  }

  async put(answer: StoredAnswer): Promise<void> {
    const { key, customerId, model, purgesSeen, ttlMs, value } = answer;
    const { entriesMax, bytesMax, valueBytesMax } = this.#limits;
    if (value.length > valueBytesMax) return;
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
    await this.#client.answerPut(
      ...[...this.#sums, this.#entry, key, ttlMs, bytes, customerId, model, purgesSeen],
      ...[entriesMax, bytesMax],
    );
  }

  get(key: string): Promise<Uint8Array | null> {
    return this.#client.hgetBuffer(`${this.#entry}${key}`, 'value');
  }

  async purge({ customerId, model }: PurgeScope, revision: number): Promise<number> {
    let removed = 0;
    let cursor = '0';
    do {
      const count = this.#limits.scannedAtOnce;
      // What is scanned has an id and its size, in turn.
      const [next, found] = await this.#client.hscan(this.#sums[1], cursor, 'COUNT', count);
      const ids = found.filter((_, index) => index % 2 === 0);
      if (ids.length > 0) {
        removed += await this.#client.answerPurge(
          ...[...this.#sums, this.#entry, customerId ?? '', model ?? '', revision, ...ids],
        );
      }
      cursor = next;
    } while (cursor !== '0');
    return removed;
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#client.disconnect();
  }

  /** Once each time that it is lost: it is tried again many times a second. */
  #report(error: Error): void {
    if (this.#lost === undefined && !this.#closing) {
      this.#logger.warn({ err: error }, 'the store of answers is lost');
    }
    this.#lost = error;
  }
}
