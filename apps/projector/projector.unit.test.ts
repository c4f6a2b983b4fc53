/**
 * The projector's loop: what it owns, what it does again, and when it is done (docs/design.md,
 * Projection).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { readSample } from '@tollgate/adapters/metrics/testing/read-sample.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { assignment, MemoryProjectors } from './testing/memory-projectors.ts';

/** A deadline that only a defect reaches. */
const WITHIN = { timeout: 10_000 };

let stores: MemoryProjectors;
beforeEach(() => {
  stores = new MemoryProjectors();
});
afterEach(() => stores.stopAll());

const indices = (statement: string) =>
  stores.warehouse.done.flatMap((done, index) => (done === statement ? [index] : []));

describe('a projector', () => {
  it('I2: gives every record its row once, in batches, and knows when it is done', async () => {
    await stores.append(0, 5);
    await stores.append(2, 2);
    const projector = await stores.start({ batchRecordsMax: 4 });
    await projector.caughtUp();
    expect(stores.warehouse.places().sort()).toEqual([
      '0/0',
      '0/1',
      '0/2',
      '0/3',
      '0/4',
      '2/0',
      '2/1',
    ]);
    expect(projector.lag()).toBe(0n);
    expect(projector.owned()).toEqual([0, 1, 2, 3]);
    const measured = projector.families();
    expect(readSample(measured, 'tollgate_projector_lag_records')).toBe(0);
    expect(readSample(measured, 'tollgate_projector_rows_total{disposition="counted"}')).toBe(7);
    expect([2, 3]).toContain(readSample(measured, 'tollgate_projector_batches_total'));
    expect(stores.warnings).toEqual([]);
  });

  it('I2: makes the intent of each batch durable before its first write', async () => {
    const intents: string[] = [];
    const commit = stores.log.commit.bind(stores.log);
    stores.log.commit = async (group, commits) => {
      await pause(5);
      await commit(group, commits);
      for (const { partition, metadata } of commits) intents.push(`${partition} ${metadata}`);
      stores.warehouse.done.push('intent');
    };
    await stores.append(1, 3);
    const projector = await stores.start({ batchRecordsMax: 2 });
    await projector.caughtUp();
    expect(intents).toEqual([
      '1 {"epoch":"1","first":"0","last":"1"}',
      '1 {"epoch":"1","first":"2","last":"2"}',
    ]);
    const writes = stores.warehouse.done.filter((one) =>
      /^(intent|insert (dirty|raw).*)$/.test(one),
    );
    const batch = ['intent', 'insert dirty_bucket', 'insert raw_usage'];
    expect(writes).toEqual([...batch, ...batch]);
  });

  it('tells how far it is behind until the rows exist', async () => {
    const { promise: inserted, resolve: insert } = Promise.withResolvers<void>();
    stores.warehouse.before = (statement) =>
      statement === 'insert raw_usage' ? inserted : undefined;
    await stores.append(0, 3);
    const projector = await stores.start();
    await vi.waitFor(() => expect(projector.lag()).toBe(3n), WITHIN);
    let isCaughtUp = false;
    const caughtUp = projector.caughtUp().then(() => {
      isCaughtUp = true;
    });
    await pause(20);
    expect(isCaughtUp).toBe(false);
    insert();
    await caughtUp;
    expect(projector.lag()).toBe(0n);
    const batchS = readSample(projector.families(), 'tollgate_projector_batch_seconds_total');
    expect(batchS).toBeGreaterThan(0);
  });

  it('is not caught up while the log does not give what it has', async () => {
    let isShy = true;
    const read = stores.log.read.bind(stores.log);
    stores.log.read = (page) => (isShy ? Promise.resolve([]) : read(page));
    await stores.append(0, 1);
    const projector = await stores.start();
    let isCaughtUp = false;
    const caughtUp = projector.caughtUp().then(() => {
      isCaughtUp = true;
    });
    await pause(30);
    expect([isCaughtUp, projector.lag()]).toEqual([false, 1n]);
    isShy = false;
    await caughtUp;
    expect(stores.warehouse.places()).toEqual(['0/0']);
  });

  it('keeps what was dead before dead, for the reason of then, without a second letter', async () => {
    await stores.append(0, 2);
    const deadBefore = new Map([['0/1', 'the reason of then']]);
    const projector = await stores.start({}, { deadBefore });
    await projector.caughtUp();
    const found = stores.warehouse.stored.map((row) => [row.disposition, row.dead_reason]);
    expect(found).toEqual([
      ['counted', null],
      ['dead', 'the reason of then'],
    ]);
    expect(await stores.deadLetters.ends()).toEqual([0n, 0n, 0n, 0n]);
  });

  it('that stops leaves no staging table, and writes nothing more', async () => {
    await stores.append(0, 1);
    const projector = await stores.start();
    await projector.caughtUp();
    await projector.stop();
    expect(await projector.ended).toBe('stopped');
    expect(stores.warehouse.done.slice(-5)).toEqual([
      'drop stage_p1_0',
      'drop stage_keys_p1_0',
      'drop stage_p1_1',
      'drop stage_keys_p1_1',
      'drop stage_rollup_p1',
    ]);
    const { length } = stores.warehouse.done;
    await stores.append(0, 1);
    await pause(20);
    expect(stores.warehouse.done).toHaveLength(length);
  });
});

describe('a store that fails', () => {
  it.each(['insert dirty_bucket', 'insert raw_usage', 'load stage_p1_', 'ask dirty_bucket'])(
    'I2: at "%s" is tried again, under new epochs, and no row is doubled',
    async (statement) => {
      let failures = 2;
      await stores.append(0, 2);
      stores.warehouse.before = (next) => {
        if (next.startsWith(statement) && failures-- > 0) throw new Error('away');
      };
      const projector = await stores.start();
      await projector.caughtUp();
      expect(stores.warehouse.places()).toEqual(['0/0', '0/1']);
      expect(stores.warnings).toEqual(Array(2).fill('projecting failed; trying again: away'));
      expect(stores.warehouse.claims(3)).toBe(3);
    },
  );

  it('I2: after the insert: the rows that exist are found by the intent, not inserted again', async () => {
    await stores.append(0, 2);
    let isAway = true;
    stores.warehouse.before = (statement) => {
      if (statement !== 'ask raw_usage' || stores.warehouse.stored.length === 0 || !isAway) return;
      isAway = false;
      throw new Error('away');
    };
    const projector = await stores.start();
    await projector.caughtUp();
    await stores.append(0, 1);
    await projector.caughtUp();
    expect(stores.warehouse.places()).toEqual(['0/0', '0/1', '0/2']);
    expect(stores.warehouse.claims(0)).toBe(2);
  });

  it('pauses for longer from failure to failure, and from the start again after a success', async () => {
    let failures = 4;
    stores.warehouse.before = (statement) => {
      if (statement === 'ask dirty_bucket' && failures-- > 0) throw new Error('away');
    };
    const startedAtMs = performance.now();
    const projector = await stores.start({ retryMs: { first: 10, max: 30 } });
    await projector.caughtUp();
    // 10 + 20 + 30 + 30
    expect(performance.now() - startedAtMs).toBeGreaterThan(85);
  });
});

describe('a projector whose partitions another one claims', () => {
  it('I2: ends without an assignment, with nothing written', async () => {
    const projector = await stores.start();
    await projector.caughtUp();
    await stores.claimAll();
    await stores.append(0, 2);
    expect(await projector.ended).toBe('fenced');
    expect(stores.warehouse.places()).toEqual([]);
    expect(readSample(projector.families(), 'tollgate_projector_fenced_total')).toBe(1);
    expect(stores.warnings).toEqual(['a newer projector owns partitions of this one']);
  });

  it('I2: waits for a newer assignment, and goes on with that', async () => {
    const { ownership, current, renewed } = assignment(5, [0, 1]);
    const projector = await stores.start({}, { ownership });
    await projector.caughtUp();
    await stores.claimAll();
    await stores.append(0, 2);
    await vi.waitFor(() => expect(renewed).toEqual([5]), WITHIN);
    await vi.waitFor(() => expect(projector.owned()).toEqual([]), WITHIN);
    expect(projector.lag()).toBe(0n);
    await pause(20);
    expect(stores.warehouse.claims(0)).toBe(2);
    // As the ledger would count on from there.
    stores.warehouse.lines.set('fence', '');
    Object.assign(current, { generation: 6, partitions: [0] });
    await vi.waitFor(() => expect(projector.owned()).toEqual([0]), WITHIN);
    await projector.caughtUp();
    expect(stores.warehouse.places()).toEqual(['0/0', '0/1']);
    expect(renewed).toEqual([5]);
  });
});

describe('a projector with an assignment', () => {
  it('claims what is new in it, gives up what is not, and keeps the rest', async () => {
    const { ownership, current } = assignment(1, [0, 1]);
    for (const partition of [0, 1, 2]) await stores.append(partition, 1);
    const projector = await stores.start({}, { ownership });
    await projector.caughtUp();
    expect(projector.owned()).toEqual([0, 1]);
    expect(stores.warehouse.places().sort()).toEqual(['0/0', '1/0']);
    Object.assign(current, { generation: 2, partitions: [1, 2] });
    await vi.waitFor(() => expect(projector.owned()).toEqual([1, 2]), WITHIN);
    await stores.append(0, 1);
    await stores.append(1, 1);
    await projector.caughtUp();
    expect(stores.warehouse.places().sort()).toEqual(['0/0', '1/0', '1/1', '2/0']);
    expect([0, 1, 2, 3].map((partition) => stores.warehouse.claims(partition))).toEqual([
      1, 1, 1, 0,
    ]);
    expect(projector.lag()).toBe(0n);
  });

  it('of nothing waits, and begins when there is something', async () => {
    const { ownership, current } = assignment(1, []);
    await stores.append(3, 2);
    const projector = await stores.start({}, { ownership });
    await projector.caughtUp();
    expect([projector.owned(), stores.warehouse.places()]).toEqual([[], []]);
    Object.assign(current, { generation: 2, partitions: [3] });
    await vi.waitFor(() => expect(stores.warehouse.places()).toEqual(['3/0', '3/1']), WITHIN);
  });
});

describe('roll-ups', () => {
  it('go on until none is dirty, before the projector is caught up', async () => {
    let dirty = 3;
    const bucket = { partition: 0, customer_id: 'cus_1', at: 0 };
    stores.warehouse.answers.set('dirty_bucket', () => (dirty-- > 0 ? [bucket] : []));
    const projector = await stores.start({ rollupBucketsMax: 1 });
    await projector.caughtUp();
    expect(indices('insert rollup_15m')).toHaveLength(3);
    expect(dirty).toBeLessThan(0);
  });

  it('pause between two passes, but not for a caller that waits', async () => {
    const projector = await stores.start({ rollupEveryMs: 60_000, rollupPauseMsMax: 60_000 });
    await pause(50);
    const passes = indices('ask dirty_bucket').length;
    expect(passes).toBe(1);
    await projector.caughtUp();
    expect(indices('ask dirty_bucket').length).toBeGreaterThan(passes);
  });

  it('come back after their pause', async () => {
    await stores.start({ rollupEveryMs: 10, rollupShareMax: 1 });
    await vi.waitFor(() => expect(indices('ask dirty_bucket').length).toBeGreaterThan(3), WITHIN);
  });
});
