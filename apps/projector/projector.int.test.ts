/**
 * The projector's loop: what it owns, what it does again, and when it is done (docs/design.md,
 * Projection). On a real log and ledger, and on a warehouse without an engine, so that statements
 * can be counted and held.
 */
import type { Log } from '@tollgate/adapters/log/log.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProjectorLimits } from './limits.ts';
import type { Projector, ProjectorOptions } from './projector.ts';
import { MemoryWarehouse } from './testing/memory-warehouse.ts';
import { attempt, type House, openHouse } from './testing/projector-house.ts';

/** A deadline that only a defect reaches. */
const WITHIN = { timeout: 10_000 };
const SWIFT: Partial<ProjectorLimits> = {
  idleMs: 1,
  claimPollMs: 1,
  retryMs: { first: 1, max: 4 },
};

let warehouse: MemoryWarehouse;
let house: House;
let projectors: Projector[];
beforeEach(async () => {
  warehouse = new MemoryWarehouse();
  house = await openHouse(4, warehouse);
  projectors = [];
});
afterEach(async () => {
  warehouse.before = () => undefined;
  for (const projector of projectors) await projector.stop();
  await house.close();
});

async function start(
  options: Partial<ProjectorOptions> = {},
  limits: Partial<ProjectorLimits> = {},
): Promise<Projector> {
  const name = `p${projectors.length + 1}`;
  const projector = await house.start(name, { ...options, limits: { ...SWIFT, ...limits } });
  projectors.push(projector);
  return projector;
}

/** So many records in this partition. */
function append(partition: number, count: number): Promise<unknown> {
  const value = () => Buffer.from(JSON.stringify(attempt()));
  return house.log.append(Array.from({ length: count }, () => ({ partition, value: value() })));
}

/** An assignment that a test changes. */
function assignment(generation: number, partitions: number[]) {
  const current = { generation, partitions };
  const renewed: number[] = [];
  const ownership = {
    current: () => ({ ...current }),
    renew: (stale: number) => void renewed.push(stale),
  };
  return { ownership, current, renewed };
}

const indices = (statement: string) =>
  warehouse.done.flatMap((done, index) => (done === statement ? [index] : []));
const turns = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a projector', () => {
  it('I2: gives every record its row once, in batches, and knows when it is done', async () => {
    await append(0, 5);
    await append(2, 2);
    const projector = await start({}, { batchRecordsMax: 4 });
    await projector.caughtUp();
    expect(warehouse.places().sort()).toEqual(['0/0', '0/1', '0/2', '0/3', '0/4', '2/0', '2/1']);
    expect(projector.lag()).toBe(0n);
    expect(projector.owned()).toEqual([0, 1, 2, 3]);
    expect(projector.metrics()).toContain('tollgate_projector_lag_records 0\n');
    expect(projector.metrics()).toContain('rows_total{disposition="counted"} 7\n');
    expect(projector.metrics()).toMatch(/batches_total [23]\n/);
    expect(house.warnings).toEqual([]);
  });

  it('I2: makes the intent of each batch durable before its first write', async () => {
    const intents: string[] = [];
    const log: Log = {
      ...house.log,
      async commit(group, commits) {
        await turns(5);
        await house.log.commit(group, commits);
        for (const { partition, metadata } of commits) intents.push(`${partition} ${metadata}`);
        warehouse.done.push('intent');
      },
    };
    await append(1, 3);
    const projector = await start({ log }, { batchRecordsMax: 2 });
    await projector.caughtUp();
    expect(intents).toEqual([
      '1 {"epoch":"1","first":"0","last":"1"}',
      '1 {"epoch":"1","first":"2","last":"2"}',
    ]);
    const writes = warehouse.done.filter((one) => /^(intent|insert (dirty|raw).*)$/.test(one));
    const batch = ['intent', 'insert dirty_bucket', 'insert raw_usage'];
    expect(writes).toEqual([...batch, ...batch]);
  });

  it('tells how far it is behind until the rows exist', async () => {
    const { promise: inserted, resolve: insert } = Promise.withResolvers<void>();
    warehouse.before = (statement) => (statement === 'insert raw_usage' ? inserted : undefined);
    await append(0, 3);
    const projector = await start();
    await vi.waitFor(() => expect(projector.lag()).toBe(3n), WITHIN);
    let isCaughtUp = false;
    const caughtUp = projector.caughtUp().then(() => {
      isCaughtUp = true;
    });
    await turns(20);
    expect(isCaughtUp).toBe(false);
    insert();
    await caughtUp;
    expect(projector.lag()).toBe(0n);
    expect(projector.metrics()).not.toContain('batch_milliseconds_total 0\n');
  });

  it('is not caught up while the log does not give what it has', async () => {
    let isShy = true;
    const read: Log['read'] = (page) => (isShy ? Promise.resolve([]) : house.log.read(page));
    await append(0, 1);
    const projector = await start({ log: { ...house.log, read } });
    let isCaughtUp = false;
    const caughtUp = projector.caughtUp().then(() => {
      isCaughtUp = true;
    });
    await turns(30);
    expect([isCaughtUp, projector.lag()]).toEqual([false, 1n]);
    isShy = false;
    await caughtUp;
    expect(warehouse.places()).toEqual(['0/0']);
  });

  it('keeps what was dead before dead, for the reason of then, without a second letter', async () => {
    await append(0, 2);
    const deadBefore = new Map([['0/1', 'the reason of then']]);
    const projector = await start({ deadBefore });
    await projector.caughtUp();
    const found = warehouse.stored.map((row) => [row.disposition, row.dead_reason]);
    expect(found).toEqual([
      ['counted', null],
      ['dead', 'the reason of then'],
    ]);
    expect(await house.deadLetters.ends()).toEqual([0n, 0n, 0n, 0n]);
  });

  it('that stops leaves no staging table, and writes nothing more', async () => {
    await append(0, 1);
    const projector = await start();
    await projector.caughtUp();
    await projector.stop();
    expect(await projector.ended).toBe('stopped');
    expect(warehouse.done.slice(-5)).toEqual([
      'drop stage_p1_0',
      'drop stage_keys_p1_0',
      'drop stage_p1_1',
      'drop stage_keys_p1_1',
      'drop stage_rollup_p1',
    ]);
    const { length } = warehouse.done;
    await append(0, 1);
    await turns(20);
    expect(warehouse.done).toHaveLength(length);
  });
});

describe('a store that fails', () => {
  it.each(['insert dirty_bucket', 'insert raw_usage', 'load stage_p1_', 'ask dirty_bucket'])(
    'I2: at "%s" is tried again, under new epochs, and no row is doubled',
    async (statement) => {
      let failures = 2;
      await append(0, 2);
      warehouse.before = (next) => {
        if (next.startsWith(statement) && failures-- > 0) throw new Error('away');
      };
      const projector = await start();
      await projector.caughtUp();
      expect(warehouse.places()).toEqual(['0/0', '0/1']);
      expect(house.warnings).toEqual(Array(2).fill('projecting failed; trying again: away'));
      expect(warehouse.claims(3)).toBe(3);
    },
  );

  it('I2: after the insert: the rows that exist are found by the intent, not inserted again', async () => {
    await append(0, 2);
    let isAway = true;
    warehouse.before = (statement) => {
      if (statement !== 'ask raw_usage' || warehouse.stored.length === 0 || !isAway) return;
      isAway = false;
      throw new Error('away');
    };
    const projector = await start();
    await projector.caughtUp();
    await append(0, 1);
    await projector.caughtUp();
    expect(warehouse.places()).toEqual(['0/0', '0/1', '0/2']);
    expect(warehouse.claims(0)).toBe(2);
  });

  it('pauses for longer from failure to failure, and from the start again after a success', async () => {
    let failures = 4;
    warehouse.before = (statement) => {
      if (statement === 'ask dirty_bucket' && failures-- > 0) throw new Error('away');
    };
    const startedAtMs = performance.now();
    const projector = await start({}, { retryMs: { first: 10, max: 30 } });
    await projector.caughtUp();
    // 10 + 20 + 30 + 30
    expect(performance.now() - startedAtMs).toBeGreaterThan(85);
  });
});

describe('a projector whose partitions another one claims', () => {
  /** Another one's claim of all partitions, with epochs above those of the first. */
  const claimAll = () =>
    warehouse.insertLines(
      'tollgate.fence',
      [0, 1, 2, 3].map((p) => `{"log":0,"partition":${p},"epoch":99}\n`).join(''),
    );

  it('I2: ends without an assignment, with nothing written', async () => {
    const projector = await start();
    await projector.caughtUp();
    await claimAll();
    await append(0, 2);
    expect(await projector.ended).toBe('fenced');
    expect(warehouse.places()).toEqual([]);
    expect(projector.metrics()).toContain('fenced_total 1\n');
    expect(house.warnings).toEqual(['a newer projector owns partitions of this one']);
  });

  it('I2: waits for a newer assignment, and goes on with that', async () => {
    const { ownership, current, renewed } = assignment(5, [0, 1]);
    const projector = await start({ ownership });
    await projector.caughtUp();
    await claimAll();
    await append(0, 2);
    await vi.waitFor(() => expect(renewed).toEqual([5]), WITHIN);
    await vi.waitFor(() => expect(projector.owned()).toEqual([]), WITHIN);
    expect(projector.lag()).toBe(0n);
    await turns(20);
    expect(warehouse.claims(0)).toBe(2);
    // As the ledger would count on from there.
    warehouse.lines.set('fence', '');
    Object.assign(current, { generation: 6, partitions: [0] });
    await vi.waitFor(() => expect(projector.owned()).toEqual([0]), WITHIN);
    await projector.caughtUp();
    expect(warehouse.places()).toEqual(['0/0', '0/1']);
    expect(renewed).toEqual([5]);
  });
});

describe('a projector with an assignment', () => {
  it('claims what is new in it, gives up what is not, and keeps the rest', async () => {
    const { ownership, current } = assignment(1, [0, 1]);
    for (const partition of [0, 1, 2]) await append(partition, 1);
    const projector = await start({ ownership });
    await projector.caughtUp();
    expect(projector.owned()).toEqual([0, 1]);
    expect(warehouse.places().sort()).toEqual(['0/0', '1/0']);
    Object.assign(current, { generation: 2, partitions: [1, 2] });
    await vi.waitFor(() => expect(projector.owned()).toEqual([1, 2]), WITHIN);
    await append(0, 1);
    await append(1, 1);
    await projector.caughtUp();
    expect(warehouse.places().sort()).toEqual(['0/0', '1/0', '1/1', '2/0']);
    expect([0, 1, 2, 3].map((partition) => warehouse.claims(partition))).toEqual([1, 1, 1, 0]);
    expect(projector.lag()).toBe(0n);
  });

  it('of nothing waits, and begins when there is something', async () => {
    const { ownership, current } = assignment(1, []);
    await append(3, 2);
    const projector = await start({ ownership });
    await projector.caughtUp();
    expect([projector.owned(), warehouse.places()]).toEqual([[], []]);
    Object.assign(current, { generation: 2, partitions: [3] });
    await vi.waitFor(() => expect(warehouse.places()).toEqual(['3/0', '3/1']), WITHIN);
  });
});

describe('roll-ups', () => {
  it('go on until none is dirty, before the projector is caught up', async () => {
    let dirty = 3;
    const bucket = { partition: 0, customer_id: 'cus_1', at: 0 };
    warehouse.answers.set('dirty_bucket', () => (dirty-- > 0 ? [bucket] : []));
    const projector = await start({}, { rollupBucketsMax: 1 });
    await projector.caughtUp();
    expect(indices('insert rollup_15m')).toHaveLength(3);
    expect(dirty).toBeLessThan(0);
  });

  it('pause between two passes, but not for a caller that waits', async () => {
    const projector = await start({}, { rollupEveryMs: 60_000, rollupPauseMsMax: 60_000 });
    await turns(50);
    const passes = indices('ask dirty_bucket').length;
    expect(passes).toBe(1);
    await projector.caughtUp();
    expect(indices('ask dirty_bucket').length).toBeGreaterThan(passes);
  });

  it('come back after their pause', async () => {
    await start({}, { rollupEveryMs: 10, rollupShareMax: 1 });
    await vi.waitFor(() => expect(indices('ask dirty_bucket').length).toBeGreaterThan(3), WITHIN);
  });
});
