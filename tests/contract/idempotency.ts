/**
 * What every IdempotencyStore promises, executed over each implementation: one of many is first, what it
 * was answered is given again, and what nobody finished is given to nobody else.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { IdempotencyLimits } from '@tollgate/adapters/idempotency/idempotency-limits.ts';
import type { Claim, IdempotencyStore } from '@tollgate/adapters/idempotency/idempotency-store.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

export type KeyHouse = {
  /** The same keys each time. */
  open(limits?: Partial<IdempotencyLimits>): Promise<IdempotencyStore>;
  dispose(): Promise<void>;
};

const claim = (fields: Partial<Claim> = {}): Claim => ({
  ...{ id: 'k1', owner: 'key_1', request: 'r', token: 't1', leaseMs: 60_000, lifeMs: 3_600_000 },
  ...fields,
});
const bytes = (text: string) => Buffer.from(text);

export function idempotencyContract(name: string, openHouse: () => Promise<KeyHouse>): void {
  describe(`IdempotencyStore contract: ${name}`, () => {
    let house: KeyHouse;
    const open: IdempotencyStore[] = [];
    const store = async (limits: Partial<IdempotencyLimits> = {}) => {
      const opened = await house.open(limits);
      open.push(opened);
      return opened;
    };
    const kinds = async (of: IdempotencyStore, ...claims: Partial<Claim>[]) => {
      const found: string[] = [];
      for (const one of claims) found.push((await of.claim(claim(one))).kind);
      return found;
    };
    beforeEach(async () => {
      house = await openHouse();
    });
    afterEach(async () => {
      await Promise.all(open.splice(0).map((one) => one.close()));
      await house.dispose();
    });

    it('of many that claim a key at once, through several proxies, one is first', async () => {
      const stores = [await store(), await store(), await store()];
      const found = await Promise.all(
        Array.from({ length: 60 }, (_, i) =>
          (stores[i % 3] as IdempotencyStore).claim(claim({ token: `t${i}` })),
        ),
      );
      expect(found.filter(({ kind }) => kind === 'first')).toHaveLength(1);
      expect(found.filter(({ kind }) => kind === 'running')).toHaveLength(59);
    });

    it('gives what was answered again, to whatever proxy, byte for byte', async () => {
      const [one, other] = [await store(), await store()];
      const record = Buffer.from(Array.from({ length: 700 }, (_, i) => i % 256));
      expect(await kinds(one, {})).toEqual(['first']);
      expect(await one.finish('k1', 't1', record)).toBe(true);
      const found = await other.claim(claim({ token: 't2' }));
      expect(found.kind).toBe('answered');
      expect('record' in found && Buffer.from(found.record).equals(record)).toBe(true);
    });

    it('another request under a key is one, whatever became of the first', async () => {
      const keys = await store();
      expect(await kinds(keys, {}, { request: 'other' })).toEqual(['first', 'mismatch']);
      await keys.finish('k1', 't1', bytes('a'));
      expect(await kinds(keys, { request: 'other' }, { id: 'k2' })).toEqual(['mismatch', 'first']);
    });

    it('a key that was forgotten is as if it had never been stated', async () => {
      const keys = await store();
      await kinds(keys, {});
      await keys.forget('k1', 'another token');
      expect(await kinds(keys, { token: 't2' })).toEqual(['running']);
      await keys.forget('k1', 't1');
      expect(await kinds(keys, { request: 'other', token: 't2' })).toEqual(['first']);
    });

    it('what nobody finished in its lease is lost, and given to nobody else', async () => {
      const keys = await store();
      expect(await kinds(keys, { leaseMs: 700 }, {})).toEqual(['first', 'running']);
      await sleep(800);
      expect(await kinds(keys, {}, { token: 't2' })).toEqual(['lost', 'lost']);
      // A process that was stopped goes on: it knows how the call ended.
      expect(await keys.finish('k1', 't1', bytes('late'))).toBe(true);
      expect(await kinds(keys, {})).toEqual(['answered']);
    });

    it('who lives says so, and keeps its claim for longer than a lease', async () => {
      const keys = await store();
      await kinds(keys, { leaseMs: 1_000 });
      for (let i = 0; i < 3; i++) {
        await sleep(450);
        await keys.renew('k1', 't1', 1_000);
      }
      await keys.renew('k1', 'another token', 60_000);
      expect(await kinds(keys, {})).toEqual(['running']);
      await sleep(1_100);
      expect(await kinds(keys, {})).toEqual(['lost']);
    });

    it('what was finished is not finished, renewed or forgotten once more', async () => {
      const keys = await store();
      await kinds(keys, {});
      await keys.finish('k1', 't1', bytes('first'));
      await keys.finish('k1', 't1', bytes('second'));
      await keys.forget('k1', 't1');
      const found = await keys.claim(claim());
      expect('record' in found && Buffer.from(found.record).toString()).toBe('first');
    });

    it('a key is remembered for its life, and counts no more afterwards', async () => {
      const keys = await store({ keysPerOwnerMax: 1 });
      await kinds(keys, { lifeMs: 1_000 });
      await keys.finish('k1', 't1', bytes('a'));
      expect(await kinds(keys, {}, { id: 'k2' })).toEqual(['answered', 'full']);
      await sleep(1_100);
      expect(await kinds(keys, { request: 'other' })).toEqual(['first']);
      await keys.forget('k1', 't1');
      expect(await kinds(keys, { id: 'k2' })).toEqual(['first']);
    });

    it('one virtual key takes no more than its part, and all no more than the store has', async () => {
      const keys = await store({ keysPerOwnerMax: 2, keysMax: 3 });
      const ofOther = { owner: 'key_2' };
      expect(await kinds(keys, { id: 'a' }, { id: 'b' }, { id: 'c' })).toEqual([
        ...['first', 'first', 'full'],
      ]);
      expect(await kinds(keys, { id: 'd', ...ofOther }, { id: 'e', ...ofOther })).toEqual([
        ...['first', 'full'],
      ]);
      // What is known is answered all the same.
      expect(await kinds(keys, { id: 'a' })).toEqual(['running']);
    });

    it('an answer without room is not kept, and a note of that always is', async () => {
      const keys = await store({ bytesPerOwnerMax: 3_000, bytesMax: 5_000 });
      const ofOther = { owner: 'key_2' };
      await kinds(keys, { id: 'a' }, { id: 'b' }, { id: 'c', ...ofOther });
      const large = Buffer.alloc(2_000);
      expect(await keys.finish('a', 't1', large)).toBe(true);
      expect(await keys.finish('b', 't1', large)).toBe(false);
      expect(await keys.finish('b', 't1', bytes('no room'))).toBe(true);
      expect(await keys.finish('c', 't1', Buffer.alloc(2_990))).toBe(true);
      await kinds(keys, { id: 'd', owner: 'key_3' });
      expect(await keys.finish('d', 't1', large)).toBe(false);
      expect(await kinds(keys, { id: 'b' })).toEqual(['answered']);
    });
  });
}
