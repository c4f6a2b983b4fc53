/**
 * POST /v1/sql: the operator's own SELECT over the public views (docs/sql.md). Three things are
 * checked before it runs: its tokens, its syntax tree, and that its own table names hide no table
 * of the engine.
 */
import { namesOfEngine } from '@tollgate/adapters/warehouse/queries/names-of-engine.ts';
import { tablesNamed } from '@tollgate/adapters/warehouse/queries/tables-of-engine.ts';
import type { SelectBounds, Table, Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { sqlRequest, sqlResult } from '@tollgate/schemas/http/sql.ts';
import type { z } from 'zod';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute } from '../../http/route.ts';
import { DATABASE, PUBLIC_VIEWS } from './allowed.ts';
import { withAliasesWrittenOut } from './columns-first.ts';
import { engineProblem } from './engine-error.ts';
import { checkSyntax, type EngineNames } from './fence.ts';
import { refuse } from './refuse.ts';
import { type Statement, statementOf } from './statement.ts';

type Rows = z.input<typeof sqlResult>['rows'];

export const runSql = defineRoute({
  operationId: 'runSql',
  method: 'POST',
  path: '/v1/sql',
  tag: 'Usage',
  summary: 'Ask the warehouse in SQL',
  description:
    `One read-only SELECT in ClickHouse's SQL over ${PUBLIC_VIEWS.join(', ')}: docs/sql.md has ` +
    'their columns and examples. Plain functions, aggregates, joins, subqueries, window functions ' +
    'and common table expressions are allowed; table functions, other tables, FORMAT and SETTINGS ' +
    'are not. Rows, size, time and memory are limited.',
  body: sqlRequest,
  status: 200,
  response: sqlResult,
  readOnly: true,
  errors: ['sql_refused', 'sql_invalid', 'sql_limit_exceeded', 'sql_busy', 'warehouse_unavailable'],
  async handler({ body, signal }, { warehouse, limits }) {
    const { sql, max_rows } = body as z.output<typeof sqlRequest>;
    const statement = statementOf(sql);
    const names = await engine(knownNames(warehouse, limits.sqlNamesAgeMaxMs));
    await check(statement, names, warehouse);
    const bounds: SelectBounds = {
      rowsMax: max_rows,
      resultBytesMax: limits.sqlResultBytesMax,
      secondsMax: limits.sqlSecondsMax,
      memoryBytesMax: limits.sqlMemoryBytesMax,
      threadsMax: limits.sqlThreadsMax,
    };
    const { columns, rows } = await selected(statement, { bounds, names, warehouse, signal });
    const truncated = rows.length > max_rows;
    const shown = (truncated ? rows.slice(0, max_rows) : rows) as Rows;
    return { object: 'sql_result' as const, columns, rows: shown, truncated };
  },
});

/** @throws ApiProblem unless the statement may run */
async function check(
  statement: Statement,
  names: EngineNames,
  warehouse: Warehouse,
): Promise<void> {
  checkSyntax(await engine(warehouse.syntaxTree(statement.text)), statement.tables, names);
  await checkHidden(statement, warehouse);
}

/** Illegal aggregation; not an aggregate. An alias that hides a column makes them of good queries. */
const ALIAS_CODES: ReadonlySet<string> = new Set(['184', '215']);

type Run = {
  bounds: SelectBounds;
  names: EngineNames;
  warehouse: Warehouse;
  signal: AbortSignal;
};

/** As the engine reads it; if that cannot be, as the SQL standard does (columns-first.ts). */
async function selected(statement: Statement, run: Run): Promise<Table> {
  try {
    return await run.warehouse.select(statement.text, run.bounds, run.signal);
  } catch (error) {
    const text = isAliasProblem(error) ? withAliasesWrittenOut(statement.tokens) : null;
    if (text === null) throw engineProblem(error);
    // What the engine said of the query as it was written is of more help, unless this is another fault.
    return await columnsFirst(text, run).catch((other: unknown) => {
      const isAboutOurs = other instanceof ApiProblem || isAliasProblem(other);
      throw engineProblem(isAboutOurs ? error : other);
    });
  }
}

async function columnsFirst(text: string, run: Run): Promise<Table> {
  const { bounds, names, warehouse, signal } = run;
  const statement = statementOf(text);
  await check(statement, names, warehouse);
  return await warehouse.select(statement.text, { ...bounds, columnsFirst: true }, signal);
}

const isAliasProblem = (error: unknown): boolean =>
  ALIAS_CODES.has((error as { code?: string }).code ?? '');

const known = new WeakMap<Warehouse, { names: Promise<EngineNames>; askedMs: number }>();

/** Asked again after a while, because a server may be replaced by one of another version. */
function knownNames(warehouse: Warehouse, ageMaxMs: number): Promise<EngineNames> {
  const asked = known.get(warehouse);
  const nowMs = performance.now();
  if (asked !== undefined && nowMs - asked.askedMs < ageMaxMs) return asked.names;
  const names = namesOfEngine(warehouse);
  known.set(warehouse, { names, askedMs: nowMs });
  names.catch(() => known.delete(warehouse));
  return names;
}

/**
 * Where a common table expression is out of scope, its name would mean a table of the engine's
 * default database. So no table there may have one of the query's own names.
 */
async function checkHidden({ tables }: Statement, warehouse: Warehouse): Promise<void> {
  if (tables.size === 0) return;
  const found = await engine(tablesNamed(warehouse, [...tables], DATABASE));
  const hidden = found.find((name) => !PUBLIC_VIEWS.includes(name));
  if (hidden !== undefined) {
    refuse(`${hidden} as the name of a common table expression`, 'Give it another name.');
  }
}

/** @throws ApiProblem */
async function engine<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw engineProblem(error);
  }
}
