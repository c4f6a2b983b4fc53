import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openChdbWarehouse } from '../chdb-warehouse.ts';
import { migrate } from '../migrate.ts';
import type { SelectBounds, Warehouse } from '../warehouse.ts';
import type { GuestLimits } from './guest-limits.ts';

const MIB = 1024 * 1024;
const BOUNDS: SelectBounds = {
  rowsMax: 10,
  resultBytesMax: 1e7,
  secondsMax: 20,
  memoryBytesMax: 4e9,
  threadsMax: 2,
};
const EVENTS = 'SELECT count() FROM tollgate.usage_events';
const KEY = 'sk-key-of-a-provider';

let folder: string;
let path: string;
let warehouse: Warehouse;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-guests-'));
  path = join(folder, 'warehouse');
  process.env['TOLLGATE_GUEST_TEST_KEY'] = KEY;
});
afterEach(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
  delete process.env['TOLLGATE_GUEST_TEST_KEY'];
});

async function open(guests: Partial<GuestLimits> = {}): Promise<void> {
  warehouse = await openChdbWarehouse({ path, guests });
}

async function addEvent(offset: number): Promise<void> {
  const position = { log: 0, partition: 0, offset, disposition: 'counted' };
  const event = { ...position, id: `e${offset}`, type: 'attempt', time: '2026-11-01T00:00:00Z' };
  await warehouse.insertLines('tollgate.raw_usage', `${JSON.stringify(event)}\n`);
}

const rows = async (sql: string, bounds = BOUNDS) => (await warehouse.select(sql, bounds)).rows;

/** Ids of processes that run this worker for this folder. */
function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && commandOf(name).includes(join(path, 'guests')))
    .map(Number);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It has ended in the meantime.
    return '';
  }
}

async function gone(): Promise<boolean> {
  for (let i = 0; i < 200 && pids().length > 0; i++) await sleep(50);
  return pids().length === 0;
}

describe("guests' queries", () => {
  it('show what was written before they were asked, and write nothing that others see', async () => {
    await open();
    await migrate(warehouse);
    const seen: unknown[] = [];
    for (const offset of [0, 1, 2, 3]) {
      await addEvent(offset);
      seen.push(await rows(EVENTS));
    }
    await warehouse.command('OPTIMIZE TABLE tollgate.raw_usage FINAL');
    seen.push(await rows(EVENTS));
    expect(seen).toEqual([[['1']], [['2']], [['3']], [['4']], [['4']]]);
    const own = await warehouse.query('SELECT count() AS n FROM tollgate.usage_events');
    const check = await warehouse.query('CHECK TABLE tollgate.raw_usage');
    expect([own, check]).toMatchObject([[{ n: '4' }], [{ is_passed: 1 }]]);
  });

  it('I12: run in a process whose environment holds nothing of ours', async () => {
    await open();
    await rows('SELECT 1');
    const [pid, ...others] = pids();
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    expect([others, environment.includes(KEY), environment.includes('HOME=')]).toEqual([
      [],
      false,
      false,
    ]);
    expect(process.env['TOLLGATE_GUEST_TEST_KEY']).toBe(KEY);
  });

  it('leave the processor to calls and the meter, with every thread', async () => {
    await open();
    await rows('SELECT 1');
    const [pid] = pids();
    const niceness = readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      const [name, fields] = stat.split(') ');
      // The engine's own watch over its memory comes before all, where it may.
      if (name?.endsWith('(MemoryWorker') === true) return [];
      // Of `proc(5)` the 19th, the 17th behind the name.
      return Number(fields?.split(' ')[16]);
    });
    expect(niceness.length).toBeGreaterThan(5);
    expect(new Set(niceness)).toEqual(new Set([Math.min(19, getPriority() + 10)]));
  });

  it('are killed where they outlive their time, and no other query with them', async () => {
    await open({ graceMs: 500 });
    const pipe = join(folder, 'pipe');
    await once(spawn('mkfifo', [pipe]), 'exit');
    const started = performance.now();
    // The engine waits in the kernel for someone who writes: its own limit is never looked at.
    const endless = rows(`SELECT file('${pipe}')`, { ...BOUNDS, secondsMax: 3 });
    const stopped = expect(endless).rejects.toMatchObject({ code: '159' });
    expect(await rows('SELECT 1')).toEqual([[1]]);
    expect(await warehouse.query('SELECT 2 AS two')).toEqual([{ two: 2 }]);
    await stopped;
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(await Promise.all([rows('SELECT 3'), rows('SELECT 4')])).toEqual([[[3]], [[4]]]);
  });

  it('are killed where their process outgrows its memory, which the engine does not count', async () => {
    await open({ rssBytesMax: 700 * MIB });
    const large = 'SELECT length(groupArray(repeat(toString(number), 50))) FROM numbers(20000000)';
    await expect(rows(large)).rejects.toMatchObject({ code: '241' });
    expect(await rows('SELECT 1')).toEqual([[1]]);
  });

  it('that left a large process behind get none of its memory: the next has a new one', async () => {
    await open({ rssKeepBytesMax: 420 * MIB });
    await rows('SELECT 1');
    const before = pids();
    const zones = await warehouse.query<{ z: string }>(
      "SELECT time_zone AS z FROM system.time_zones WHERE z LIKE 'A%' LIMIT 80",
    );
    await rows(`SELECT ${zones.map(({ z }) => `toHour(now(), '${z}')`).join(', ')}`);
    expect([before.length, await gone()]).toEqual([1, true]);
    expect(await rows('SELECT 1')).toEqual([[1]]);
  });

  it('are killed where nobody waits for them any more', async () => {
    await open();
    await rows('SELECT 1');
    const [pid] = pids();
    const left = new AbortController();
    const endless = warehouse.select('SELECT count() FROM numbers(1e13)', BOUNDS, left.signal);
    setTimeout(() => left.abort(), 300);
    await expect(endless).rejects.toMatchObject({ code: '394' });
    await expect(warehouse.select('SELECT 1', BOUNDS, left.signal)).rejects.toThrow();
    expect(await rows('SELECT 1')).toEqual([[1]]);
    expect(pids()).not.toContain(pid);
  });

  it('that find no place are told at once', async () => {
    await open({ processes: 1, queueMax: 1 });
    const all = await Promise.allSettled([1, 2, 3].map((n) => rows(`SELECT ${n}`)));
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(all[2]).toMatchObject({ reason: { code: 'too_many_queries' } });
  });

  it('leave no process behind when they end, and none and no file when the warehouse closes', async () => {
    await open({ idleMs: 100 });
    await migrate(warehouse);
    await rows(EVENTS);
    expect(await gone()).toBe(true);
    await rows(EVENTS);
    await warehouse.close();
    const shadow = join(path, 'shadow');
    const frozen = existsSync(shadow) ? readdirSync(shadow).filter((n) => /guest/.test(n)) : [];
    expect([await gone(), existsSync(join(path, 'guests')), frozen]).toEqual([true, false, []]);
    await expect(rows(EVENTS)).rejects.toMatchObject({ code: 'closed' });
  });

  it('end with the process that asked them', async () => {
    await open();
    const script = join(folder, 'parent.mjs');
    const module = new URL('../chdb-warehouse.ts', import.meta.url).href;
    writeFileSync(
      script,
      `import { openChdbWarehouse } from ${JSON.stringify(module)};
       const warehouse = await openChdbWarehouse({ path: process.argv[2] });
       await warehouse.select('SELECT 1', ${JSON.stringify(BOUNDS)});
       process.kill(process.pid, 'SIGKILL');`,
    );
    path = join(folder, 'other');
    const parent = spawn(process.execPath, [script, path], { stdio: 'ignore' });
    const [, signal] = await once(parent, 'exit');
    expect([signal, await gone()]).toEqual(['SIGKILL', true]);
    expect(existsSync(join(path, 'guests'))).toBe(true);
    await warehouse.close();
    await open();
    expect(existsSync(join(path, 'guests'))).toBe(false);
  });
});
