/** When a cut is taken and when it is trusted, without an engine. */
import { makeId } from '@tollgate/domain/ids/ids.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { assertCountedOnce, takeCut, waitUntilApplied } from './cut.ts';
import { JANUARY } from './testing/january.ts';
import { MemoryHouse } from './testing/memory-house.ts';

let house: MemoryHouse;
beforeEach(() => {
  house = new MemoryHouse();
});
afterEach(() => vi.restoreAllMocks());

describe('taking a cut', () => {
  it('writes down how far the log is, and when that was, before it answers', async () => {
    house.usage.use('cus_a', JANUARY);
    house.usage.use('cus_a', JANUARY, { partition: 1 });
    house.usage.use('cus_b', JANUARY, { partition: 1 });
    const cut = await takeCut(house.deps);
    expect(cut.logs).toEqual([{ log: 0, ends: ['1', '2'] }]);
    expect(cut.id).toBe(makeId('cut', house.clock.nowMs, new Uint8Array(10).fill(1)));
    const data = { cut_id: cut.id, logs: cut.logs, taken_at: '2026-02-01T02:00:00.000Z' };
    expect(house.store.of(`cut-${cut.id}`)).toMatchObject([{ type: 'CutTaken', data }]);
  });

  it('fails if there is another cut with its id', async () => {
    const ledger = {
      ...house.deps.ledger,
      append: async () => ({ ok: false, actual: 0n }) as const,
    };
    await expect(takeCut({ ...house.deps, ledger })).rejects.toThrow('was not new');
  });
});

describe('waiting for the projector', () => {
  const asked = () => house.usage.warehouse.done.filter((call) => call === 'ask log_progress');
  const wait = async (projectorWaitMs: number, projectorPollMs: number) => {
    const { logs } = await takeCut(house.deps);
    const closingLimits = { projectorWaitMs, projectorPollMs };
    return waitUntilApplied({ ...house.deps, closingLimits }, logs);
  };

  it('ends as soon as the cut is applied', async () => {
    house.usage.use('cus_a', JANUARY);
    let looks = 0;
    house.usage.warehouse.before = () => {
      looks += 1;
      if (looks === 3) house.usage.project();
    };
    await wait(60_000, 1);
    expect(asked()).toHaveLength(3);
  });

  it('is over at the deadline, and says which offset has no row', async () => {
    house.usage.use('cus_a', JANUARY);
    house.usage.project();
    house.usage.use('cus_a', JANUARY);
    house.usage.warehouse.before = () => {
      if (asked().length > 200) throw new Error('looked on after the deadline');
    };
    await expect(wait(20, 1)).rejects.toMatchObject({
      code: 'projector_behind',
      message: 'the projector has not applied log 0, partition 0, offset 1',
    });
  });

  it('of no time is one look', async () => {
    house.usage.use('cus_a', JANUARY);
    vi.spyOn(performance, 'now').mockReturnValueOnce(5).mockReturnValueOnce(5).mockReturnValue(6);
    await expect(wait(0, 1)).rejects.toMatchObject({ code: 'projector_behind' });
    expect(asked()).toHaveLength(1);
  });

  it('does not look more often than it is told to', async () => {
    house.usage.use('cus_a', JANUARY);
    await expect(wait(60, 20)).rejects.toMatchObject({ code: 'projector_behind' });
    expect(asked().length).toBeLessThan(6);
  });
});

describe('a cut is not trusted', () => {
  async function check(change: () => void) {
    for (const partition of [0, 0, 0, 1]) house.usage.use('cus_a', JANUARY, { partition });
    house.usage.project();
    const { logs } = await takeCut(house.deps);
    change();
    await waitUntilApplied(house.deps, logs);
  }

  it('below which an offset has no row, although later ones have (I5)', async () => {
    const { usage } = house;
    const lost = check(() => {
      usage.rows = usage.rows.filter(({ partition, offset }) => partition === 1 || offset !== 1);
    });
    await expect(lost).rejects.toMatchObject({
      code: 'log_not_continuous',
      message: 'log 0, partition 0: 3 offsets, 2 rows of 2 offsets',
    });
  });

  it('below which an offset has two rows (I2, I5)', async () => {
    const { usage } = house;
    const doubled = check(() => usage.rows.push(...usage.rows.slice(-1)));
    await expect(doubled).rejects.toMatchObject({
      code: 'log_not_continuous',
      message: 'log 0, partition 1: 1 offsets, 2 rows of 1 offsets',
    });
  });

  it('except when every offset has its row', async () => {
    await expect(check(() => undefined)).resolves.toBeUndefined();
  });
});

it('stops at a customer with an event that is counted twice, and at no other (I2)', async () => {
  for (const customerId of ['cus_a', 'cus_a', 'cus_b', 'cus_b']) {
    house.usage.use(customerId, JANUARY, customerId === 'cus_a' ? { id: 'same' } : {});
  }
  house.usage.project();
  const { logs } = await takeCut(house.deps);
  const { warehouse } = house.deps;
  await expect(assertCountedOnce(warehouse, 'cus_a', logs)).rejects.toMatchObject({
    code: 'event_counted_twice',
    message: 'cus_a: 2 counted rows with 1 keys',
  });
  await expect(assertCountedOnce(warehouse, 'cus_b', logs)).resolves.toBeUndefined();
});
