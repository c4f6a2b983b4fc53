import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChdbWarehouse } from '@tollgate/adapters/warehouse/chdb-warehouse.ts';
import { namesOfEngine } from '@tollgate/adapters/warehouse/queries/names-of-engine.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkSyntax, type EngineNames } from './fence.ts';
import { statementOf } from './statement.ts';
import {
  bareNameAttacks,
  HIDDEN_CLAUSES,
  NILADIC_ATTACKS,
  OTHER_ZONES,
  zoneAttacks,
} from './testing/by-name-attacks.ts';
import { makePipe, readersDuring } from './testing/watched-pipe.ts';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-by-name-'));
const pipe = join(folder, 'pipe');
const BOUNDS = {
  rowsMax: 9,
  resultBytesMax: 1e6,
  secondsMax: 5,
  memoryBytesMax: 1e8,
  threadsMax: 1,
};
let warehouse: Warehouse;
let names: EngineNames;

beforeAll(async () => {
  makePipe(pipe);
  warehouse = await openChdbWarehouse({ path: join(folder, 'warehouse') });
  names = await namesOfEngine(warehouse);
});
afterAll(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the fence says, without the engine seeing more than the syntax. */
async function verdict(sql: string): Promise<string> {
  try {
    const statement = statementOf(sql);
    checkSyntax(await warehouse.syntaxTree(statement.text), statement.tables, names);
    return 'passed';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

async function verdicts(queries: readonly string[]): Promise<string[][]> {
  const all: string[][] = [];
  for (const sql of queries) all.push([sql, await verdict(sql)]);
  return all;
}
const refused = (queries: readonly string[]) => queries.map((sql) => [sql, 'sql_refused']);

/** Past the fence: what the engine itself would do. */
const opensPipe = async (sql: string): Promise<boolean> => {
  const ask = () => warehouse.select(sql, BOUNDS).catch(() => undefined);
  return (await readersDuring(pipe, ask)) > 0;
};

describe('I10, I12: the fence against names', () => {
  it('a bare word that the engine would call as a function is refused', async () => {
    const queries = bareNameAttacks(pipe);
    expect(await opensPipe(queries[0] ?? '')).toBe(true);
    expect(await verdicts(queries)).toEqual(refused(queries));
  });

  it('a time zone that the engine would open as a file is refused, and so is a computed one', async () => {
    const queries = zoneAttacks(pipe);
    expect(await opensPipe(queries[0] ?? '')).toBe(true);
    expect(await verdicts(queries)).toEqual(refused(queries));
    expect(await verdicts(OTHER_ZONES)).toEqual(refused(OTHER_ZONES));
  });

  it('a call without parentheses is refused', async () => {
    expect((await warehouse.select('SELECT USER', BOUNDS)).rows).toEqual([['default']]);
    expect(await verdicts(NILADIC_ATTACKS)).toEqual(refused(NILADIC_ATTACKS));
  });

  it('text after // counts as little as it does for the engine', async () => {
    const text = "SELECT 1 // '\n, 2 // '";
    expect((await warehouse.select(text, BOUNDS)).rows).toEqual([[1, 2]]);
    expect(statementOf(text).text).toBe('SELECT 1 , 2');
    expect(await verdicts(HIDDEN_CLAUSES)).toEqual(refused(HIDDEN_CLAUSES));
  });

  it('what people write about days, users and zones passes', async () => {
    const queries = [
      'SELECT day, log, toStartOfMonth(day) AS month FROM usage_daily WHERE month >= today() - 30',
      'SELECT sum(cost) AS sum, count() AS count, sum / count AS avg FROM usage_events',
      'SELECT toHour(time) AS hour, hour + 1, end_user FROM usage_events ORDER BY hour',
      'SELECT sum(input_tokens) AS tokens, tokens / 2 AS half FROM usage_daily',
      'SELECT day FROM usage_daily WHERE day >= CURRENT_DATE - 7 AND day < current_timestamp',
      'SELECT usage_daily.day AS date, toYear(date) AS year FROM usage_daily GROUP BY ALL',
      "SELECT toStartOfDay(time, 'Europe/Berlin'), toString(time, 'US/Pacific') FROM usage_events",
      "SELECT toStartOfWeek(time, 1, 'UTC'), toDayOfWeek(time, 0), toDateTime64(time, 3, 'UTC')",
      "SELECT toStartOfInterval(time, INTERVAL 1 HOUR, toDateTime(0), 'Asia/Tokyo')",
      "SELECT time AT TIME ZONE 'Europe/Berlin', toDateTime('2026-01-01 00:00:00', 'Etc/GMT+1')",
      "SELECT CAST(time AS DateTime('Europe/Berlin')), time::Nullable(DateTime64(3, 'UTC'))",
      "SELECT dateDiff('day', time, now(), 'UTC'), addDays(time, 1), now('UTC')",
      'SELECT arrayCompact([1, 1]), arrayCompact(x -> x % 2, [1, 2]) // every second one',
    ];
    expect(await verdicts(queries)).toEqual(queries.map((sql) => [sql, 'passed']));
  });
});
