/** I1: every record has a row: what cannot be read is dead, and nothing near it is. */
import { WarehouseError } from '@tollgate/adapters/warehouse/warehouse-error.ts';
import { describe, expect, it } from 'vitest';
import { attempt } from './testing/projector-house.ts';
import { useProjectors } from './testing/use-projectors.ts';

const projectors = useProjectors();

describe('a record that cannot be read', () => {
  it('I1: a record that is far longer than the others of its batch is a row like them', async () => {
    const external_data = JSON.stringify({ text: 'ü'.repeat(10_000) });
    const long = { type: 'external', source: 'collector', external_data } as const;
    await projectors().house.append([attempt(), attempt({ ...long, id: 'x-1' }), attempt()]);
    await projectors().house.append([attempt({ ...long, id: 'x-2' })]);
    await projectors().start('p1');
    await projectors().settled();
    expect(await projectors().dispositions()).toEqual([{ d: 'counted', n: '4' }]);
    const [row] = await projectors().house.warehouse.query<{ n: string; same: number }>(
      `SELECT count() AS n, min(external_data = {external_data:String}) AS same
       FROM tollgate.raw_usage WHERE type = 'external'`,
      { external_data },
    );
    expect(row).toEqual({ n: '2', same: 1 });
  });

  it('keeps what does not parse as a dead row and a dead letter, and goes on', async () => {
    await projectors().start('p1');
    const huge = JSON.stringify(attempt()).replace('"attempt":1', '"attempt":1000');
    const twice = JSON.stringify(attempt()).replace('"cost":', '"cost":"9.000000000000","cost":');
    await projectors().house.append(['not json', huge, twice, attempt(), '{"id":1}']);
    await projectors().settled();
    const letters = await projectors().house.deadLetters.ends();
    expect(await projectors().dispositions()).toEqual([
      { d: 'counted', n: '1' },
      { d: 'dead', n: '4' },
    ]);
    expect(letters.reduce((sum, end) => sum + end, 0n)).toBe(4n);
  });

  it('I1: half of a surrogate pair makes no record dead, nor a dead one a halt', async () => {
    const fault = JSON.stringify(attempt()).replace('{', `{"\\ud83d${'x'.repeat(470)}😀😀":1,`);
    await projectors().house.append([attempt({ end_user: 'a\ud83d' }), fault, attempt()]);
    const cut = JSON.stringify(attempt()).replace('{', `{"${'x'.repeat(470)}😀😀":1,`);
    await projectors().house.append([cut]);
    await projectors().start('p1');
    await projectors().settled();
    expect(await projectors().dispositions()).toEqual([
      { d: 'counted', n: '2' },
      { d: 'dead', n: '2' },
    ]);
  });

  it('I2: a collector’s name with half of a surrogate pair is dead: it would be another’s key', async () => {
    const external = (fields: object) =>
      attempt({ type: 'external', source: 'collector', call_id: null, attempt: 0, ...fields });
    await projectors().house.append([
      external({ id: 'a\ud800' }),
      external({ id: 'a\udbff' }),
      external({ id: 'e', tags: { 'a\ud800': 'x' } }),
      external({ id: 'e', environment: '\ud800' }),
      // Six characters, and a pair.
      external({ id: 'a\\ud800' }),
      external({ id: 'a😀' }),
    ]);
    await projectors().start('p1');
    await projectors().settled();
    expect(await projectors().dispositions()).toEqual([
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
      await projectors().house.append([unreadable, attempt(), first, first, attempt(fields)]);
      await projectors().start('p1', { limits: { batchRecordsMax: n } });
      await projectors().settled();
      const rows = await projectors().house.warehouse.query<{ d: string }>(
        `SELECT toString(disposition) AS d FROM tollgate.raw_usage
       ORDER BY partition, \`offset\``,
      );
      expect(rows.map(({ d }) => d)).toEqual(['dead', 'counted', 'counted', 'duplicate', 'dead']);
    },
  );

  // The batch, the batch again, each half: four refused connections made dead letters of two records.
  it('I1: keeps a good record that could not be staged while the warehouse was away', async () => {
    let away = 4;
    const { warehouse } = projectors().house;
    const loadLines: typeof warehouse.loadLines = (table, lines) => {
      if (!table.startsWith('tollgate.stage_p') || away === 0) {
        return warehouse.loadLines(table, lines);
      }
      away--;
      return Promise.reject(new WarehouseError('ECONNREFUSED', 'connect ECONNREFUSED'));
    };
    await projectors().house.append([attempt(), attempt()]);
    const projector = await projectors().start('p1', {
      warehouse: { ...warehouse, loadLines },
      limits: { retryMs: { first: 1, max: 1 } },
    });
    // Who waits is not forgotten with the batch that failed.
    await projector.caughtUp();
    await projectors().settled();
    expect(await projectors().dispositions()).toEqual([{ d: 'counted', n: '2' }]);
    expect(away).toBe(0);
  });
});
