/**
 * Answers in Valkey, or Redis from 5 on, for all proxies of an installation. Nothing waits for a
 * connection: a server that is away is a miss, and an answer that is not stored.
 */
import {
  connectValkey,
  type ValkeyConnection,
  type ValkeyServer,
} from '../valkey/valkey-connection.ts';
import type { AnswerCache, PurgeScope, StoredAnswer } from './answer-cache.ts';
import { type CacheLimits, cacheLimits } from './cache-limits.ts';
import { PURGE, PUT } from './valkey-cache-scripts.ts';

export type ValkeyCacheOptions = ValkeyServer & {
  /** Start of every key. */
  prefix: string;
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
  readonly #connection: ValkeyConnection<Scripts>;
  readonly #limits: CacheLimits;
  /** Start of an entry's name. */
  readonly #entry: string;
  /** Index, sizes, sum. */
  readonly #sums: readonly [string, string, string];

  constructor({ prefix, limits, ...server }: ValkeyCacheOptions) {
    this.#limits = { ...cacheLimits, ...limits };
    const tag = `{${prefix}:cache}`;
    this.#entry = `${tag}:answer:`;
    this.#sums = [`${tag}:index`, `${tag}:sizes`, `${tag}:bytes`];
    this.#connection = connectValkey<Scripts>(server, this.#limits, 'the store of answers', {
      answerPut: { numberOfKeys: 3, lua: PUT },
      answerPurge: { numberOfKeys: 3, lua: PURGE },
    });
  }

  async put(answer: StoredAnswer): Promise<void> {
    const { key, customerId, model, purgesSeen, ttlMs, value } = answer;
    const { entriesMax, bytesMax, valueBytesMax } = this.#limits;
    if (value.length > valueBytesMax) return;
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
    await this.#connection.client.answerPut(
      ...[...this.#sums, this.#entry, key, ttlMs, bytes, customerId, model, purgesSeen],
      ...[entriesMax, bytesMax],
    );
  }

  get(key: string): Promise<Uint8Array | null> {
    return this.#connection.client.hgetBuffer(`${this.#entry}${key}`, 'value');
  }

  async purge({ customerId, model }: PurgeScope, revision: number): Promise<number> {
    let removed = 0;
    let cursor = '0';
    do {
      const count = this.#limits.scannedAtOnce;
      // What is scanned has an id and its size, in turn.
      const [next, found] = await this.#connection.client.hscan(
        this.#sums[1],
        cursor,
        'COUNT',
        count,
      );
      const ids = found.filter((_, index) => index % 2 === 0);
      if (ids.length > 0) {
        removed += await this.#connection.client.answerPurge(
          ...[...this.#sums, this.#entry, customerId ?? '', model ?? '', revision, ...ids],
        );
      }
      cursor = next;
    } while (cursor !== '0');
    return removed;
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}
