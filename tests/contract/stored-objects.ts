/** What every store of owners promises, executed over each implementation (I10). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredLimits } from '@tollgate/adapters/stored-objects/stored-limits.ts';
import type { StoredObjects } from '@tollgate/adapters/stored-objects/stored-objects.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

export type StoredHouse = {
  /** The same objects each time. */
  open(limits?: Partial<StoredLimits>): Promise<StoredObjects>;
  dispose(): Promise<void>;
};

const A = { owner: 'cus_a', provider: 'openai' };
const B = { owner: 'cus_b', provider: 'openai' };

export function storedObjectsContract(name: string, openHouse: () => Promise<StoredHouse>): void {
  describe(`StoredObjects contract: ${name}`, () => {
    let house: StoredHouse;
    const open: StoredObjects[] = [];
    const store = async (limits: Partial<StoredLimits> = {}) => {
      const opened = await house.open(limits);
      open.push(opened);
      return opened;
    };
    beforeEach(async () => {
      house = await openHouse();
    });
    afterEach(async () => {
      await Promise.all(open.splice(0).map((one) => one.close()));
      await house.dispose();
    });

    it('I10: tells each proxy whose an object is, and who has it', async () => {
      const [one, other] = [await store(), await store()];
      await one.keep(['resp_1', 'msg_1'], A);
      await other.keep(['resp_2'], { ...B, provider: 'azure' });
      expect(await other.find(['resp_2', 'resp_1', 'unknown', 'msg_1'])).toEqual([
        ...[{ ...B, provider: 'azure' }, A, null, A],
      ]);
      expect(await one.find([])).toEqual([]);
    });

    it('I10: an id that two customers were given is nobody’s', async () => {
      const objects = await store();
      await objects.keep(['resp_1'], A);
      await objects.keep(['resp_1'], B);
      expect(await objects.find(['resp_1'])).toEqual([null]);
      // The next one does not get it either.
      await objects.keep(['resp_1'], A);
      expect(await objects.find(['resp_1'])).toEqual([null]);
    });

    it('an id that two providers gave out leads to none of them', async () => {
      const objects = await store();
      await objects.keep(['resp_1'], A);
      await objects.keep(['resp_1'], { ...A, provider: 'azure' });
      expect(await objects.find(['resp_1'])).toEqual([null]);
    });

    it('what is kept twice is kept once', async () => {
      const objects = await store({ objectsPerOwnerMax: 2 });
      await objects.keep(['resp_1'], A);
      for (let i = 0; i < 5; i++) await objects.keep(['resp_2', 'resp_2'], A);
      expect(await objects.find(['resp_1', 'resp_2'])).toEqual([A, A]);
    });

    it('what was deleted is unknown', async () => {
      const objects = await store();
      await objects.keep(['resp_1', 'resp_2'], A);
      await objects.forget('resp_1');
      await objects.forget('never there');
      expect(await objects.find(['resp_1', 'resp_2'])).toEqual([null, A]);
    });

    it('an object is known for its life', async () => {
      const objects = await store({ lifeMs: 700 });
      await objects.keep(['resp_1'], A);
      expect(await objects.find(['resp_1'])).toEqual([A]);
      await sleep(800);
      expect(await objects.find(['resp_1'])).toEqual([null]);
      await objects.keep(['resp_1'], B);
      expect(await objects.find(['resp_1'])).toEqual([B]);
    });

    it('a customer’s oldest objects make room for its new ones, and for no other customer’s', async () => {
      const objects = await store({ objectsPerOwnerMax: 2 });
      await objects.keep(['b_1'], B);
      for (const id of ['a_1', 'a_2', 'a_3']) {
        await objects.keep([id], A);
        await sleep(3);
      }
      expect(await objects.find(['a_1', 'a_2', 'a_3', 'b_1'])).toEqual([null, A, A, B]);
    });

    it('of all objects there are no more than the store may have', async () => {
      const objects = await store({ objectsMax: 2 });
      for (const [id, at] of [
        ...([
          ['a_1', A],
          ['b_1', B],
          ['a_2', A],
        ] as const),
      ]) {
        await objects.keep([id], at);
        await sleep(3);
      }
      expect(await objects.find(['a_1', 'b_1', 'a_2'])).toEqual([null, B, A]);
    });

    const running = (id: string) => ({ id, ...A, record: `{"of":"${id}"}` });

    it('what goes on is given to one caller at a time, and again when its time is over', async () => {
      const [one, other] = [await store(), await store()];
      await one.begin(running('resp_1'), 0);
      await one.begin(running('resp_2'), 60_000);
      const first = await Promise.all([one.due(700, 5), other.due(700, 5), one.due(700, 5)]);
      expect(first.flat()).toEqual([running('resp_1')]);
      await sleep(800);
      expect(await other.due(60_000, 5)).toEqual([running('resp_1')]);
      await other.later('resp_2', 0);
      expect(await one.due(60_000, 5)).toEqual([running('resp_2')]);
      expect(await one.running('resp_2')).toEqual(running('resp_2'));
    });

    it('what has ended is given to nobody, and what is not known is not begun by being put off', async () => {
      const objects = await store();
      await objects.begin(running('resp_1'), 0);
      await objects.ended('resp_1');
      await objects.later('resp_1', 0);
      await objects.ended('never there');
      expect([await objects.due(1_000, 5), await objects.running('resp_1')]).toEqual([[], null]);
    });

    it('no more go on than may, and one that is begun twice is one', async () => {
      const objects = await store({ runningMax: 2 });
      await objects.begin(running('resp_1'), 0);
      await objects.begin({ ...running('resp_1'), record: 'another' }, 0);
      expect(await objects.begin(running('resp_2'), 0)).toBe(true);
      expect(await objects.begin(running('resp_3'), 0)).toBe(false);
      expect(await objects.due(60_000, 1)).toHaveLength(1);
      expect(await objects.due(60_000, 5)).toHaveLength(1);
      expect(await objects.running('resp_1')).toEqual(running('resp_1'));
    });

    it('of one response no more objects are kept than one may have', async () => {
      const objects = await store({ objectsAtOnceMax: 2 });
      await objects.keep(['1', '2', '3'], A);
      expect(await objects.find(['1', '2', '3'])).toEqual([A, A, null]);
    });
  });
}
