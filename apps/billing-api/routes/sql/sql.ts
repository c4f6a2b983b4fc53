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
import { defineRoute } from '../../http/route.ts';
import { DATABASE, PUBLIC_VIEWS } from './allowed.ts';
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
    checkSyntax(await engine(warehouse.syntaxTree(statement.text)), statement.tables, names);
    await checkHidden(statement, warehouse);
    const bounds: SelectBounds = {
      rowsMax: max_rows,
      resultBytesMax: limits.sqlResultBytesMax,
      secondsMax: limits.sqlSecondsMax,
      memoryBytesMax: limits.sqlMemoryBytesMax,
      threadsMax: limits.sqlThreadsMax,
    };
    const { columns, rows }: Table = await engine(warehouse.select(statement.text, bounds, signal));
    const truncated = rows.length > max_rows;
    const shown = (truncated ? rows.slice(0, max_rows) : rows) as Rows;
    return { object: 'sql_result' as const, columns, rows: shown, truncated };
  },
});

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
