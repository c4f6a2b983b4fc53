import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChdbWarehouse } from './chdb-warehouse.ts';
import type { SelectBounds, Warehouse } from './warehouse.ts';

const BOUNDS: SelectBounds = {
  rowsMax: 3,
  resultBytesMax: 1_000_000,
  secondsMax: 5,
  memoryBytesMax: 100_000_000,
  threadsMax: 1,
};

const folder = mkdtempSync(join(tmpdir(), 'tollgate-warehouse-'));
let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await openChdbWarehouse({ path: join(folder, 'warehouse') });
  await warehouse.command('CREATE DATABASE tollgate');
});
afterAll(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the embedded warehouse', () => {
  it('I10: what a failed query had read is in no later answer', async () => {
    const failing = `SELECT number, throwIf(number = 200000) FROM
      (SELECT number FROM numbers(300000) SETTINGS max_block_size = 1000, max_threads = 1)`;
    const later: unknown[] = [];
    // More often than there are readers.
    for (let i = 0; i < 6; i++) {
      await expect(warehouse.query(failing)).rejects.toMatchObject({ code: '395' });
      later.push(await warehouse.query('SELECT 1 AS one'));
      later.push((await warehouse.select('SELECT 1 AS one', BOUNDS)).rows);
    }
    expect(later).toEqual(Array.from({ length: 6 }, () => [[{ one: 1 }], [[1]]]).flat());
  });

  it('a bounded SELECT tells columns, types and that there are more rows, in order', async () => {
    const sql = `SELECT number AS n, toDecimal64(number, 2) AS d, toDateTime64(number, 3, 'UTC') AS t
      FROM numbers_mt(200000) ORDER BY n DESC`;
    const table = await warehouse.select(sql, BOUNDS);
    expect(table.columns).toEqual([
      { name: 'n', type: 'UInt64' },
      { name: 'd', type: 'Decimal(18, 2)' },
      { name: 't', type: "DateTime64(3, 'UTC')" },
    ]);
    expect(table.rows.map(([n]) => n)).toEqual(['199999', '199998', '199997', '199996']);
    expect(table.rows[0]).toEqual(['199999', '199999.00', '1970-01-03T07:33:19.000Z']);
  });

  it('bounds hold for every part of a query, and leave no setting behind', async () => {
    const parts = "SELECT getSetting('readonly') AS r, getSetting('max_threads') AS m";
    const { rows } = await warehouse.select(`${parts} UNION ALL ${parts}`, BOUNDS);
    const unbounded = await warehouse.query<{ r: number }>("SELECT getSetting('readonly') AS r");
    const endless = 'SELECT count() FROM numbers(1e12)';
    const large = 'SELECT groupArray(number) FROM numbers(1e9)';
    const wide = "SELECT repeat('x', 100000) FROM numbers(100) LIMIT 50";
    const small = { ...BOUNDS, secondsMax: 1 };
    expect([rows, unbounded]).toEqual([
      [
        [1, 1],
        [1, 1],
      ],
      [{ r: 0 }],
    ]);
    await expect(warehouse.select(endless, small)).rejects.toMatchObject({ code: '159' });
    await expect(warehouse.select(large, BOUNDS)).rejects.toMatchObject({ code: '241' });
    await expect(
      warehouse.select(wide, { ...BOUNDS, rowsMax: 50, resultBytesMax: 1_000 }),
    ).rejects.toMatchObject({ code: '396' });
  });

  it.each([1, 20_000])('an insert of %i rows is all or none, and leaves no file', async (count) => {
    await warehouse.command(
      'CREATE OR REPLACE TABLE tollgate.row (n UInt64, t String) ENGINE = MergeTree ORDER BY n',
    );
    const lines = (last: string) =>
      `${Array.from({ length: count }, (_, n) => `{"n":${n},"t":"Zoë 'q' \\t"}\n`).join('')}${last}`;
    for (const bad of ['{"n":1,"t":"","u":1}\n', '{"n":1,"t":null}\n', '{"n":"x","t":""}\n']) {
      await expect(warehouse.insertLines('tollgate.row', lines(bad))).rejects.toThrow();
    }
    await warehouse.insertLines('tollgate.row', lines(''));
    const stored = await warehouse.query('SELECT count() AS c, any(t) AS t FROM tollgate.row');
    const parts = await warehouse.query(
      "SELECT count() AS c FROM system.parts WHERE table = 'row' AND active",
    );
    expect([stored, parts, readdirSync(folder)]).toEqual([
      [{ c: String(count), t: "Zoë 'q' \t" }],
      [{ c: '1' }],
      ['warehouse'],
    ]);
  });

  it('a syntax tree is read from the text alone: nothing is analysed, nothing is run', async () => {
    const tree = await warehouse.syntaxTree("SELECT file('a\\nb') AS x FROM nowhere");
    expect(tree.map((line) => line.trim())).toEqual([
      'SelectWithUnionQuery (children 1)',
      'ExpressionList (children 1)',
      'SelectQuery (children 2)',
      'ExpressionList (children 1)',
      'Function file (alias x) (children 1)',
      'ExpressionList (children 1)',
      "Literal 'a\\nb'",
      'TablesInSelectQuery (children 1)',
      'TablesInSelectQueryElement (children 1)',
      'TableExpression (children 1)',
      'TableIdentifier nowhere',
    ]);
  });
});
