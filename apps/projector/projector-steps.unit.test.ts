/**
 * What the projector's loop does while something else is still under way, and what it waits for
 * (docs/design.md, Projection).
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Projector } from './projector.ts';
import { assignment, MemoryProjectors, turns } from './testing/memory-projectors.ts';

let stores: MemoryProjectors;
beforeEach(() => {
  stores = new MemoryProjectors();
});
afterEach(() => stores.stopAll());

const STAGES = ['stage_p1_0', 'stage_keys_p1_0', 'stage_p1_1', 'stage_keys_p1_1'];
const MADE = [
  ...STAGES.map((table) => `drop ${table}`),
  ...STAGES.map((table) => `create ${table}`),
];

/** Everything has its row, and the projector has ended. */
async function finished(projector: Projector): Promise<void> {
  await projector.caughtUp();
  await projector.stop();
}

describe('a projector that starts', () => {
  it('I2, I4: claims before it looks, and looks before it rolls up or reads', async () => {
    stores.warehouse.answers.set('system.tables', () => [{ name: 'stage_old_0' }]);
    const projector = await stores.start();
    await projector.caughtUp();
    const steps = [
      'ask system.tables',
      'drop stage_old_0',
      'drop stage_rollup_p1',
      'create stage_rollup_p1',
      ...MADE,
      'insert fence',
      'ask system.processes',
      'ask log_progress',
      'insert seam',
      'ask seam',
      'ask dirty_bucket',
      'insert seam',
    ];
    expect(stores.warehouse.done.slice(0, steps.length)).toEqual(steps);
    expect(stores.log.done.slice(0, 2)).toEqual(['committed', 'ends']);
  });

  it('knows at once how far it is behind', async () => {
    await stores.append(1, 3);
    const projector = await stores.start();
    expect(projector.lag()).toBe(3n);
  });

  it('I2: refuses a warehouse that lacks rows, before anybody is told that it runs', async () => {
    await stores.append(0, 3);
    await finished(await stores.start({ batchRecordsMax: 1 }));
    stores.warehouse.stored.shift();
    await expect(stores.start()).rejects.toThrow('rebuild the warehouse');
  });

  it.each(['ask system.tables', 'create stage_rollup_p1', 'create stage_p1_1', 'insert seam'])(
    'fails where "%s" fails',
    async (statement) => {
      stores.warehouse.before = (next) => {
        if (next === statement) throw new Error('away');
      };
      await expect(stores.start()).rejects.toThrow('away');
    },
  );

  it('I2: writes the one record that a torn batch lacks before it goes on', async () => {
    await stores.append(0, 2);
    await finished(await stores.start());
    stores.warehouse.stored.pop();
    await stores.append(0, 1);
    await (await stores.start()).caughtUp();
    expect(stores.warehouse.places()).toEqual(['0/0', '0/1', '0/2']);
    expect(stores.warehouse.stored.map((row) => row.insert_epoch)).toEqual([1, 2, 2]);
  });

  it('I2: does not run before a torn batch is whole', async () => {
    await stores.append(0, 2);
    await finished(await stores.start());
    stores.warehouse.stored.pop();
    stores.warehouse.before = (next) => {
      if (next === 'insert raw_usage') throw new Error('away');
    };
    await expect(stores.start()).rejects.toThrow('away');
  });
});

describe('while a batch is written', () => {
  it('the next one is staged', async () => {
    const { reached, release } = stores.hold('insert raw_usage');
    await stores.append(0, 2);
    const projector = await stores.start({ batchRecordsMax: 1 });
    await reached;
    await turns();
    expect(stores.warehouse.done.at(-1)).toBe('load stage_p1_1');
    release();
    await projector.caughtUp();
    expect(stores.warehouse.places()).toEqual(['0/0', '0/1']);
  });

  it('I2: a new assignment waits for it, and forgets what was staged behind it', async () => {
    const { ownership, current } = assignment(1, [0, 1]);
    const { reached, release } = stores.hold('insert raw_usage');
    await stores.append(0, 3);
    const projector = await stores.start({ batchRecordsMax: 1 }, { ownership });
    await reached;
    await turns();
    Object.assign(current, { generation: 2, partitions: [0] });
    release();
    await projector.caughtUp();
    expect(stores.warehouse.places()).toEqual(['0/0', '0/1', '0/2']);
    expect([stores.warehouse.claims(0), projector.owned()]).toEqual([1, [0]]);
  });

  it('I2: a new assignment waits until nothing is staged any more', async () => {
    const { ownership, current } = assignment(1, [0, 1]);
    const { reached, release } = stores.hold('load stage_p1_1');
    await stores.append(0, 3);
    const projector = await stores.start({ batchRecordsMax: 1 }, { ownership });
    await reached;
    Object.assign(current, { generation: 2, partitions: [0, 1, 2] });
    await turns();
    expect(stores.warehouse.places()).toEqual(['0/0']);
    expect([stores.count('create stage_p1_1'), stores.warehouse.claims(2)]).toEqual([1, 0]);
    release();
    await projector.caughtUp();
    expect([stores.count('create stage_p1_1'), stores.warehouse.claims(2)]).toEqual([2, 1]);
    expect(stores.warehouse.places()).toEqual(['0/0', '0/1', '0/2']);
  });

  it('I2: a new assignment waits until nothing is read any more', async () => {
    const { ownership, current } = assignment(1, [0, 1]);
    const { promise: held, resolve: give } = Promise.withResolvers<void>();
    const { reached, release } = stores.hold('insert raw_usage');
    await stores.append(0, 6);
    // Far ahead: the batch that is staged meanwhile does not wait for it.
    stores.log.before = (call) =>
      call === 'read' && stores.log.reads.length > 3 ? held : undefined;
    const projector = await stores.start({ batchRecordsMax: 1 }, { ownership });
    await reached;
    await turns();
    Object.assign(current, { generation: 2, partitions: [0, 1, 2] });
    release();
    await turns();
    expect(stores.warehouse.places()).toEqual(['0/0']);
    expect([stores.log.running, stores.warehouse.claims(2)]).toEqual([1, 0]);
    give();
    await projector.caughtUp();
    expect(stores.warehouse.claims(2)).toBe(1);
    expect(stores.warehouse.places()).toHaveLength(6);
  });

  it('a stop waits for it, and leaves no staging table', async () => {
    const { reached, release } = stores.hold('insert raw_usage');
    await stores.append(0, 3);
    const projector = await stores.start({ batchRecordsMax: 1 });
    await reached;
    const stopped = projector.stop();
    await turns();
    expect([stores.count('drop stage_p1_0'), stores.count('drop stage_rollup_p1')]).toEqual([1, 1]);
    release();
    await stopped;
    expect(stores.warehouse.places()).toEqual(['0/0']);
    expect(await projector.ended).toBe('stopped');
    const tables = [...STAGES, 'stage_rollup_p1'];
    expect(stores.warehouse.done.slice(-5)).toEqual(tables.map((table) => `drop ${table}`));
  });

  it('a stop waits until nothing is staged or read: the stores may be closed', async () => {
    const { reached, release } = stores.hold('load stage_p1_1');
    await stores.append(0, 5);
    const projector = await stores.start({ batchRecordsMax: 1 });
    await reached;
    const stopped = projector.stop();
    await turns();
    expect(stores.count('drop stage_p1_0')).toBe(1);
    release();
    await stopped;
    const { length } = stores.warehouse.done;
    await turns();
    expect([stores.warehouse.done.length, stores.log.running]).toEqual([length, 0]);
  });

  it('I2: a batch behind it that cannot be staged is met in its turn, and by nobody before', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    let failures = 1;
    stores.warehouse.before = (next) => {
      if (next === 'load stage_p1_1' && failures-- > 0) throw new Error('away');
      return next === 'insert raw_usage' ? held : undefined;
    };
    await stores.append(0, 2);
    const projector = await stores.start({ batchRecordsMax: 1 });
    await turns();
    process.off('unhandledRejection', note);
    expect([unhandled, stores.warnings]).toEqual([[], []]);
    release();
    await projector.caughtUp();
    expect(stores.warehouse.places()).toEqual(['0/0', '0/1']);
    expect(stores.warnings).toHaveLength(1);
  });
});

describe('a caller that waits', () => {
  it('is told of what came before its call, though nothing more was there when it was looked', async () => {
    const { reached, release } = stores.hold('insert raw_usage');
    await stores.append(0, 1);
    const projector = await stores.start();
    await reached;
    await turns();
    await stores.append(0, 1);
    const caughtUp = projector.caughtUp();
    release();
    await caughtUp;
    expect(stores.warehouse.places()).toEqual(['0/0', '0/1']);
  });

  it('is not answered by a pass that began before its call', async () => {
    const projector = await stores.start();
    await projector.caughtUp();
    const { reached, release } = stores.hold('ask dirty_bucket');
    let first = false;
    const earlier = projector.caughtUp().then(() => {
      first = true;
    });
    await reached;
    await stores.append(0, 1);
    const later = projector.caughtUp();
    release();
    await later;
    expect([first, stores.warehouse.places()]).toEqual([true, ['0/0']]);
    await earlier;
  });
});
