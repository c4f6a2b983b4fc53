/** I2, I4: a partition that changes hands, torn batches included, has each offset once. */
import { describe, expect, it } from 'vitest';
import { heldAtFence } from './testing/held-warehouse.ts';
import { attempt } from './testing/projector-house.ts';
import { useProjectors } from './testing/use-projectors.ts';

const projectors = useProjectors();

describe('a partition that is claimed', () => {
  it('I2, I4: two projectors, the first held before its insert: nothing doubled, it notices', async () => {
    const { warehouse, atFence, release } = heldAtFence(projectors().house.warehouse);
    const first = await projectors().house.start('p1', { warehouse });
    const events = Array.from({ length: 50 }, (_, i) => attempt({ customer_id: `cus_${i}` }));
    await projectors().house.append(events);
    await atFence;
    await projectors().start('p2');
    await projectors().settled();
    release();
    const end = await Promise.race([first.ended, first.caughtUp().then(() => 'not fenced')]);
    await first.stop();
    expect([end, await projectors().dispositions()]).toEqual([
      'fenced',
      [{ d: 'counted', n: '50' }],
    ]);
  });

  it('I2: an insert that stored half of its rows is completed, by the intent that was recorded before', async () => {
    const torn = { ...projectors().house.warehouse };
    torn.command = async (sql) => {
      if (!sql.includes('INSERT INTO tollgate.raw_usage'))
        return projectors().house.warehouse.command(sql);
      torn.command = projectors().house.warehouse.command;
      await projectors().house.warehouse.command(
        sql.replace('SETTINGS', 'AND `offset` % 2 = 0 SETTINGS'),
      );
      throw new Error('the connection broke');
    };
    await projectors().house.append(Array.from({ length: 20 }, () => attempt()));
    await projectors().start('p1', { warehouse: torn });
    await projectors().settled();
    const [row] = await projectors().house.warehouse.query(
      'SELECT count() AS n, uniqExact(`offset`) AS offsets FROM tollgate.raw_usage',
    );
    expect(row).toEqual({ n: '20', offsets: '20' });
    expect(projectors().house.warnings).toEqual([
      'projecting failed; trying again: the connection broke',
    ]);
  });

  it('inserts what a torn batch lacks, under a new epoch', async () => {
    const first = await projectors().start('p1');
    await projectors().house.append(Array.from({ length: 20 }, () => attempt()));
    await projectors().settled();
    await first.stop();
    await projectors().house.warehouse.command(
      'ALTER TABLE tollgate.raw_usage DELETE WHERE `offset` IN (3, 7, 19) SETTINGS mutations_sync = 2',
    );
    const ends = await projectors().house.log.ends();
    const partition = ends.indexOf(20n);
    const metadata = JSON.stringify({ epoch: '1', first: '0', last: '19' });
    await projectors().house.log.commit('projector', [{ partition, offset: 0n, metadata }]);
    await projectors().start('p2');
    await projectors().settled();
    expect(await projectors().offsets()).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('I2: does not go beyond a torn offset that the broker cannot give yet', async () => {
    await projectors().house.append([attempt(), attempt(), attempt()]);
    const partition = (await projectors().house.log.ends()).indexOf(3n);
    const metadata = JSON.stringify({ epoch: '1', first: '0', last: '2' });
    await projectors().house.log.commit('projector', [{ partition, offset: 0n, metadata }]);
    let isShy = true;
    const log = { ...projectors().house.log };
    log.read = async (page) => {
      if (page.offset !== 1n || !isShy) return projectors().house.log.read(page);
      isShy = false;
      return [];
    };
    await expect(projectors().house.start('p1', { log })).rejects.toThrow('cannot be read yet');
    await projectors().start('p2', { log });
    await projectors().house.append([attempt()]);
    await projectors().settled();
    expect(await projectors().offsets()).toEqual([0, 1, 2, 3]);
  });

  it('I2: fills what tore later than the last intent says, when an older one came behind it', async () => {
    const first = await projectors().start('p1');
    await projectors().house.append(Array.from({ length: 8 }, () => attempt()));
    await projectors().settled();
    await first.stop();
    await projectors().house.warehouse.command(
      'ALTER TABLE tollgate.raw_usage DELETE WHERE `offset` IN (1, 4, 6) SETTINGS mutations_sync = 2',
    );
    const partition = (await projectors().house.log.ends()).indexOf(8n);
    const metadata = JSON.stringify({ epoch: '1', first: '0', last: '2' });
    await projectors().house.log.commit('projector', [{ partition, offset: 0n, metadata }]);
    await projectors().start('p2');
    await projectors().house.append([attempt()]);
    await projectors().settled();
    expect(await projectors().offsets()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });
});
