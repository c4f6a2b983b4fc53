/** When the projector's loop pauses, when it does not, and when it rolls up. */
import { readSample } from '@tollgate/adapters/metrics/testing/read-sample.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { assignment, MemoryProjectors, turns } from './testing/memory-projectors.ts';

let stores: MemoryProjectors;
beforeEach(() => {
  stores = new MemoryProjectors();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await stores.stopAll();
});

/** Longer than what a test does meanwhile takes. */
const LONG_MS = 300;

describe('between two looks at the log', () => {
  it('there is a pause where there was nothing to do', async () => {
    const projector = await stores.start({ idleMs: LONG_MS });
    await projector.caughtUp();
    const { length } = stores.log.done;
    await turns();
    expect(stores.log.done.length).toBe(length);
  });

  it('there is a pause where the log does not give what it has', async () => {
    await stores.append(0, 1);
    const read = vi.spyOn(stores.log, 'read').mockResolvedValue([]);
    const projector = await stores.start({ idleMs: LONG_MS });
    await vi.waitFor(() => expect(read).toHaveBeenCalledTimes(1));
    await turns();
    expect(read).toHaveBeenCalledTimes(1);
    read.mockRestore();
    await projector.caughtUp();
    expect(stores.warehouse.places()).toEqual(['0/0']);
  });

  it('there is none in a backlog, nor before a caller is told that it is over', async () => {
    await stores.append(0, 5);
    const startedAtMs = performance.now();
    const projector = await stores.start({ idleMs: LONG_MS, batchRecordsMax: 1 });
    await projector.caughtUp();
    expect(performance.now() - startedAtMs).toBeLessThan(3 * LONG_MS);
  });
});

describe('after a failure', () => {
  it('the pauses grow up to their bound, and from the first one again after a success', async () => {
    const timer = vi.spyOn(globalThis, 'setTimeout');
    const failing = [true, true, true, true, false, true];
    const pauses = failing.filter(Boolean).length;
    stores.warehouse.before = (statement) => {
      if (statement === 'ask dirty_bucket' && failing.shift() === true) throw new Error('away');
    };
    const limits = { retryMs: { first: 2, max: 8 }, rollupEveryMs: 0 };
    const projector = await stores.start(limits);
    await vi.waitFor(() => expect(stores.warnings).toHaveLength(pauses));
    await projector.caughtUp();
    const pausesMs = timer.mock.calls.flatMap(([, ms]) =>
      ms !== undefined && ms < 50 ? [ms] : [],
    );
    expect(pausesMs).toEqual([2, 4, 8, 8, 2]);
  });
});

describe('another projector', () => {
  it('I2: is a reason to stop at once, and none to try again', async () => {
    const { ownership, renewed } = assignment(5, [0, 1]);
    const projector = await stores.start({ batchRecordsMax: 1 }, { ownership });
    await projector.caughtUp();
    await stores.claimAll();
    await stores.append(0, 3);
    await vi.waitFor(() => expect(renewed).toEqual([5]));
    await turns();
    expect(stores.warehouse.places()).toEqual([]);
    expect(stores.warnings).toEqual(['a newer projector owns partitions of this one']);
    expect(readSample(projector.families(), 'tollgate_projector_fenced_total')).toBe(1);
    expect(renewed).toEqual([5]);
  });
});

describe('partitions', () => {
  it('that are given up alone cost no claim', async () => {
    const { ownership, current } = assignment(1, [0, 1]);
    const projector = await stores.start({}, { ownership });
    await projector.caughtUp();
    Object.assign(current, { generation: 2, partitions: [0] });
    await vi.waitFor(() => expect(projector.owned()).toEqual([0]));
    await projector.caughtUp();
    expect(stores.count('insert fence')).toBe(1);
  });

  it('that stay cost nothing, batch after batch', async () => {
    await stores.append(0, 4);
    const projector = await stores.start({ batchRecordsMax: 1 });
    await projector.caughtUp();
    expect([stores.count('insert fence'), stores.count('create stage_p1_0')]).toEqual([1, 1]);
  });

  it('have a lag at any time, also while the first ones are claimed', async () => {
    const assignments = [{ generation: 1, partitions: [] }];
    const later = { generation: 2, partitions: [3] };
    const ownership = { current: () => assignments.shift() ?? later, renew: () => undefined };
    const { reached, release } = stores.hold('insert seam');
    await stores.append(3, 2);
    const projector = await stores.start({}, { ownership });
    await reached;
    expect(projector.lag()).toBe(0n);
    release();
    await projector.caughtUp();
    expect(stores.warehouse.places()).toEqual(['3/0', '3/1']);
  });
});

describe('roll-ups', () => {
  it('that failed are due again at once', async () => {
    let failures = 1;
    stores.warehouse.before = (statement) => {
      if (statement === 'ask dirty_bucket' && failures-- > 0) throw new Error('away');
    };
    await stores.start({ rollupEveryMs: 60_000, rollupPauseMsMax: 60_000 });
    await vi.waitFor(() => expect(stores.count('insert seam')).toBe(3));
  });
});

describe('the metrics', () => {
  it('say how long the batches took', async () => {
    const startedAtMs = performance.now();
    await stores.append(0, 3);
    const projector = await stores.start({ batchRecordsMax: 1 });
    await projector.caughtUp();
    const tookMs = performance.now() - startedAtMs;
    const measured = projector.families();
    const batchS = readSample(measured, 'tollgate_projector_batch_seconds_total') ?? 0;
    expect(readSample(measured, 'tollgate_projector_batches_total')).toBe(3);
    expect(batchS).toBeGreaterThan(0);
    // Each batch ends before the next one begins.
    expect(batchS).toBeLessThanOrEqual(tookMs / 1000);
  });
});
