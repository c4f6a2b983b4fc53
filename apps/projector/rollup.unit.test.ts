/** The order of a roll-up's writes, and when the seam moves (docs/design.md, Roll-ups). */
import { beforeEach, describe, expect, it } from 'vitest';
import { Rollup } from './rollup.ts';
import { ScriptedWarehouse, unnoticedFailures } from './testing/scripted-warehouse.ts';

/** The start of a bucket, s. */
const OPEN_S = 1_800_000_000;
const NOW_MS = OPEN_S * 1000 + 5;
const STATE = {
  epochs: new Map([
    [0, 7n],
    [3, 9n],
  ]),
  next: new Map([
    [0, 100n],
    [3, 200n],
  ]),
};

let warehouse: ScriptedWarehouse;
let dirty: { partition: number; customer_id: string; at: number }[];
beforeEach(() => {
  warehouse = new ScriptedWarehouse();
  dirty = [];
});

function rollup(bucketsMax = 10): Rollup {
  warehouse.answers.set('dirty_bucket', () => dirty);
  return new Rollup({ warehouse, log: 2, name: 'p1', bucketsMax });
}

function seams(newestS: number, lowestS = newestS): void {
  warehouse.answers.set('tollgate.seam', () => [{ seam: newestS, lowest: lowestS }]);
}

const bucket = (partition: number, customer_id: string) => ({
  partition,
  customer_id,
  at: OPEN_S - 900,
});
const seamLines = (seamS: number) =>
  [0, 3].map((p) => `{"log":2,"partition":${p},"seam":${seamS}}\n`).join('');

describe('a pass', () => {
  it('I5: writes the roll-up, then the mark, then the seam', async () => {
    dirty = [bucket(0, 'cus_1'), bucket(3, 'cus_"2"')];
    expect(await rollup().pass(STATE, NOW_MS)).toBe(true);
    expect(warehouse.done).toEqual([
      'ask dirty_bucket',
      'truncate stage_rollup_p1',
      'insert stage_rollup_p1',
      'insert rollup_15m',
      'insert dirty_bucket',
      'insert seam',
    ]);
    expect(warehouse.lines.get('seam')).toBe(seamLines(OPEN_S));
  });

  it('I5: says up to which position it read: the log’s ordinal, then the partition’s end', async () => {
    dirty = [bucket(0, 'cus_1'), bucket(3, 'cus_"2"')];
    await rollup().pass(STATE, NOW_MS);
    const work = (warehouse.lines.get('stage_rollup_p1') ?? '').trimEnd().split('\n');
    const base = 2n * 2n ** 48n;
    expect(work).toEqual([
      `{"log":2,"partition":0,"customer_id":"cus_1","bucket":${OPEN_S - 900},` +
        `"version":${base + 100n},"insert_epoch":7}`,
      `{"log":2,"partition":3,"customer_id":"cus_\\"2\\"","bucket":${OPEN_S - 900},` +
        `"version":${base + 200n},"insert_epoch":9}`,
    ]);
  });

  it('asks for the closed buckets of its own partitions, as many as fit into one pass', async () => {
    await rollup(10).pass(STATE, NOW_MS);
    expect(warehouse.asked).toEqual([{ log: 2, seam: OPEN_S, partitions: [0, 3], most: 10 }]);
  });

  it('I5: does not move the seam while there may be more dirty buckets', async () => {
    const one = rollup(2);
    dirty = [bucket(0, 'cus_1'), bucket(0, 'cus_2')];
    expect(await one.pass(STATE, NOW_MS)).toBe(false);
    expect(warehouse.done).not.toContain('insert seam');
    dirty = [bucket(0, 'cus_3')];
    expect(await one.pass(STATE, NOW_MS)).toBe(true);
    expect(warehouse.lines.get('seam')).toBe(seamLines(OPEN_S));
  });

  it('without a dirty bucket moves the seam alone, once per bucket', async () => {
    const one = rollup();
    await one.pass(STATE, NOW_MS);
    await one.pass(STATE, NOW_MS);
    await one.pass(STATE, NOW_MS + 900_000);
    expect(warehouse.done).toEqual([
      'ask dirty_bucket',
      'insert seam',
      'ask dirty_bucket',
      'ask dirty_bucket',
      'insert seam',
    ]);
    expect(warehouse.lines.get('seam')).toBe(seamLines(OPEN_S) + seamLines(OPEN_S + 900));
  });

  it('I5: fails where any of its statements fails', async () => {
    const unnoticed = await unnoticedFailures(() => {
      warehouse = new ScriptedWarehouse();
      dirty = [bucket(0, 'cus_1')];
      const one = rollup();
      const work = async () => {
        await one.open();
        await one.own([0, 3]);
        await one.pass(STATE, NOW_MS);
        await one.drop();
      };
      return { warehouse, work };
    });
    expect(unnoticed).toEqual([]);
  });

  it('I5: tries the seam again that could not be written', async () => {
    const one = rollup();
    warehouse.before = () => {
      if (warehouse.done.length === 1) throw new Error('away');
    };
    await expect(one.pass(STATE, NOW_MS)).rejects.toThrow('away');
    warehouse.before = () => undefined;
    await one.pass(STATE, NOW_MS);
    expect(warehouse.lines.get('seam')).toBe(seamLines(OPEN_S));
  });
});

describe('the partitions that are rolled up', () => {
  it('get a seam each before it is asked where theirs are', async () => {
    await rollup().own([0, 3]);
    expect(warehouse.done).toEqual(['insert seam', 'ask seam']);
    expect(warehouse.lines.get('seam')).toBe(seamLines(0));
    expect(warehouse.asked).toEqual([{ log: 2, partitions: [0, 3] }]);
  });

  it('none of them is nothing to ask', async () => {
    await rollup().own([]);
    expect(warehouse.done).toEqual([]);
  });

  it('I5: up to the newest of their seams all is rolled up, and the others follow', async () => {
    const one = rollup();
    seams(OPEN_S, OPEN_S - 900);
    await one.own([0, 3]);
    warehouse.lines.clear();
    await one.pass(STATE, NOW_MS);
    await one.pass(STATE, NOW_MS);
    expect(warehouse.lines.get('seam')).toBe(seamLines(OPEN_S));
  });

  it('a seam that another clock has moved ahead stays, and is rolled up to', async () => {
    const one = rollup();
    seams(OPEN_S + 3_600, OPEN_S);
    await one.own([0, 3]);
    warehouse.lines.clear();
    expect(await one.pass(STATE, NOW_MS)).toBe(true);
    expect(warehouse.asked.at(-1)).toMatchObject({ seam: OPEN_S + 3_600 });
    expect(warehouse.lines.get('seam')).toBe(undefined);
  });

  it('level seams are not written again', async () => {
    const one = rollup();
    seams(OPEN_S);
    await one.own([0, 3]);
    warehouse.lines.clear();
    await one.pass(STATE, NOW_MS);
    expect(warehouse.lines.get('seam')).toBe(undefined);
  });
});
