/**
 * What did keys, teams, customers or the installation use since a time? As roll-ups and open buckets have
 * it: what budgets that hold nothing are judged by.
 */
import { parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { type KnownQuantities, quantities } from '@tollgate/domain/usage/quantities.ts';
import type { Warehouse } from '../warehouse.ts';
import { BUCKET_SQL } from './buckets.ts';

/** An attempt and its resolution together say what was used; of a cache hit a part may be charged. */
const COUNTED = "type IN ('attempt', 'cache_hit', 'resolution')";

const COLUMNS = {
  key: 'key_id',
  team: 'team_id',
  customer: 'customer_id',
  installation: "'installation'",
} as const;

/** Roll-ups do not know the name that the client sent, and a budget's models may be named by it. */
const EVENTS = `(
  SELECT e.customer_id AS customer_id, ifNull(e.team_id, '') AS team_id,
    ifNull(e.key_id, '') AS key_id, e.type AS type, ${BUCKET_SQL} AS bucket,
    ifNull(e.model_requested, '') AS model_requested, ifNull(e.model_served, '') AS model_served,
    ${quantities.map(({ name }) => `ifNull(e.${name}, 0) AS ${name}`).join(', ')},
    ifNull(e.cost, toDecimal128(0, 12)) AS cost
  FROM tollgate.usage_events AS e)`;

const SUMS = quantities.map(({ name }) => `toString(sum(${name})) AS sum_${name}`).join(', ');

export type SpendQuestion = {
  scope: keyof typeof COLUMNS;
  ids: readonly string[];
  /** Starts of buckets, Unix ms. */
  startMs: number;
  /** Exclusive; Infinity: no end. */
  endMs: number;
  byModel: boolean;
  rowsMax: number;
};

export type ScopeSpend = {
  scopeId: string;
  customerId: string;
  /** Of the client and of the provider; empty unless it was asked by model. */
  models: readonly string[];
  costPicoUsd: bigint;
  quantities: KnownQuantities;
};

type Row = Record<string, string>;

const TIME_MAX_S = 4_294_967_295;

/** @throws Error if there are more rows than `rowsMax`: a sum of a part would be too low */
export async function scopeSpend(
  warehouse: Warehouse,
  { scope, ids, startMs, endMs, byModel, rowsMax }: SpendQuestion,
): Promise<ScopeSpend[]> {
  const models = byModel ? ', model_requested, model_served' : '';
  const rows = await warehouse.query<Row>(
    `SELECT ${COLUMNS[scope]} AS scope_id, customer_id AS of_customer${models}, ${SUMS},
       toDecimalString(sum(cost), 12) AS cost_text
     FROM ${byModel ? EVENTS : 'tollgate.usage_quarter_hourly'}
     WHERE ${COUNTED} AND ${COLUMNS[scope]} IN {ids:Array(String)}
       AND bucket >= toDateTime({start_s:UInt32}) AND bucket < toDateTime({end_s:UInt32})
     GROUP BY scope_id, of_customer${models} LIMIT {most:UInt32}`,
    {
      ids: [...ids],
      start_s: startMs / 1000,
      end_s: Number.isFinite(endMs) ? endMs / 1000 : TIME_MAX_S,
      most: rowsMax + 1,
    },
  );
  if (rows.length > rowsMax) throw new Error(`spend of ${scope} has more than ${rowsMax} rows`);
  return rows.map((row) => ({
    scopeId: row['scope_id'] as string,
    customerId: row['of_customer'] as string,
    models: byModel ? [row['model_requested'] as string, row['model_served'] as string] : [],
    costPicoUsd: parseDecimal12(row['cost_text'] as string),
    quantities: Object.fromEntries(
      quantities.map(({ name, field }) => [field, Number(row[`sum_${name}`])]),
    ) as KnownQuantities,
  }));
}
