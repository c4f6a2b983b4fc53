/** How the engine reads the events of a snapshot. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openEmptyWarehouse } from '../testing/empty-warehouse.ts';
import type { Warehouse } from '../warehouse.ts';
import { pageOfEvents } from './snapshot-events.ts';

let folder: string;
let warehouse: Warehouse;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-events-'));
  warehouse = await openEmptyWarehouse(join(folder, 'warehouse'));
});
afterAll(async () => {
  await warehouse?.close();
  rmSync(folder, { recursive: true, force: true });
});

it('reads a page in the order of the table, so that a page costs the same wherever it is in the file', async () => {
  await warehouse.command(`INSERT INTO tollgate.raw_usage
    (log, partition, \`offset\`, disposition, id, type, customer_id, cost, time, recorded_at)
    SELECT 0, 0, number, 'counted', toString(number), 'attempt', 'cus_1', toDecimal128('1', 12),
      fromUnixTimestamp64Milli(toInt64(1790000000000 + number), 'UTC'), now64(3, 'UTC')
    FROM numbers(20)`);
  const set = {
    ...{ customerId: 'cus_1', endMs: 1_800_000_000_000, logs: [{ log: 0, ends: ['20'] }] },
    previous: { endMs: 1_790_000_000_002, logs: [{ log: 0, ends: ['20'] }] },
  };
  const plan: string[] = [];
  const explaining = {
    query: async (sql: string, params: Record<string, unknown>) => {
      const rows = await warehouse.query(`EXPLAIN PIPELINE ${sql}`, params);
      plan.push(...rows.map((row) => String(Object.values(row)[0])));
      return [];
    },
  } as unknown as Warehouse;
  const after = { timeMs: 1_790_000_000_004, log: 0, partition: 0, offset: '4' };
  await pageOfEvents(explaining, set, { after, rows: 5 });
  expect(plan.join('\n')).toContain('algorithm: InOrder');
  const page = await pageOfEvents(warehouse, set, { after, rows: 5 });
  expect(page.map(({ place }) => place.offset)).toEqual(['5', '6', '7', '8', '9']);
});
