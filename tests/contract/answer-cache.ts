/** The promises of the port AnswerCache, as a suite over a factory: run for every implementation. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnswerCache, StoredAnswer } from '@tollgate/adapters/cache/answer-cache.ts';
import type { CacheLimits } from '@tollgate/adapters/cache/cache-limits.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

export type CacheHouse = {
  /** Another process of the same store; as after a restart, if the others were closed. */
  open(limits?: Partial<CacheLimits>): Promise<AnswerCache>;
  dispose(): Promise<void>;
};

const ANY = { customerId: null, model: null };
/** What it knows of the store is never taken for what is there. */
const ALWAYS_ASKED = { memoryMs: 0, absentMs: 0 };

export function answerCacheContract(name: string, fresh: () => Promise<CacheHouse>): void {
  describe(`AnswerCache contract: ${name}`, () => {
    let house: CacheHouse;
    let cache: AnswerCache;
    beforeEach(async () => {
      house = await fresh();
      cache = await house.open();
    });
    afterEach(async () => {
      await cache.close();
      await house.dispose();
    });

    const answer = (key: string, more: Partial<StoredAnswer> = {}): StoredAnswer => {
      const of = { customerId: 'cus_a', model: 'm', purgesSeen: -1, ttlMs: 60_000 };
      return { ...of, key, value: Buffer.from(`of ${key}`), ...more };
    };
    const found = async (key: string, from = cache) => {
      const value = await from.get(key);
      return value === null ? null : Buffer.from(value).toString();
    };

    it('has what was stored, byte for byte, and nothing else', async () => {
      const bytes = Buffer.concat([Buffer.from([0, 255, 10, 13, 0]), randomBytes(200_000)]);
      await cache.put(answer('k', { value: Uint8Array.from(bytes) }));
      expect(Buffer.from((await cache.get('k')) ?? []).equals(bytes)).toBe(true);
      expect([await found('other'), await found('')]).toEqual([null, null]);
    });

    it('is one store for all processes, and has one entry of a key: the last one', async () => {
      const other = await house.open(ALWAYS_ASKED);
      await cache.put(answer('k'));
      expect(await found('k', other)).toBe('of k');
      await other.put(answer('k', { value: Buffer.from('new') }));
      expect(await found('k', other)).toBe('new');
      await other.close();
    });

    it('survives a restart', async () => {
      await cache.put(answer('k'));
      await cache.close();
      cache = await house.open();
      expect(await found('k')).toBe('of k');
    });

    it('forgets an entry when its time is over', async () => {
      await cache.put(answer('k', { ttlMs: 300 }));
      await cache.put(answer('stays'));
      expect(await found('k')).toBe('of k');
      await sleep(400);
      expect([await found('k'), await found('stays')]).toEqual([null, 'of stays']);
    });

    it('I10: purges a customer, a model, or both together, in memory and on the disk', async () => {
      const all = [
        answer('a-m'),
        answer('a-n', { model: 'n' }),
        answer('b-m', { customerId: 'cus_b' }),
        answer('b-n', { customerId: 'cus_b', model: 'n' }),
      ];
      const left = async () => {
        const other = await house.open();
        const both = await Promise.all([cache, other].map((one) => leftIn(one)));
        await other.close();
        expect(both[0]).toEqual(both[1]);
        return both[0];
      };
      const leftIn = async (one: AnswerCache) => {
        const values = await Promise.all(all.map(({ key }) => found(key, one)));
        return all.filter((_, index) => values[index] !== null).map(({ key }) => key);
      };
      for (const one of all) await cache.put(one);
      expect(await cache.purge({ customerId: 'cus_b', model: 'n' }, 0)).toBe(1);
      expect(await left()).toEqual(['a-m', 'a-n', 'b-m']);
      expect(await cache.purge({ customerId: null, model: 'm' }, 1)).toBe(2);
      expect(await left()).toEqual(['a-n']);
      expect(await cache.purge({ customerId: 'cus_a', model: null }, 2)).toBe(1);
      expect(await left()).toEqual([]);
    });

    it('a purge that is repeated takes nothing that was stored by calls that knew of it', async () => {
      await cache.put(answer('before', { purgesSeen: 4 }));
      await cache.put(answer('after', { purgesSeen: 5 }));
      expect([await cache.purge(ANY, 5), await cache.purge(ANY, 5)]).toEqual([1, 0]);
      expect([await found('before'), await found('after')]).toEqual([null, 'of after']);
    });

    it('purges what another process has read into its memory', async () => {
      const other = await house.open({ absentMs: 0 });
      await cache.put(answer('k'));
      expect(await found('k', other)).toBe('of k');
      await other.purge(ANY, 0);
      expect(await found('k', other)).toBeNull();
      await other.close();
    });

    it('is bounded in entries: the oldest go, and one that is stored again is young', async () => {
      const small = await house.open({ entriesMax: 3, memoryMs: 0 });
      for (const key of ['a', 'b', 'c', 'a', 'd']) await small.put(answer(key));
      const values = await Promise.all(['a', 'b', 'c', 'd'].map((key) => found(key, small)));
      expect(values).toEqual(['of a', null, 'of c', 'of d']);
      await small.close();
    });

    it('is bounded in bytes, and takes nothing above the bound of one', async () => {
      const small = await house.open({ bytesMax: 1_000, valueBytesMax: 600, memoryMs: 0 });
      const value = Buffer.alloc(400, 'x');
      for (const key of ['a', 'b', 'c']) await small.put(answer(key, { value }));
      await small.put(answer('large', { value: Buffer.alloc(601) }));
      const values = await Promise.all(['a', 'b', 'c', 'large'].map((key) => small.get(key)));
      expect(values.map((one) => one?.length ?? null)).toEqual([null, 400, 400, null]);
      // What is purged is not counted any more.
      await small.purge(ANY, 0);
      for (const key of ['d', 'e']) await small.put(answer(key, { value }));
      expect((await small.get('d'))?.length).toBe(400);
      await small.close();
    });
  });
}
