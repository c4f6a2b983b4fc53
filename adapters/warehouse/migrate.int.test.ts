import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openChdbWarehouse } from './chdb-warehouse.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations.ts';
import type { Warehouse } from './warehouse.ts';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-migrate-'));
let warehouse: Warehouse;

beforeAll(async () => {
  warehouse = await openChdbWarehouse({ path: join(folder, 'warehouse') });
});
afterAll(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});

const line = (row: object) => `${JSON.stringify(row)}\n`;

/** As the first two steps left it: what every release before the third has. */
async function migrateTwoSteps(): Promise<void> {
  await warehouse.command('CREATE DATABASE tollgate');
  await warehouse.command(
    `CREATE TABLE tollgate.migration (version UInt32, name String)
     ENGINE = MergeTree ORDER BY version SETTINGS fsync_after_insert = 1`,
  );
  for (const [index, { name, statements }] of migrations.slice(0, 2).entries()) {
    for (const statement of statements) await warehouse.command(statement);
    await warehouse.insertLines('tollgate.migration', line({ version: index + 1, name }));
  }
}

/** A closed bucket in the roll-ups, and an event of the open one in raw. */
async function addUsage(): Promise<void> {
  const quantities = { input_tokens: 7, requests: 1 };
  const at = { log: 0, partition: 3 };
  const bucket = 1_767_225_600;
  const dimensions = { customer_id: 'cus_1', model: 'm', type: 'attempt', status: 'ok' };
  const sums = { ...quantities, events: 2, cost: '0.5', unpriced_events: 1 };
  await warehouse.insertLines(
    'tollgate.rollup_15m',
    line({ ...at, version: 9, bucket, ...dimensions, ...sums }),
  );
  await warehouse.insertLines('tollgate.seam', line({ ...at, seam: bucket + 900 }));
  await warehouse.insertLines(
    'tollgate.raw_usage',
    line({
      ...{ ...at, offset: 9, disposition: 'counted', id: 'e', type: 'attempt', status: 'ok' },
      ...{ customer_id: 'cus_1', model_served: 'm', ...quantities, cost: '0.25' },
      time: new Date((bucket + 900) * 1000).toISOString(),
    }),
  );
}

type Shown = { columns: { name: string; type: string }[]; rows: unknown[] };

/** Some columns of a view with what they show; all of them by default. */
async function shown(view: string, columns = '*'): Promise<Shown> {
  const sql = `SELECT ${columns} FROM tollgate.${view}`;
  const { columns: found } = await warehouse.select(sql, BOUNDS);
  return { columns: found, rows: await warehouse.query(`${sql} ORDER BY ALL`) };
}

const namesOf = ({ columns }: Shown) => columns.map(({ name }) => name).join(', ');

const BOUNDS = {
  rowsMax: 1,
  resultBytesMax: 1_000_000,
  secondsMax: 5,
  memoryBytesMax: 100_000_000,
  threadsMax: 1,
};

it('a warehouse of an earlier release keeps its steps, its views and what they show', async () => {
  await migrateTwoSteps();
  await addUsage();
  const [hourly, daily] = [await shown('usage_hourly'), await shown('usage_daily')];
  expect(await migrate(warehouse)).toBe(migrations.length - 2);
  expect(await shown('usage_hourly', namesOf(hourly))).toEqual(hourly);
  expect(await shown('usage_quarter_hourly', namesOf(hourly))).toEqual(hourly);
  expect(await shown('usage_daily', namesOf(daily))).toEqual(daily);
  expect(hourly.rows).toHaveLength(2);
  const steps = await warehouse.query('SELECT * FROM tollgate.migration ORDER BY version');
  expect(steps).toEqual(migrations.map(({ name }, index) => ({ version: index + 1, name })));
});

it('a step that was interrupted before it was recorded runs again', async () => {
  const views = ['usage_quarter_hourly', 'usage_hourly', 'usage_daily'];
  const before = await Promise.all(views.map((view) => shown(view)));
  await warehouse.command('TRUNCATE TABLE tollgate.migration');
  expect(await migrate(warehouse)).toBe(migrations.length);
  expect(await migrate(warehouse)).toBe(0);
  expect(await Promise.all(views.map((view) => shown(view)))).toEqual(before);
  expect(before[0]?.rows).toHaveLength(2);
});
