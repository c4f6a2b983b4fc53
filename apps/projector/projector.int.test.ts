import { WarehouseError } from '@tollgate/adapters/warehouse/warehouse-error.ts';
import { unknownQuantities } from '@tollgate/domain/usage/quantities.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Projector } from './projector.ts';
import { attempt, type House, openHouse } from './testing/projector-house.ts';

let house: House;
let projectors: Projector[];
beforeEach(async () => {
  house = await openHouse();
  projectors = [];
});
afterEach(async () => {
  for (const projector of projectors) await projector.stop();
  await house.close();
});

async function start(...options: Parameters<House['start']>): Promise<Projector> {
  const projector = await house.start(...options);
  projectors.push(projector);
  return projector;
}

/** Until every record has its row, within a deadline that only a defect reaches. */
async function settled(): Promise<void> {
  const total = (await house.log.ends()).reduce((sum, end) => sum + end, 0n);
  const deadlineMs = Date.now() + 20_000;
  for (;;) {
    const [row] = await house.warehouse.query<{ n: string }>(
      'SELECT count() AS n FROM tollgate.raw_usage',
    );
    if (BigInt(row?.n ?? 0) >= total) return;
    if (Date.now() > deadlineMs) throw new Error(`no rows: ${house.warnings.join('; ')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const dispositions = () =>
  house.warehouse.query<{ d: string; n: string }>(
    `SELECT toString(disposition) AS d, count() AS n FROM tollgate.raw_usage
     GROUP BY d ORDER BY d`,
  );
const content = () =>
  house.warehouse.query(
    `SELECT * EXCEPT (insert_epoch, leaf_hash), hex(leaf_hash) AS leaf FROM tollgate.raw_usage
     ORDER BY log, partition, \`offset\``,
  );

const offsets = async () => {
  const rows = await house.warehouse.query<{ o: string }>(
    'SELECT toString(`offset`) AS o FROM tollgate.raw_usage ORDER BY `offset`',
  );
  return rows.map(({ o }) => Number(o));
};

describe('the projector', () => {
  it('I2: an event that is delivered five times counts once, in any batch', async () => {
    await start('p1', { limits: { batchRecordsMax: 3 } });
    const event = attempt();
    await house.append([event, event, attempt()]);
    await settled();
    await house.append([event, attempt(), event, event]);
    await settled();
    expect(await dispositions()).toEqual([
      { d: 'counted', n: '3' },
      { d: 'duplicate', n: '4' },
    ]);
  });

  it('I2: a duplicate that comes 40 days later counts zero times, ours and a foreign one', async () => {
    await start('p1');
    const oldMs = Date.now() - 40 * 86_400_000;
    const ours = attempt({}, oldMs);
    const foreign = attempt({ type: 'external', id: 'x-1', source: 'collector' }, oldMs);
    await house.append([ours, foreign]);
    await settled();
    await house.append([attempt(), ours, foreign]);
    await settled();
    expect(await dispositions()).toEqual([
      { d: 'counted', n: '3' },
      { d: 'duplicate', n: '2' },
    ]);
  });

  it('I1: a record that is far longer than the others of its batch is a row like them', async () => {
    const external_data = JSON.stringify({ text: 'ü'.repeat(10_000) });
    const long = { type: 'external', source: 'collector', external_data } as const;
    await house.append([attempt(), attempt({ ...long, id: 'x-1' }), attempt()]);
    await house.append([attempt({ ...long, id: 'x-2' })]);
    await start('p1');
    await settled();
    expect(await dispositions()).toEqual([{ d: 'counted', n: '4' }]);
    const [row] = await house.warehouse.query<{ n: string; same: number }>(
      `SELECT count() AS n, min(external_data = {external_data:String}) AS same
       FROM tollgate.raw_usage WHERE type = 'external'`,
      { external_data },
    );
    expect(row).toEqual({ n: '2', same: 1 });
  });

  it('I10: equal foreign ids of two customers both count', async () => {
    await start('p1');
    const event = attempt({ type: 'external', id: 'x-1', source: 'collector' });
    await house.append([event, { ...event, customer_id: 'cus_2' }]);
    await settled();
    expect(await dispositions()).toEqual([{ d: 'counted', n: '2' }]);
  });

  it('keeps what does not parse as a dead row and a dead letter, and goes on', async () => {
    await start('p1');
    const huge = JSON.stringify(attempt()).replace('"attempt":1', '"attempt":1000');
    const twice = JSON.stringify(attempt()).replace('"cost":', '"cost":"9.000000000000","cost":');
    await house.append(['not json', huge, twice, attempt(), '{"id":1}']);
    await settled();
    const letters = await house.deadLetters.ends();
    expect(await dispositions()).toEqual([
      { d: 'counted', n: '1' },
      { d: 'dead', n: '4' },
    ]);
    expect(letters.reduce((sum, end) => sum + end, 0n)).toBe(4n);
  });

  it('I1: half of a surrogate pair makes no record dead, nor a dead one a halt', async () => {
    const fault = JSON.stringify(attempt()).replace('{', `{"\\ud83d${'x'.repeat(470)}😀😀":1,`);
    await house.append([attempt({ end_user: 'a\ud83d' }), fault, attempt()]);
    const cut = JSON.stringify(attempt()).replace('{', `{"${'x'.repeat(470)}😀😀":1,`);
    await house.append([cut]);
    await start('p1');
    await settled();
    expect(await dispositions()).toEqual([
      { d: 'counted', n: '2' },
      { d: 'dead', n: '2' },
    ]);
  });

  it('I2: a collector’s name with half of a surrogate pair is dead: it would be another’s key', async () => {
    const external = (fields: object) =>
      attempt({ type: 'external', source: 'collector', call_id: null, attempt: 0, ...fields });
    await house.append([
      external({ id: 'a\ud800' }),
      external({ id: 'a\udbff' }),
      external({ id: 'e', tags: { 'a\ud800': 'x' } }),
      external({ id: 'e', environment: '\ud800' }),
      // Six characters, and a pair.
      external({ id: 'a\\ud800' }),
      external({ id: 'a😀' }),
    ]);
    await start('p1');
    await settled();
    expect(await dispositions()).toEqual([
      { d: 'counted', n: '2' },
      { d: 'dead', n: '4' },
    ]);
  });

  it.each([1, 10])(
    'I2: what the engine cannot read decides nothing, in batches of %i',
    async (n) => {
      const first = attempt();
      const unreadable = JSON.stringify(first).replace(
        '"cost":',
        '"cost":"9.000000000000","cost":',
      );
      const fields = { type: 'resolution', resolves_id: first.id } as const;
      await house.append([unreadable, attempt(), first, first, attempt(fields)]);
      await start('p1', { limits: { batchRecordsMax: n } });
      await settled();
      const rows = await house.warehouse.query<{ d: string }>(
        `SELECT toString(disposition) AS d FROM tollgate.raw_usage
       ORDER BY partition, \`offset\``,
      );
      expect(rows.map(({ d }) => d)).toEqual(['dead', 'counted', 'counted', 'duplicate', 'dead']);
    },
  );

  // The batch, the batch again, each half: four refused connections made dead letters of two records.
  it('I1: keeps a good record that could not be staged while the warehouse was away', async () => {
    let away = 4;
    const { warehouse } = house;
    const loadLines: typeof warehouse.loadLines = (table, lines) => {
      if (!table.startsWith('tollgate.stage_p') || away === 0) {
        return warehouse.loadLines(table, lines);
      }
      away--;
      return Promise.reject(new WarehouseError('ECONNREFUSED', 'connect ECONNREFUSED'));
    };
    await house.append([attempt(), attempt()]);
    const projector = await start('p1', {
      warehouse: { ...warehouse, loadLines },
      limits: { retryMs: { first: 1, max: 1 } },
    });
    // Who waits is not forgotten with the batch that failed.
    await projector.caughtUp();
    await settled();
    expect(await dispositions()).toEqual([{ d: 'counted', n: '2' }]);
    expect(away).toBe(0);
  });

  it('counts a resolution only for a resolvable attempt that stands before it, once', async () => {
    await start('p1');
    const unknown = attempt({ ...unknownQuantities(), cost: null, usage_source: 'none' });
    const known = attempt();
    const resolve = (target: string, cost: string) =>
      attempt({ type: 'resolution', resolves_id: target, cost, usage_source: 'reconciled' });
    const first = resolve(unknown.id, '0.500000000000');
    const early = resolve(attempt().id, '0.100000000000');
    await house.append([early, unknown, known, first, first, resolve(known.id, '0.100000000000')]);
    await settled();
    const [sum] = await house.warehouse.query<{ c: string }>(
      'SELECT sum(cost) AS c FROM tollgate.usage_events',
    );
    expect(await dispositions()).toEqual([
      { d: 'counted', n: '3' },
      { d: 'dead', n: '2' },
      { d: 'duplicate', n: '1' },
    ]);
    expect(sum?.c).toBe('0.500001500001');
  });

  it('I5: other batch sizes give the same rows, and roll-ups are the sum of counted rows', async () => {
    const events = Array.from({ length: 60 }, (_, i) =>
      attempt(
        { customer_id: `cus_${i % 5}`, cost: '12345678901234567890.123456789012' },
        Date.now() - (i % 7) * 3_600_000,
      ),
    );
    await house.append([...events, ...events.slice(0, 10), 'junk']);
    const first = await start('p1', { limits: { batchRecordsMax: 7 } });
    await settled();
    const rows = await content();
    await first.stop();
    for (const table of ['raw_usage', 'rollup_15m', 'dirty_bucket']) {
      await house.warehouse.command(`TRUNCATE TABLE tollgate.${table}`);
    }
    const fresh = { ...house.log, committed: async () => [] };
    await start('p2', { limits: { batchRecordsMax: 1000, rollupEveryMs: 0 }, log: fresh });
    await settled();
    const strip = (row: Record<string, unknown>) => ({ ...row, dead_reason: null });
    expect((await content()).map(strip)).toEqual(rows.map(strip));
    const raw = await house.warehouse.query(
      'SELECT toString(sum(cost)) AS cost, count() AS n FROM tollgate.usage_events',
    );
    // Late buckets show in the roll-ups after the next pass.
    await expect
      .poll(
        () =>
          house.warehouse.query(
            'SELECT toString(sum(cost)) AS cost, sum(events) AS n FROM tollgate.usage_hourly',
          ),
        { timeout: 10_000 },
      )
      .toEqual(raw);
  });

  it('I2, I4: two projectors, the first held before its insert: nothing doubled, it notices', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { promise: atPoint, resolve: reached } = Promise.withResolvers<void>();
    const first = await house.start('p1', {
      faultPoint: async (name) => {
        if (name !== 'between_antijoin_and_insert') return;
        reached();
        await held;
      },
    });
    const events = Array.from({ length: 50 }, (_, i) => attempt({ customer_id: `cus_${i}` }));
    await house.append(events);
    await atPoint;
    await start('p2');
    await settled();
    release();
    const end = await Promise.race([first.ended, first.caughtUp().then(() => 'not fenced')]);
    await first.stop();
    expect([end, await dispositions()]).toEqual(['fenced', [{ d: 'counted', n: '50' }]]);
  });

  it('I2: an insert of which half stands is completed, by the intent that was noted before', async () => {
    const torn = { ...house.warehouse };
    torn.command = async (sql) => {
      if (!sql.includes('INSERT INTO tollgate.raw_usage')) return house.warehouse.command(sql);
      torn.command = house.warehouse.command;
      await house.warehouse.command(sql.replace('SETTINGS', 'AND `offset` % 2 = 0 SETTINGS'));
      throw new Error('the connection broke');
    };
    await house.append(Array.from({ length: 20 }, () => attempt()));
    await start('p1', { warehouse: torn });
    await settled();
    const [row] = await house.warehouse.query(
      'SELECT count() AS n, uniqExact(`offset`) AS offsets FROM tollgate.raw_usage',
    );
    expect(row).toEqual({ n: '20', offsets: '20' });
    expect(house.warnings).toEqual(['projecting failed; trying again: the connection broke']);
  });

  it('inserts what a torn batch lacks, under a new epoch', async () => {
    const first = await start('p1');
    await house.append(Array.from({ length: 20 }, () => attempt()));
    await settled();
    await first.stop();
    await house.warehouse.command(
      'ALTER TABLE tollgate.raw_usage DELETE WHERE `offset` IN (3, 7, 19) SETTINGS mutations_sync = 2',
    );
    const ends = await house.log.ends();
    const partition = ends.indexOf(20n);
    const metadata = JSON.stringify({ epoch: '1', first: '0', last: '19' });
    await house.log.commit('projector', [{ partition, offset: 0n, metadata }]);
    await start('p2');
    await settled();
    expect(await offsets()).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('a seam that another clock has moved ahead hides nothing', async () => {
    const first = await start('p1');
    await house.append([attempt()]);
    await settled();
    await first.stop();
    const partition = (await house.log.ends()).indexOf(1n);
    const ahead = Math.floor(Date.now() / 900_000) * 900 + 3_600;
    const line = `{"log":0,"partition":${partition},"seam":${ahead}}\n`;
    await house.warehouse.insertLines('tollgate.seam', line);
    const second = await start('p2');
    await house.append([attempt(), attempt({}, Date.now() - 3_600_000)]);
    await second.caughtUp();
    const [row] = await house.warehouse.query('SELECT sum(events) AS n FROM tollgate.usage_hourly');
    expect(row).toEqual({ n: '3' });
  });

  it('I2: does not go beyond a torn offset that the broker cannot give yet', async () => {
    await house.append([attempt(), attempt(), attempt()]);
    const partition = (await house.log.ends()).indexOf(3n);
    const metadata = JSON.stringify({ epoch: '1', first: '0', last: '2' });
    await house.log.commit('projector', [{ partition, offset: 0n, metadata }]);
    let isShy = true;
    const log = { ...house.log };
    log.read = async (page) => {
      if (page.offset !== 1n || !isShy) return house.log.read(page);
      isShy = false;
      return [];
    };
    await expect(house.start('p1', { log })).rejects.toThrow('cannot be read yet');
    await start('p2', { log });
    await house.append([attempt()]);
    await settled();
    expect(await offsets()).toEqual([0, 1, 2, 3]);
  });

  it('I2: fills what tore later than the last intent says, when an older one came behind it', async () => {
    const first = await start('p1');
    await house.append(Array.from({ length: 8 }, () => attempt()));
    await settled();
    await first.stop();
    await house.warehouse.command(
      'ALTER TABLE tollgate.raw_usage DELETE WHERE `offset` IN (1, 4, 6) SETTINGS mutations_sync = 2',
    );
    const partition = (await house.log.ends()).indexOf(8n);
    const metadata = JSON.stringify({ epoch: '1', first: '0', last: '2' });
    await house.log.commit('projector', [{ partition, offset: 0n, metadata }]);
    await start('p2');
    await house.append([attempt()]);
    await settled();
    expect(await offsets()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });
});
