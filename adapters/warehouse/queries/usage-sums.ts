/**
 * What are the lines of a snapshot? Sums of its rows, one for each combination of dimensions, and the
 * events whose cost nobody knows yet.
 */
import { parseDecimal12 } from '@tollgate/domain/money/money.ts';
import {
  type LeftOut,
  type SnapshotVersion,
  SUMMED_QUANTITIES,
  type SummedQuantities,
  type Unresolved,
  type UnresolvedKind,
  type UsageSum,
} from '@tollgate/domain/period/snapshot.ts';
import type { UsageSource } from '@tollgate/domain/usage/usage-event.ts';
import type { Warehouse } from '../warehouse.ts';
import { safeInteger } from './safe-integer.ts';
import {
  belowCutSql,
  historySetSql,
  type SqlCondition,
  type UsageSet,
  usageSetSql,
} from './usage-set.ts';

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
const GROUP_SQL = `GROUP BY period_number, line_provider, line_model, key_id, team_id, environment,
       usage_source, open_type, open_meter`;

/** In version 1, what is unresolved is in the lines of all. */
function dimensionsSql(version: SnapshotVersion, unresolved: string): string {
  const kind =
    version === 1
      ? `'' AS open_type, CAST(NULL AS Nullable(String)) AS open_meter`
      : `if(${unresolved}, toString(type), '') AS open_type,
       if(${unresolved} AND type = 'external', external_type, NULL) AS open_meter`;
  return `${DIMENSIONS_SQL}, ${kind}`;
}

/**
 * Events of the set whose cost nobody knows yet (I8). A counted resolution below the same cut speaks for
 * its attempt; it has the attempt's time, so both are in the same snapshot or it is later. A
 * collector's id may be any text, that of a resolved attempt too, and no resolution speaks for it.
 */
function unresolvedSql(set: UsageSet, version: SnapshotVersion): SqlCondition {
  const known = belowCutSql('known', set.logs);
  const attempts = `(type = 'attempt' AND id NOT IN (
      SELECT assumeNotNull(resolves_id) FROM tollgate.raw_usage
      WHERE customer_id = {set_customer:String} AND disposition = 'counted'
        AND type = 'resolution' AND ${known.where}
    ))`;
  const { params } = known;
  if (version === 1) return { where: `(cost IS NULL AND ${attempts})`, params };
  // seam: collected-is-unresolved-too
  const where = `(cost IS NULL AND (type = 'external' OR ${attempts}))`;
  return { where, params };
}

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
  /** Type of unresolved events, else empty. */
  open_type: 'attempt' | 'external' | '';
  open_meter: string | null;
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
  version: SnapshotVersion,
): Promise<UsageSum[]> {
  const { where, params } = usageSetSql(set);
  const unresolved = unresolvedSql(set, version);
  const rows = await warehouse.query<SumRow>(
    `SELECT
       ${dimensionsSql(version, unresolved.where)},
       arraySort(groupUniqArrayIf(assumeNotNull(price_version), isNotNull(price_version)))
         AS price_versions,
       toString(count()) AS events, ${QUANTITIES_SQL},
       toDecimalString(ifNull(sum(cost), toDecimal128(0, 12)), 12) AS cost_text
     FROM tollgate.raw_usage WHERE ${where}
     ${GROUP_SQL} LIMIT {lines_max:UInt32}`,
    { ...params, ...unresolved.params, period_ends: periodEndsMs, lines_max: linesMax },
  );
  return rows.map(sumOf);
}

/** How many sums there are, as far as `linesMax`. */
export async function countSums(
  warehouse: Warehouse,
  set: UsageSet,
  periodEndsMs: readonly number[],
  linesMax: number,
  version: SnapshotVersion,
): Promise<number> {
  const { where, params } = usageSetSql(set);
  const unresolved = unresolvedSql(set, version);
  const [row] = await warehouse.query<{ lines: string }>(
    `SELECT toString(count()) AS lines FROM (
       SELECT ${dimensionsSql(version, unresolved.where)}
       FROM tollgate.raw_usage WHERE ${where} ${GROUP_SQL} LIMIT {lines_max:UInt32}
     )`,
    { ...params, ...unresolved.params, period_ends: periodEndsMs, lines_max: linesMax },
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
    unresolved: kindOf(row),
    priceVersions: row.price_versions,
    events: safeInteger(row.events),
    quantities: Object.fromEntries(entries) as SummedQuantities,
    costPicoUsd: parseDecimal12(row.cost_text),
  };
}

function kindOf({ open_type: type, open_meter }: SumRow): UnresolvedKind | null {
  if (type === '') return null;
  if (type === 'attempt') return { type, external_type: null };
  return { type, external_type: open_meter ?? '' };
}

/** Events of the set whose cost nobody knows yet (I8): how many, and the first `idsMax` ids. */
export async function unresolvedInSet(
  warehouse: Warehouse,
  set: UsageSet,
  idsMax: number,
  version: SnapshotVersion,
): Promise<Unresolved> {
  const { where, params } = usageSetSql(set);
  const unresolved = unresolvedSql(set, version);
  const from = `FROM tollgate.raw_usage WHERE ${where} AND ${unresolved.where}`;
  const all = { ...params, ...unresolved.params };
  const [total] = await warehouse.query<{ open_events: string }>(
    `SELECT toString(count()) AS open_events ${from}`,
    all,
  );
  const ids = await warehouse.query<{ id: string }>(
    `SELECT id ${from} ORDER BY log, partition, \`offset\` LIMIT {ids_max:UInt32}`,
    { ...all, ids_max: idsMax },
  );
  return { count: safeInteger(total?.open_events), event_ids: ids.map(({ id }) => id) };
}

/** Imported history that the snapshot leaves out; null: there is none. */
export async function historyInSet(warehouse: Warehouse, set: UsageSet): Promise<LeftOut | null> {
  const { where, params } = historySetSql(set);
  const [row] = await warehouse.query<{ history_events: string; history_cost: string }>(
    `SELECT toString(count()) AS history_events,
       toDecimalString(ifNull(sum(cost), toDecimal128(0, 12)), 12) AS history_cost
     FROM tollgate.raw_usage WHERE ${where}`,
    params,
  );
  const events = safeInteger(row?.history_events);
  return events === 0 || row === undefined ? null : { events, cost: row.history_cost };
}
