/**
 * What are the lines of a snapshot? Sums of its rows, one for each combination of dimensions, and the
 * attempts whose cost nobody knows yet.
 */
import { parseDecimal12 } from '@tollgate/domain/money/money.ts';
import {
  SUMMED_QUANTITIES,
  type SummedQuantities,
  type Unresolved,
  type UsageSum,
} from '@tollgate/domain/period/snapshot.ts';
import type { UsageSource } from '@tollgate/domain/usage/usage-event.ts';
import type { Warehouse } from '../warehouse.ts';
import { safeInteger } from './safe-integer.ts';
import { belowCutSql, type UsageSet, usageSetSql } from './usage-set.ts';

/**
 * The model that was priced: the one that served. A refusal reached none, and the name that the
 * client sent is free text, which could make any number of lines.
 */
const MODEL_SQL = "if(type = 'refusal', NULL, ifNull(model_served, model_requested))";

/** What makes a line; `period_ends` is a parameter. */
const PERIOD_SQL = `toString(arrayFirstIndex(
         period_end -> toUnixTimestamp64Milli(time) < period_end, {period_ends:Array(Int64)}
       ))`;
const DIMENSIONS_SQL = `${PERIOD_SQL} AS period_number,
       provider AS line_provider, ${MODEL_SQL} AS line_model, key_id, team_id, environment,
       usage_source`;
const GROUP_SQL =
  'GROUP BY period_number, line_provider, line_model, key_id, team_id, environment, usage_source';
const QUANTITIES_SQL = SUMMED_QUANTITIES.map(
  (bucket) => `toString(ifNull(sum(toInt64(${bucket})), 0)) AS sum_${bucket}`,
).join(', ');

type SumRow = Record<string, unknown> & {
  period_number: string;
  line_provider: string | null;
  line_model: string | null;
  key_id: string | null;
  team_id: string | null;
  environment: string | null;
  usage_source: UsageSource;
  price_versions: string[];
  events: string;
  cost_text: string;
};

/**
 * One sum per combination of dimensions. An event belongs to the period that its time lies in, and
 * to the first if it is older than all.
 *
 * @param periodEndsMs ends of all periods up to this one, in order
 * @returns the first `linesMax` of them
 */
export async function sumUsage(
  warehouse: Warehouse,
  set: UsageSet,
  periodEndsMs: readonly number[],
  linesMax: number,
): Promise<UsageSum[]> {
  const { where, params } = usageSetSql(set);
  const rows = await warehouse.query<SumRow>(
    `SELECT
       ${DIMENSIONS_SQL},
       arraySort(groupUniqArrayIf(assumeNotNull(price_version), isNotNull(price_version)))
         AS price_versions,
       toString(count()) AS events, ${QUANTITIES_SQL},
       toDecimalString(ifNull(sum(cost), toDecimal128(0, 12)), 12) AS cost_text
     FROM tollgate.raw_usage WHERE ${where}
     ${GROUP_SQL} LIMIT {lines_max:UInt32}`,
    { ...params, period_ends: periodEndsMs, lines_max: linesMax },
  );
  return rows.map(sumOf);
}

/** How many sums there are, as far as `linesMax`. */
export async function countSums(
  warehouse: Warehouse,
  set: UsageSet,
  periodEndsMs: readonly number[],
  linesMax: number,
): Promise<number> {
  const { where, params } = usageSetSql(set);
  const [row] = await warehouse.query<{ lines: string }>(
    `SELECT toString(count()) AS lines FROM (
       SELECT ${DIMENSIONS_SQL} FROM tollgate.raw_usage WHERE ${where} ${GROUP_SQL}
       LIMIT {lines_max:UInt32}
     )`,
    { ...params, period_ends: periodEndsMs, lines_max: linesMax },
  );
  return safeInteger(row?.lines);
}

function sumOf(row: SumRow): UsageSum {
  const entries = SUMMED_QUANTITIES.map(
    (bucket) => [bucket, safeInteger(row[`sum_${bucket}`])] as const,
  );
  return {
    periodNumber: safeInteger(row.period_number),
    provider: row.line_provider,
    model: row.line_model,
    keyId: row.key_id,
    teamId: row.team_id,
    environment: row.environment,
    usageSource: row.usage_source,
    priceVersions: row.price_versions,
    events: safeInteger(row.events),
    quantities: Object.fromEntries(entries) as SummedQuantities,
    costPicoUsd: parseDecimal12(row.cost_text),
  };
}

/**
 * Attempts of the set whose cost nobody knows yet (I8): how many, and the first `idsMax` ids. A counted
 * resolution below the same cut speaks for its attempt; it has the attempt's time, so both are in the
 * same snapshot or it is later.
 */
export async function unresolvedInSet(
  warehouse: Warehouse,
  set: UsageSet,
  idsMax: number,
): Promise<Unresolved> {
  const { where, params } = usageSetSql(set);
  const known = belowCutSql('known', set.logs);
  const from = `FROM tollgate.raw_usage WHERE ${where} AND type = 'attempt' AND cost IS NULL
    AND id NOT IN (
      SELECT assumeNotNull(resolves_id) FROM tollgate.raw_usage
      WHERE customer_id = {set_customer:String} AND disposition = 'counted'
        AND type = 'resolution' AND ${known.where}
    )`;
  const all = { ...params, ...known.params };
  const [total] = await warehouse.query<{ attempts: string }>(
    `SELECT toString(count()) AS attempts ${from}`,
    all,
  );
  const ids = await warehouse.query<{ id: string }>(
    `SELECT id ${from} ORDER BY log, partition, \`offset\` LIMIT {ids_max:UInt32}`,
    { ...all, ids_max: idsMax },
  );
  return { count: safeInteger(total?.attempts), event_ids: ids.map(({ id }) => id) };
}
