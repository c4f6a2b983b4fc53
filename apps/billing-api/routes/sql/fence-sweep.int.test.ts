/**
 * Holds the lists of `allowed.ts` to the engine that is installed: every function that the fence lets
 * through is called in many ways, past the fence. A new version of the engine that knows another
 * function under an allowed name, other arguments, or another way to a file, ends here.
 */
import { linkSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChdbWarehouse } from '@tollgate/adapters/warehouse/chdb-warehouse.ts';
import { namesOfEngine } from '@tollgate/adapters/warehouse/queries/names-of-engine.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALLOWED_FUNCTIONS, HIGHER_ORDER, ORDINARY_NAMES, ZONE_FROM } from './allowed.ts';
import { checkSyntax, type EngineNames } from './fence.ts';
import { statementOf } from './statement.ts';
import { CALL_SHAPES, MORE_ZONE_SHAPES, PATH_SHAPES, ZONE_SHAPES } from './testing/sweep-shapes.ts';
import { makePipe, readersDuring } from './testing/watched-pipe.ts';

type EngineFunction = { name: string; alias_to: string; higher_order: number | null; kind: string };

const REVIEWED = new URL('./testing/reviewed-functions.txt', import.meta.url);
const SECRET = `canary-of-the-sweep-${process.pid}`;
const VARIABLE = 'TOLLGATE_SWEEP_CANARY';
/** FUNCTION_THROW_IF_VALUE_IS_NON_ZERO. */
const THROWN = '395';
const UNKNOWN_IDENTIFIER = '47';
const SYNTAX_ERROR = '62';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-sweep-'));
/** One for each query that runs at a time: as many as the warehouse reads for us. */
const PIPES = ['a', 'b', 'c'].map((name) => join(folder, name));
let warehouse: Warehouse;
let names: EngineNames;
let functions: EngineFunction[];

beforeAll(async () => {
  process.env[VARIABLE] = SECRET;
  PIPES.forEach(makePipe);
  warehouse = await openChdbWarehouse({ path: join(folder, 'warehouse') });
  names = await namesOfEngine(warehouse);
  functions = await warehouse.query<EngineFunction>(
    `SELECT name, alias_to, higher_order, concat(if(is_aggregate, 'aggregate', ''),
       if(higher_order = 1, 'higher-order', ''), ' ', syntax) AS kind
     FROM system.functions ORDER BY name`,
  );
});
afterAll(async () => {
  delete process.env[VARIABLE];
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});

const allowed = () => functions.filter(({ name }) => ALLOWED_FUNCTIONS.has(name.toLowerCase()));

/** @returns the answer or the error's code, and whether a secret shows */
async function tried(sql: string): Promise<{ code: string; leaked: boolean }> {
  const [code, text] = await warehouse.query(sql).then(
    (rows) => ['answered', JSON.stringify(rows)] as const,
    (error: { code: string; message: string }) => [error.code, error.message] as const,
  );
  return { code, leaked: text.includes(SECRET) };
}

async function isRefused(sql: string): Promise<boolean> {
  try {
    const statement = statementOf(sql);
    checkSyntax(await warehouse.syntaxTree(statement.text), statement.tables, names);
    return false;
  } catch (error) {
    if (['sql_refused', SYNTAX_ERROR].includes((error as { code: string }).code)) return true;
    throw error;
  }
}

async function each<T>(
  items: readonly T[],
  work: (item: T, pipe: string) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const worker = async (pipe: string) => {
    for (const item of rest) await work(item, pipe);
  };
  await Promise.all(PIPES.map(worker));
}

const calls = (shapes: readonly string[], of = allowed()) =>
  of.flatMap(({ name }) => shapes.map((shape) => ({ name, sql: `SELECT ${name}(${shape})` })));

/** Which of these calls open a file, past the fence: their functions, and those that it lets pass. */
async function opening(all: ReturnType<typeof calls>) {
  const found = { passed: [] as string[], names: new Set<string>() };
  let tries = 0;
  await each(all, async ({ name, sql: shape }, pipe) => {
    tries += 1;
    // The engine looks for a time zone once, and keeps what it found by name.
    const path = `${pipe}-${tries}`;
    linkSync(pipe, path);
    const sql = shape.replaceAll('%Y', '').replaceAll('%', path);
    const readers = await readersDuring(pipe, () => tried(sql));
    rmSync(path);
    if (readers === 0) return;
    found.names.add(name.toLowerCase());
    if (!(await isRefused(sql))) found.passed.push(sql);
  });
  return found;
}

describe('I10, I12: the lists of what a query may name, on this engine', () => {
  it('every function that passes is on the reviewed list, with the arguments that were reviewed', () => {
    const found = allowed().map(({ name, alias_to, kind }) =>
      `${name} | ${alias_to} | ${kind}`.replaceAll(/\s+/g, ' ').trim(),
    );
    expect(found).toEqual(readFileSync(REVIEWED, 'utf8').trim().split('\n'));
  });

  it('the functions that take a lambda are those that the engine says take one', () => {
    const engine = allowed().filter(({ higher_order }) => higher_order === 1);
    expect(engine.map(({ name }) => name).toSorted()).toEqual([...HIGHER_ORDER].toSorted());
  });

  it('no table function passes', async () => {
    const tables = await warehouse.query<{ name: string }>(
      'SELECT name FROM system.table_functions',
    );
    const passed: string[] = [];
    for (const { name } of tables) {
      if (!(await isRefused(`SELECT * FROM ${name}('x')`))) passed.push(name);
    }
    expect([passed, tables.length > 50]).toEqual([[], true]);
  });

  it('a function of the engine is called without parentheses only where its name is allowed', async () => {
    const calledBare: string[] = [];
    await each(functions, async ({ name }) => {
      const { code } = await tried(`SELECT "${name}"`);
      if (code !== UNKNOWN_IDENTIFIER) calledBare.push(name);
    });
    const passing: string[] = [];
    for (const name of calledBare) {
      if (!(await isRefused(`SELECT "${name}"`))) passing.push(name.toLowerCase());
    }
    expect([passing.toSorted(), calledBare.length > passing.length]).toEqual([
      ['current_date', 'current_timestamp', 'now', 'today'],
      true,
    ]);
    const unknown = [...ORDINARY_NAMES].filter((name) => !names.functions.has(name));
    expect(unknown).toEqual([]);
  });

  it('only a higher-order function calls another by its name, and never one that the fence passes', async () => {
    const callers = new Set<string>();
    const passed: string[] = [];
    await each(calls(CALL_SHAPES), async ({ name, sql }) => {
      if ((await tried(sql)).code !== THROWN) return;
      callers.add(name);
      if (!(await isRefused(sql))) passed.push(sql);
    });
    const others = [...callers].filter((name) => !HIGHER_ORDER.has(name));
    expect([passed, others, callers.has('arrayCompact')]).toEqual([[], [], true]);
  });

  it('nothing that passes opens a file', async () => {
    const { passed } = await opening(calls(PATH_SHAPES));
    expect(passed).toEqual([]);
  });

  it('every function that opens a time zone is listed, and passes with none of these', async () => {
    const listed = allowed().filter(({ name }) => ZONE_FROM.has(name.toLowerCase()));
    const cast = allowed().filter(({ name }) => name === 'CAST');
    const { passed, names: zoned } = await opening([
      ...calls(ZONE_SHAPES),
      ...calls(MORE_ZONE_SHAPES, [...listed, ...cast]),
    ]);
    expect(passed).toEqual([]);
    expect(zoned).toEqual(new Set(['cast', ...listed.map(({ name }) => name.toLowerCase())]));
  });

  it('nothing that passes shows a variable of the environment', async () => {
    const leaks: string[] = [];
    await each(calls([`'${VARIABLE}'`]), async ({ sql }) => {
      if ((await tried(sql)).leaked) leaks.push(sql);
    });
    expect(leaks).toEqual([]);
  });
});
