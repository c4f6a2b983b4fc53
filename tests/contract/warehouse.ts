/**
 * The promises of the port Warehouse, as a suite over a factory: run for every implementation.
 */
import type { SelectBounds, Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

export type WarehouseFactory = {
  /** One empty warehouse for the whole suite; a test makes tables of its own. */
  fresh(): Promise<{ open(): Promise<Warehouse>; dispose(): Promise<void> }>;
};

const BOUNDS: SelectBounds = {
  rowsMax: 3,
  resultBytesMax: 1_000_000,
  secondsMax: 5,
  memoryBytesMax: 100_000_000,
  threadsMax: 1,
};

const DURABLE = 'fsync_after_insert = 1, fsync_part_directory = 1';
/** What may go wrong in transport: quotes, escapes, braces, multi-byte characters, empty text. */
const TEXTS = ["it's", 'a\tb\nc\\d', '{"x":1}', 'ünï 漢字 🚰', '', '{y:String}', '%2F&=+?#', '\\N'];

export function warehouseContract(name: string, factory: WarehouseFactory): void {
  describe(`Warehouse contract: ${name}`, () => {
    let opened: Awaited<ReturnType<WarehouseFactory['fresh']>>;
    let warehouse: Warehouse;
    let tables = 0;
    beforeAll(async () => {
      opened = await factory.fresh();
      warehouse = await opened.open();
      await warehouse.command('CREATE DATABASE IF NOT EXISTS tollgate');
    });
    afterAll(async () => {
      await warehouse.close();
      await opened.dispose();
    });

    const made = async (columns: string): Promise<string> => {
      const table = `tollgate.t${++tables}`;
      await warehouse.command(
        `CREATE TABLE ${table} (${columns}) ENGINE = MergeTree ORDER BY tuple() SETTINGS ${DURABLE}`,
      );
      return table;
    };
    const count = async (table: string, of = warehouse): Promise<number> => {
      const rows = await of.query<{ n: string }>(`SELECT count() AS n FROM ${table}`);
      return Number(rows[0]?.n);
    };

    it('I6: a Parquet file has every row with its type, exact, and null where nothing is known', async () => {
      const table = await made('d Decimal(38, 12), u UInt64, x Nullable(Int64), t String');
      const row = { d: '12345678901234567890.123456789012', u: '18446744073709551615' };
      const lines = TEXTS.map(
        (t) => `{"d":${row.d},"u":${row.u},"x":null,"t":${JSON.stringify(t)}}\n`,
      );
      await warehouse.insertLines(table, lines.join(''));
      const sql = `SELECT d, u, x, t FROM ${table} WHERE t != {none:String} ORDER BY t`;
      const bytes = Buffer.concat(
        await Array.fromAsync(warehouse.parquet(sql, { none: 'none' }), (piece) =>
          Buffer.from(piece),
        ),
      );
      expect([bytes.subarray(0, 4), bytes.subarray(-4)].map(String)).toEqual(['PAR1', 'PAR1']);
      const text = bytes.toString('base64');
      // The engine reads it as it would read a file of somebody else's.
      const found = await warehouse.query<{ d: string; u: string; x: null; t: string }>(
        `SELECT * FROM format(Parquet, base64Decode('${text}')) ORDER BY t`,
      );
      expect(found).toEqual(await warehouse.query(`SELECT d, u, x, t FROM ${table} ORDER BY t`));
    });

    it('a Parquet file of what cannot be read fails before its first byte, and the next one is whole', async () => {
      const table = await made('t String');
      await warehouse.insertLines(table, '{"t":"x"}\n');
      const pieces: unknown[] = [];
      const read = async (sql: string) => {
        for await (const piece of warehouse.parquet(sql)) pieces.push(piece);
      };
      await expect(read(`SELECT throwIf(t = 'x') AS n FROM ${table}`)).rejects.toThrow();
      expect(pieces).toEqual([]);
      await read(`SELECT t FROM ${table}`);
      expect(pieces.length).toBeGreaterThan(0);
    });

    it('I6: decimals and 64-bit integers come back as strings, exact', async () => {
      const table = await made('d Decimal(38, 12), u UInt64, i Int64, w UInt16, x Nullable(Int64)');
      const row = { d: '12345678901234567890.123456789012', u: '18446744073709551615' };
      const line = `{"d":${row.d},"u":${row.u},"i":-9223372036854775808,"w":65535,"x":null}\n`;
      await warehouse.insertLines(table, line);
      expect(await warehouse.query(`SELECT * FROM ${table}`)).toEqual([
        { ...row, i: '-9223372036854775808', w: 65535, x: null },
      ]);
    });

    it('text comes back as it went in, as a row and as a parameter', async () => {
      const table = await made('n UInt32, s String');
      const lines = TEXTS.map((s, n) => `${JSON.stringify({ n, s })}\n`).join('');
      await warehouse.insertLines(table, Buffer.from(lines));
      const rows = await warehouse.query<{ s: string }>(`SELECT s FROM ${table} ORDER BY n`);
      expect(rows.map(({ s }) => s)).toEqual(TEXTS);
      for (const [n, s] of TEXTS.entries()) {
        const sql = `SELECT n, {s:String} AS p FROM ${table} WHERE s = {s:String}`;
        expect(await warehouse.query(sql, { s })).toEqual([{ n, p: s }]);
      }
      const all = await warehouse.query(
        `SELECT count() AS n, {texts:Array(String)} AS texts FROM ${table}
         WHERE s IN {texts:Array(String)}`,
        { texts: TEXTS },
      );
      expect(all).toEqual([{ n: String(TEXTS.length), texts: TEXTS }]);
    });

    it('parameters of every kind, and as many as there are', async () => {
      const big = 2n ** 63n;
      const many = Array.from({ length: 5_000 }, (_, i) => i * 1_000);
      const rows = await warehouse.query(
        `SELECT {u:UInt64} AS u, {f:Float64} AS f, {z:Nullable(String)} IS NULL AS z,
           {b:Bool} AS b, toString({d:Decimal(38, 12)}) AS d,
           arraySum({many:Array(UInt32)}) AS many, {t:DateTime64(3, 'UTC')} AS t`,
        {
          u: big,
          f: 1.5,
          z: null,
          b: true,
          d: '0.000000000001',
          many,
          t: '2026-11-25 10:00:00.123',
        },
      );
      const sum = many.reduce((total, n) => total + n, 0);
      const t = '2026-11-25 10:00:00.123';
      expect(rows).toEqual([
        { u: String(big), f: 1.5, z: 1, b: true, d: '0.000000000001', many: String(sum), t },
      ]);
      await expect(warehouse.query('SELECT {u:UInt64} AS u')).rejects.toMatchObject({
        code: '456',
      });
    });

    it('I8: null where a column takes none, and an unknown field, are refused with all rows', async () => {
      const table = await made('n UInt32, s String');
      const good = Array.from({ length: 20_000 }, (_, n) => `{"n":${n},"s":"x"}\n`).join('');
      for (const bad of ['{"n":1,"s":null}', '{"n":1,"s":"x","y":1}', '{"n":-', '{"n":"x"}']) {
        await expect(warehouse.insertLines(table, `${good}${bad}\n`)).rejects.toMatchObject({
          code: expect.stringMatching(/^\d+$/),
        });
      }
      expect(await count(table)).toBe(0);
      await warehouse.insertLines(table, good);
      await warehouse.insertLines(table, '');
      expect(await count(table)).toBe(20_000);
    });

    it('I8: null is null in a column that takes it; a plain number would make 0 of it', async () => {
      const table = await made('n UInt32, u Nullable(UInt64), i Nullable(Int64), p UInt64');
      await warehouse.insertLines(
        table,
        '{"n":1,"u":null,"i":null,"p":null}\n{"n":2,"u":0,"i":0}\n',
      );
      expect(await warehouse.query(`SELECT u, i, p FROM ${table} ORDER BY n`)).toEqual([
        { u: null, i: null, p: '0' },
        { u: '0', i: '0', p: '0' },
      ]);
    });

    it('commands and inserts run one after another, in the order of calls', async () => {
      const table = await made('n UInt32');
      const writes = Array.from({ length: 10 }, (_, n) => [
        warehouse.insertLines(table, `{"n":${n}}\n`),
        warehouse.command(`INSERT INTO ${table} SELECT 100 * count() + {n:UInt32} FROM ${table}`, {
          n,
        }),
      ]);
      await Promise.all(writes.flat());
      const rows = await warehouse.query<{ n: number }>(`SELECT n FROM ${table} ORDER BY n`);
      const seen = Array.from({ length: 10 }, (_, n) => 100 * (2 * n + 1) + n);
      expect(rows.map(({ n }) => n)).toEqual([...Array(10).keys(), ...seen]);
    });

    it('loads run in order while the writer works, all rows of a load or none', async () => {
      const table = await made('n UInt32');
      const slow = warehouse.command(
        `INSERT INTO ${table} SELECT 1000 + number FROM numbers(2)
         WHERE sleepEachRow(1) = 0 SETTINGS max_block_size = 1`,
      );
      let written = false;
      const ended = slow.then(() => {
        written = true;
      });
      const loads = [1, 2, 3].map((n) => warehouse.loadLines(table, `{"n":${n}}\n`));
      await Promise.all(loads);
      expect(written).toBe(false);
      await ended;
      const torn = warehouse.loadLines(table, '{"n":4}\n{"n":"four"}\n');
      await expect(torn).rejects.toHaveProperty('code', '27');
      const rows = await warehouse.query<{ n: number }>(`SELECT n FROM ${table} ORDER BY n`);
      expect(rows.map(({ n }) => n)).toEqual([1, 2, 3, 1000, 1001]);
    });

    it('loads chunks that are written over when the next one is asked for', async () => {
      const table = await made('n UInt32, text String');
      const chunk = Buffer.alloc(100_000, ' ');
      function* chunks(count: number): Iterable<Uint8Array> {
        for (let n = 0; n < count; n++) {
          chunk.write(`{"n":${n},"text":"${'x'.repeat(50_000)}"}\n`);
          yield chunk;
        }
      }
      // A shorter load after a longer one, and an empty one: nothing of the previous load is left.
      for (const count of [5, 1, 0, 2]) await warehouse.loadLines(table, chunks(count));
      const rows = await warehouse.query<{ n: number; rows: string }>(
        `SELECT n, count() AS rows FROM ${table} WHERE length(text) = 50000 GROUP BY n ORDER BY n`,
      );
      expect(rows.map(({ n, rows }) => `${n}: ${rows}`)).toEqual([
        '0: 3',
        '1: 2',
        '2: 1',
        '3: 1',
        '4: 1',
      ]);
    });

    it('an error has the code of ClickHouse, and what comes after it is not touched', async () => {
      const torn = `SELECT number, throwIf(number = 200000) FROM
        (SELECT number FROM numbers(300000) SETTINGS max_block_size = 1000, max_threads = 1)`;
      const failures = [
        [() => warehouse.query(torn), '395'],
        [() => warehouse.query('SELECT 1 FROM tollgate.nowhere'), '60'],
        [() => warehouse.query('SELEC 1'), '62'],
        [() => warehouse.command('DROP TABLE tollgate.nowhere'), '60'],
        [() => warehouse.insertLines('tollgate.nowhere', '{"n":1}\n'), '60'],
        [() => warehouse.select('SELECT throwIf(1)', BOUNDS), '395'],
        [() => warehouse.syntaxTree('SELEC 1'), '62'],
      ] as const;
      for (const [failing, code] of failures) {
        await expect(failing()).rejects.toMatchObject({ code });
      }
      // I10: more often than there are connections.
      const later = Array.from({ length: 12 }, () => warehouse.query('SELECT 1 AS one'));
      expect(await Promise.all(later)).toEqual(later.map(() => [{ one: 1 }]));
    });

    it('no setting of one statement is seen by another', async () => {
      const seen = () =>
        Promise.all(
          Array.from({ length: 12 }, () =>
            warehouse.query("SELECT getSetting('max_threads') AS m, getSetting('readonly') AS r"),
          ),
        );
      const before = await seen();
      const table = await made('n UInt32');
      await warehouse.command(`INSERT INTO ${table} SELECT 1 SETTINGS max_threads = 1`);
      await Promise.all(Array.from({ length: 8 }, () => warehouse.select('SELECT 1', BOUNDS)));
      await warehouse.insertLines(table, '{"n":1}\n');
      expect(await seen()).toEqual(before);
    });

    it('a bounded SELECT keeps to its bounds and tells names and types', async () => {
      const sql = `SELECT number AS n, toDecimal64(number, 2) AS d,
        toDateTime64(number, 3, 'UTC') AS t FROM numbers(10) ORDER BY n`;
      expect(await warehouse.select(sql, { ...BOUNDS, rowsMax: 1 })).toEqual({
        columns: [
          { name: 'n', type: 'UInt64' },
          { name: 'd', type: 'Decimal(18, 2)' },
          { name: 't', type: "DateTime64(3, 'UTC')" },
        ],
        rows: [
          ['0', '0.00', '1970-01-01T00:00:00.000Z'],
          ['1', '1.00', '1970-01-01T00:00:01.000Z'],
        ],
      });
      const large = 'SELECT groupArray(number) FROM numbers(1e9)';
      await expect(warehouse.select(large, BOUNDS)).rejects.toMatchObject({ code: '241' });
    });

    it('a syntax tree is read from the text alone: nothing is analysed, nothing is run', async () => {
      const tree = await warehouse.syntaxTree("SELECT file('a\\nb') AS x FROM nowhere");
      expect(tree.map((line) => line.trim()).slice(4, 7)).toEqual([
        'Function file (alias x) (children 1)',
        'ExpressionList (children 1)',
        "Literal 'a\\nb'",
      ]);
    });

    it('a large answer is whole', async () => {
      const sql = "SELECT number AS n, repeat('ü', 20) AS s FROM numbers(50000)";
      const rows = await warehouse.query<{ n: string; s: string }>(sql);
      const sum = rows.reduce((total, { n }) => total + Number(n), 0);
      const whole = rows.every(({ s }) => s === 'ü'.repeat(20));
      expect([rows.length, sum, whole]).toEqual([50_000, (50_000 * 49_999) / 2, true]);
    });

    it('queries are answered while a write runs, and more than there are connections', async () => {
      const table = await made('n UInt64');
      let written = false;
      const write = warehouse
        .command(`INSERT INTO ${table} SELECT sleepEachRow(0.01) FROM numbers(100)
          SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0`)
        .then(() => {
          written = true;
        });
      await warehouse.query('SELECT 1 AS one');
      expect(written).toBe(false);
      const reads = await Promise.all(
        Array.from({ length: 30 }, (_, i) => warehouse.query('SELECT {i:UInt32} AS i', { i })),
      );
      expect(reads).toEqual(reads.map((_, i) => [{ i }]));
      await write;
      expect(await count(table)).toBe(100);
    });

    it('closing waits for what was asked, and what was answered stays', async () => {
      const table = await made('n UInt32');
      const other = await opened.open();
      const writes = [
        other.insertLines(table, '{"n":1}\n'),
        other.command(`INSERT INTO ${table} SELECT sleepEachRow(0.1) FROM numbers(2)`),
        other.insertLines(table, '{"n":2}\n'),
      ];
      await other.close();
      expect(await count(table)).toBe(4);
      await Promise.all(writes);
      await expect(other.query('SELECT 1 AS one')).rejects.toThrow();
      await expect(other.insertLines(table, '{"n":3}\n')).rejects.toThrow();
      const again = await opened.open();
      expect(await count(table, again)).toBe(4);
      await again.close();
    });
  });
}
