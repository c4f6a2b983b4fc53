import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChdbWarehouse } from '@tollgate/adapters/warehouse/chdb-warehouse.ts';
import { namesOfEngine } from '@tollgate/adapters/warehouse/queries/names-of-engine.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkSyntax, type EngineNames } from './fence.ts';
import { statementOf } from './statement.ts';

const MIB = 1024 * 1024;
const BOUNDS = {
  ...{ rowsMax: 1, resultBytesMax: 1e6, secondsMax: 1, memoryBytesMax: 512 * MIB, threadsMax: 2 },
};
/** A query has a second, its process two more; the rest is for a machine that is busy. */
const SECONDS_MAX = 20;

const folder = mkdtempSync(join(tmpdir(), 'tollgate-starving-'));
let warehouse: Warehouse;
let names: EngineNames;
beforeAll(async () => {
  warehouse = await openChdbWarehouse({ path: join(folder, 'warehouse') });
  names = await namesOfEngine(warehouse);
});
afterAll(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Constants, each twice the one before: the last has 1.3 MB. */
const doubled = `WITH '${'a'.repeat(10_000)}' AS a0, ${Array.from(
  { length: 7 },
  (_, n) => `concat(a${n}, a${n}) AS a${n + 1}`,
).join(', ')}`;
const numbers = `[${Array.from({ length: 1_000 }, (_, n) => n).join(',')}]`;

/** Each passes the fence, and the engine's own limits do not end it in time. */
const starving = (): Record<string, string> => ({
  constants: `${doubled} SELECT ${Array.from({ length: 300 }, (_, n) => `length(concat(a7, '${n}'))`)}`,
  'time zones': `SELECT ${[...names.zones].slice(0, 450).map((zone) => `toHour(now(), '${zone}')`)}`,
  'nested lambdas': `WITH ${numbers} AS n SELECT arraySum(arrayMap(a -> arraySum(arrayMap(b ->
    arraySum(arrayMap(c -> arraySum(arrayMap(d -> a * b + c * d, n)), n)), n)), n))`,
});

async function run(sql: string): Promise<{ code: string; seconds: number }> {
  const statement = statementOf(sql);
  checkSyntax(await warehouse.syntaxTree(statement.text), statement.tables, names);
  const started = performance.now();
  const code = await warehouse.select(statement.text, BOUNDS).then(
    () => 'answered',
    (error: { code: string }) => error.code,
  );
  return { code, seconds: (performance.now() - started) / 1_000 };
}

it.each(['constants', 'time zones', 'nested lambdas'])(
  'a query of %s ends in time, and neither its memory nor its time is taken from the meter',
  async (kind) => {
    await warehouse.query('SELECT 1');
    const before = process.memoryUsage().rss;
    let answers = 0;
    let running = true;
    const meter = async () => {
      while (running) {
        await warehouse.query('SELECT 1');
        answers += 1;
      }
    };
    const metering = meter();
    const { code, seconds } = await run(starving()[kind] ?? '');
    running = false;
    await metering;
    expect(['159', '241']).toContain(code);
    expect(seconds).toBeLessThan(SECONDS_MAX);
    expect(answers).toBeGreaterThan(5);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * MIB);
    expect((await warehouse.select('SELECT 1', { ...BOUNDS, secondsMax: 30 })).rows).toEqual([[1]]);
  },
);
