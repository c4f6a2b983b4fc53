/**
 * What the warehouse on ClickHouse promises when answers are lost, connections break or the server is
 * away: the official client, over HTTP, against the real engine behind its front.
 */
import type { ClickhouseLimits } from '@tollgate/adapters/warehouse/clickhouse-limits.ts';
import { openClickhouseWarehouse } from '@tollgate/adapters/warehouse/clickhouse-warehouse.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type ClickhouseFaultProxy,
  startClickhouseFaultProxy,
} from '../engines/clickhouse-fault-proxy.ts';
import { type ClickhouseShim, startClickhouseShim } from '../engines/clickhouse-shim.ts';

/** Short, so that the client soon gives up on a lost answer. */
const IMPATIENT: Partial<ClickhouseLimits> = {
  readTimeoutMs: 3_000,
  writeTimeoutMs: 2_500,
  readRetryMs: 1_000,
  retryPauseMs: { first: 10, max: 100 },
};
const USERS = [
  { name: 'writer', password: 'w-secret', access: 'write' as const },
  { name: 'reader', password: 'r-secret', access: 'read' as const },
];
const WRITER = { username: 'writer', password: 'w-secret', limits: IMPATIENT };

describe('the warehouse on ClickHouse when things fail', () => {
  let shim: ClickhouseShim;
  let proxy: ClickhouseFaultProxy;
  let warehouse: Warehouse;
  let retries: number;
  let table: string;
  let tables = 0;
  beforeAll(async () => {
    shim = await startClickhouseShim({ users: USERS });
  });
  afterAll(() => shim.dispose());
  beforeEach(async () => {
    proxy = await startClickhouseFaultProxy(shim.url);
    retries = 0;
    const logger = { warn: () => retries++ };
    warehouse = await openClickhouseWarehouse({ url: proxy.url, ...WRITER, logger });
    await warehouse.command('CREATE DATABASE IF NOT EXISTS tollgate');
    table = `tollgate.t${++tables}`;
    await warehouse.command(
      `CREATE TABLE ${table} (n UInt32) ENGINE = MergeTree ORDER BY n
       SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
    );
  });
  afterEach(async () => {
    await warehouse.close();
    await proxy.close();
  });

  const sent = (start: string) => proxy.statements.filter((sql) => sql.startsWith(start)).length;
  const stored = async () => {
    const rows = await warehouse.query<{ n: number }>(`SELECT n FROM ${table} ORDER BY n`);
    return rows.map(({ n }) => n);
  };
  const secondsOf = async (work: () => Promise<unknown>) => {
    const startMs = performance.now();
    await work();
    return (performance.now() - startMs) / 1000;
  };

  it('rows beyond the bound of one insert are refused while they are sent: none is stored', async () => {
    const limits = { ...IMPATIENT, insertBytesMax: 100 };
    const bounded = await openClickhouseWarehouse({ url: proxy.url, ...WRITER, limits });
    const lines = Array.from({ length: 20 }, (_, n) => Buffer.from(`{"n":${n}}\n`));
    await expect(bounded.loadLines(table, lines)).rejects.toMatchObject({
      code: 'insert_too_large',
    });
    const all = lines.join('');
    await expect(bounded.insertLines(table, all)).rejects.toMatchObject({
      code: 'insert_too_large',
    });
    await bounded.loadLines(table, lines.slice(0, 10));
    await bounded.close();
    expect(await stored()).toEqual([...Array(10).keys()]);
  });

  it.each([
    { fault: 'lost' as const, done: [1] },
    { fault: 'cut' as const, done: [] },
  ])('I2: an insert whose answer is $fault is rejected and never sent again', async (given) => {
    proxy.on((sql) => (sql.startsWith('INSERT') ? given.fault : 'none'));
    const insert = warehouse.insertLines(table, '{"n":1}\n');
    const command = warehouse.command(`INSERT INTO ${table} SELECT 2`);
    await expect(insert).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(command).rejects.toMatchObject({ code: 'ECONNRESET' });
    proxy.on(() => 'none');
    expect([sent('INSERT'), retries]).toEqual([2, 0]);
    expect(await stored()).toEqual(given.done.flatMap((n) => [n, n + 1]));
    await warehouse.insertLines(table, '{"n":3}\n');
    expect((await stored()).at(-1)).toBe(3);
  });

  it('a SELECT is asked again until it is answered in full', async () => {
    await warehouse.insertLines(table, '{"n":1}\n{"n":2}\n');
    const faults = ['cut', 'lost', 'torn'] as const;
    let asked = 0;
    proxy.on(() => faults[asked++] ?? 'none');
    expect(await stored()).toEqual([1, 2]);
    expect([asked, retries]).toEqual([4, 3]);
  });

  it('a SELECT that nobody answers is rejected in time, and what the engine refuses at once', async () => {
    proxy.on(() => 'cut');
    const lost = () => expect(stored()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await secondsOf(lost)).toBeLessThan(3);
    proxy.on(() => 'none');
    const before = proxy.statements.length;
    await expect(warehouse.query('SELECT throwIf(1)')).rejects.toMatchObject({ code: '395' });
    expect(proxy.statements.length - before).toBe(1);
  });

  it('an exception that comes after the status is an error with its code', async () => {
    const text = 'Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)\n';
    const headers = { 'x-clickhouse-exception-code': '241' };
    const tag = { 'x-clickhouse-exception-tag': 'abcdefghijklmnop' };
    const late = `{"n":1}\n\r\n__exception__\r\nabcdefghijklmnop\r\n${text}${text.length} abcdefghijklmnop\r\n__exception__\r\n`;
    const failures = [];
    for (const answer of [
      { status: 200, headers, text },
      { status: 200, headers: {}, text },
      { status: 200, headers: tag, text: late },
    ]) {
      proxy.on(() => answer);
      failures.push(
        await warehouse.insertLines(table, '{"n":1}\n').catch((error) => error.code),
        await warehouse.command('SELECT 1').catch((error) => error.code),
      );
      if (answer.headers !== headers && answer.headers !== tag) continue;
      failures.push(await warehouse.query('SELECT 1').catch((error) => error.code));
    }
    // Before 25.11 a server puts the error in the middle of the rows: then the rows cannot be read.
    proxy.on(() => ({ status: 200, headers: {}, text: `{"n":1}\n${text}` }));
    await expect(warehouse.query('SELECT 1')).rejects.toThrow();
    expect(failures).toEqual(failures.map(() => '241'));
    expect(failures).toHaveLength(8);
  });

  it('rejects while the server is down, and continues after a kill with all that was answered', async () => {
    const limits = { ...IMPATIENT, readTimeoutMs: 15_000, readRetryMs: 15_000 };
    const patient = await openClickhouseWarehouse({ url: proxy.url, ...WRITER, limits });
    await warehouse.insertLines(table, '{"n":1}\n');
    await shim.kill();
    // On the server's own port: the proxy would answer in its place.
    const direct = openClickhouseWarehouse({ url: shim.url, ...WRITER });
    await expect(direct).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const writes = () => expect(warehouse.insertLines(table, '{"n":2}\n')).rejects.toThrow();
    expect(await secondsOf(writes)).toBeLessThan(3);
    const reading = patient.query(`SELECT n FROM ${table}`);
    await shim.start();
    expect(await reading).toEqual([{ n: 1 }]);
    await patient.close();
    expect(await stored()).toEqual([1]);
    await warehouse.insertLines(table, '{"n":3}\n');
    expect(await stored()).toEqual([1, 3]);
  });

  it('rejects in time while the server is stopped, and continues', async () => {
    shim.pause();
    const other = await Promise.allSettled([
      secondsOf(() => expect(stored()).rejects.toMatchObject({ code: 'timeout' })),
      secondsOf(() =>
        expect(warehouse.insertLines(table, '{"n":1}\n')).rejects.toMatchObject({
          code: 'timeout',
        }),
      ),
    ]);
    shim.resume();
    const seconds = other.map((one) => (one.status === 'fulfilled' ? one.value : one.reason));
    expect(seconds.every((s) => s < 5)).toBe(true);
    await warehouse.insertLines(table, '{"n":2}\n');
    expect((await stored()).at(-1)).toBe(2);
  });

  it('opens no more connections than allowed, and rejects at once when too many wait', async () => {
    const limits = { ...IMPATIENT, reads: 2, readQueueMax: 3 };
    const few = await openClickhouseWarehouse({ url: proxy.url, ...WRITER, limits });
    const reads = Array.from({ length: 8 }, () => few.query('SELECT sleep(0.1)'));
    const codes = (await Promise.allSettled(reads)).map((read) =>
      read.status === 'fulfilled' ? 'ok' : (read.reason as { code: string }).code,
    );
    await few.close();
    const busy = 'too_many_queries';
    expect(codes).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', busy, busy, busy]);
    // Two connections of this warehouse, and one of the other.
    expect(proxy.connectionsMost).toBeLessThanOrEqual(3);
  });

  it('I12: a wrong password is refused without being named, a reader may not write', async () => {
    const open = (username: string, password: string) =>
      openClickhouseWarehouse({ url: shim.url, username, password });
    await expect(open('writer', 'not-it')).rejects.toMatchObject({
      code: '516',
      message: expect.not.stringContaining('not-it'),
    });
    await expect(openClickhouseWarehouse({ url: 'http://me:secret@h' })).rejects.toThrow(
      /^(?!.*secret)/,
    );
    const reader = await open('reader', 'r-secret');
    expect(await reader.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await expect(reader.insertLines(table, '{"n":1}\n')).rejects.toMatchObject({ code: '497' });
    await reader.close();
  });

  it('on a cluster, settings that would break a promise are named and refused', async () => {
    const open = openClickhouseWarehouse({ url: shim.url, ...WRITER, cluster: 'main' });
    await expect(open).rejects.toMatchObject({
      code: 'cluster_settings',
      message: expect.stringMatching(
        /distributed_foreground_insert is 0, not 1; insert_quorum is 0, not auto; prefer_global/,
      ),
    });
  });

  it.each(['gzip', 'zstd'] as const)(
    'rows go in and come out compressed with %s',
    async (codec) => {
      const other = await openClickhouseWarehouse({ url: shim.url, ...WRITER, compression: codec });
      const lines = Array.from({ length: 10_000 }, (_, n) => `{"n":${n}}\n`).join('');
      await other.insertLines(table, lines);
      const rows = await other.query<{ n: number }>(`SELECT n FROM ${table} ORDER BY n`);
      const asked = other.query('SELECT throwIf(1)');
      await expect(asked).rejects.toMatchObject({ code: '395' });
      expect(rows.map(({ n }) => n)).toEqual([...Array(10_000).keys()]);
      await other.close();
    },
  );

  it('the front refuses settings outside the SQL', async () => {
    const authorization = `Basic ${Buffer.from('writer:w-secret').toString('base64')}`;
    const asked = { method: 'POST', headers: { authorization }, body: 'SELECT 1' };
    const refused = await fetch(`${shim.url}/?max_threads=1`, asked);
    expect(refused.headers.get('x-clickhouse-exception-code')).toBe('48');
    expect(await (await fetch(`${shim.url}/ping`)).text()).toBe('Ok.\n');
  });
});
