/** I5: roll-ups are the sum of counted rows, in any batch size, wherever the seam is. */
import { describe, expect, it } from 'vitest';
import { attempt } from './testing/projector-house.ts';
import { useProjectors } from './testing/use-projectors.ts';

const projectors = useProjectors();

const content = () =>
  projectors().house.warehouse.query(
    `SELECT * EXCEPT (insert_epoch, leaf_hash), hex(leaf_hash) AS leaf FROM tollgate.raw_usage
     ORDER BY log, partition, \`offset\``,
  );

describe('roll-ups', () => {
  it('I5: other batch sizes give the same rows, and roll-ups are the sum of counted rows', async () => {
    const events = Array.from({ length: 60 }, (_, i) =>
      attempt(
        { customer_id: `cus_${i % 5}`, cost: '12345678901234567890.123456789012' },
        Date.now() - (i % 7) * 3_600_000,
      ),
    );
    await projectors().house.append([...events, ...events.slice(0, 10), 'junk']);
    const first = await projectors().start('p1', { limits: { batchRecordsMax: 7 } });
    await projectors().settled();
    const rows = await content();
    await first.stop();
    for (const table of ['raw_usage', 'rollup_15m', 'dirty_bucket']) {
      await projectors().house.warehouse.command(`TRUNCATE TABLE tollgate.${table}`);
    }
    const fresh = { ...projectors().house.log, committed: async () => [] };
    await projectors().start('p2', {
      limits: { batchRecordsMax: 1000, rollupEveryMs: 0 },
      log: fresh,
    });
    await projectors().settled();
    const strip = (row: Record<string, unknown>) => ({ ...row, dead_reason: null });
    expect((await content()).map(strip)).toEqual(rows.map(strip));
    const raw = await projectors().house.warehouse.query(
      'SELECT toString(sum(cost)) AS cost, count() AS n FROM tollgate.usage_events',
    );
    // Late buckets show in the roll-ups after the next pass.
    await expect
      .poll(
        () =>
          projectors().house.warehouse.query(
            'SELECT toString(sum(cost)) AS cost, sum(events) AS n FROM tollgate.usage_hourly',
          ),
        { timeout: 10_000 },
      )
      .toEqual(raw);
  });

  it('a seam that another clock has moved ahead hides nothing', async () => {
    const first = await projectors().start('p1');
    await projectors().house.append([attempt()]);
    await projectors().settled();
    await first.stop();
    const partition = (await projectors().house.log.ends()).indexOf(1n);
    const ahead = Math.floor(Date.now() / 900_000) * 900 + 3_600;
    const line = `{"log":0,"partition":${partition},"seam":${ahead}}\n`;
    await projectors().house.warehouse.insertLines('tollgate.seam', line);
    const second = await projectors().start('p2');
    await projectors().house.append([attempt(), attempt({}, Date.now() - 3_600_000)]);
    await second.caughtUp();
    const [row] = await projectors().house.warehouse.query(
      'SELECT sum(events) AS n FROM tollgate.usage_hourly',
    );
    expect(row).toEqual({ n: '3' });
  });

  it('I5: an event at exactly the offset that was rolled up to is rolled up too', async () => {
    const earlier = Date.now() - 3_600_000;
    const projector = await projectors().start('p1');
    const rolledUp = async () => {
      await projector.caughtUp();
      return projectors().house.warehouse.query(
        'SELECT sum(events) AS n FROM tollgate.rollup_15m FINAL',
      );
    };
    await projectors().house.append([attempt({}, earlier)]);
    expect(await rolledUp()).toEqual([{ n: '1' }]);
    await projectors().house.append([attempt({}, earlier)]);
    expect(await rolledUp()).toEqual([{ n: '2' }]);
  });
});
