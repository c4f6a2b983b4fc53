/** The promises of the port RateStore, as a suite over a factory: run for every implementation. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RateStore, RateTake } from '@tollgate/adapters/rates/rates.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MINUTE_MS = 60_000;
/** A test that must not cross the end of a minute needs so long. */
const TEST_MS = 3_000;

export function ratesContract(name: string, open: () => Promise<RateStore>): void {
  describe(`RateStore contract: ${name}`, () => {
    let store: RateStore;
    let counters = 0;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store?.close());

    /** One of each test's own, in a minute that does not end during the test. */
    async function minute(limit: number, more: Partial<RateTake> = {}): Promise<RateTake> {
      const counter = `counter ${++counters}`;
      const take = { counter, lengthMs: MINUTE_MS, limit, smoothing: false, need: 1, most: 1 };
      const { remainingMs } = await store.take({ ...take, counter: `look ${counters}`, need: 2 });
      if (remainingMs < TEST_MS) await sleep(remainingMs + 5);
      return { ...take, ...more };
    }
    const grants = async (take: RateTake, times: number): Promise<number[]> => {
      const shares = await Promise.all(Array.from({ length: times }, () => store.take(take)));
      return shares.map(({ granted }) => granted);
    };

    // litellm#18730: five calls that come at once all pass the check.
    it('takes that come at once never add up to more than the limit, and to no less', async () => {
      const granted = await grants(await minute(7), 50);
      expect(granted.toSorted()).toEqual([...Array(43).fill(0), ...Array(7).fill(1)]);
    });

    // litellm PR#14450: a limit of one refused the first.
    it('a limit of one lets one through', async () => {
      expect(await grants(await minute(1), 2)).toEqual([1, 0]);
    });

    it('grants what is left from `need` up to `most`, and nothing below `need`', async () => {
      const take = await minute(10, { need: 2, most: 4 });
      expect(await grants(take, 4)).toEqual([4, 4, 2, 0]);
      expect(await store.take({ ...take, limit: 11 })).toMatchObject({ granted: 0, given: 10 });
      expect(await store.take({ ...take, limit: 12 })).toMatchObject({ granted: 2, given: 12 });
    });

    it('states a window that is aligned to UTC and goes on', async () => {
      const share = await store.take(await minute(1));
      expect(share.windowStartMs % MINUTE_MS).toBe(0);
      expect(share.remainingMs).toBeGreaterThan(0);
      expect(
        Math.abs(share.windowStartMs + MINUTE_MS - share.remainingMs - Date.now()),
      ).toBeLessThan(1_000);
      expect(share.forgotten).toBe(false);
    });

    // litellm#14204: each use put the end of the window off.
    it('a window ends, however often it is used', async () => {
      const take = { ...(await minute(3)), lengthMs: 1_000 };
      const first = await store.take({ ...take, most: 3 });
      await sleep(first.remainingMs / 2);
      await store.take(take);
      await sleep(first.remainingMs / 2 + 5);
      const second = await store.take({ ...take, most: 3 });
      expect([first.granted, second.granted]).toEqual([3, 3]);
      expect(second.windowStartMs).toBeGreaterThan(first.windowStartMs);
    });

    it('a limit that is lowered binds the window that runs', async () => {
      const take = await minute(10, { most: 5 });
      expect(await grants(take, 1)).toEqual([5]);
      expect(await grants({ ...take, limit: 5 }, 1)).toEqual([0]);
      expect(await grants({ ...take, limit: 6 }, 1)).toEqual([1]);
    });

    it('with smoothing, no more has been given than the seconds that have begun allow', async () => {
      const take = await minute(600, { smoothing: true, most: 600 });
      const { granted, remainingMs } = await store.take(take);
      const begun = Math.floor((MINUTE_MS - remainingMs) / 1_000) + 1;
      expect(granted).toBe(10 * begun);
      await sleep((remainingMs % 1_000) + 5);
      const more = await store.take(take);
      expect(more.granted).toBeGreaterThanOrEqual(begun === 60 ? 0 : 10);
      expect(more.granted % 10).toBe(0);
    });

    it('what is given back can be given again; of another window it is nothing', async () => {
      const take = await minute(10, { most: 10 });
      const { windowStartMs } = await store.take(take);
      const { counter, lengthMs } = take;
      await store.correct({
        counter,
        lengthMs,
        windowStartMs: windowStartMs - lengthMs,
        delta: -9,
      });
      expect(await grants(take, 1)).toEqual([0]);
      await store.correct({ counter, lengthMs, windowStartMs, delta: -4 });
      expect(await grants(take, 2)).toEqual([4, 0]);
      await store.correct({ counter, lengthMs, windowStartMs, delta: -99 });
      expect(await grants(take, 2)).toEqual([10, 0]);
    });

    it('what was used beyond a share counts, the limit being no bound', async () => {
      const take = await minute(10, { most: 10 });
      const { windowStartMs } = await store.take({ ...take, most: 6 });
      const { counter, lengthMs } = take;
      await store.correct({ counter, lengthMs, windowStartMs, delta: 9 });
      expect(await store.take({ ...take, limit: 20 })).toMatchObject({ granted: 5, given: 20 });
    });

    it('large figures stay exact', async () => {
      const limit = 999_999_999_999;
      const take = await minute(limit, { most: limit - 1 });
      expect(await grants(take, 3)).toEqual([limit - 1, 1, 0]);
    });

    it('slots of all owners never add up to more than the limit', async () => {
      const { counter } = await minute(1);
      const claim = { counter, limit: 5, used: 0 };
      const got = await Promise.all(
        ['a', 'b', 'c'].map((owner) => store.claim({ ...claim, owner, want: 2 })),
      );
      expect(got.map(({ slots }) => slots)).toEqual([2, 2, 1]);
      const slotsOf = async (owner: string, want: number, used: number) =>
        (await store.claim({ ...claim, owner, want, used })).slots;
      // To claim is to state: it can be repeated, and a lost answer leaks nothing.
      expect(await slotsOf('a', 2, 1)).toBe(2);
      expect(await slotsOf('a', 0, 0)).toBe(0);
      expect(await slotsOf('c', 3, 1)).toBe(3);
      expect(await slotsOf('b', 9, 0)).toBe(2);
      // What runs is not taken away, also where the limit was lowered.
      const lowered = await store.claim({ counter, limit: 1, owner: 'c', want: 3, used: 3 });
      expect(lowered.slots).toBe(3);
      expect((await store.claim({ counter, limit: 1, owner: 'd', want: 1, used: 0 })).slots).toBe(
        0,
      );
    });
  });
}
