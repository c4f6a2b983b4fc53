/**
 * The schema, step by step. Never edit a step that was released: add one.
 *
 * raw_usage has exactly one row per consumed log position (design §9). Two projections inside it,
 * atomic with each part: by dedupe key, and by position (ADR 0002).
 */
import { quantityNames } from '@tollgate/domain/usage/quantities.ts';
import { eventColumns } from './event-columns.ts';

const DURABLE =
  'fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1';

const columns = eventColumns.map(({ name, type }) => `\`${name}\` ${type}`).join(',\n    ');

/** What a stage row carries before the SELECT turns it into a raw row. */
export const positionColumns = [
  'log UInt32',
  'partition UInt32',
  '`offset` UInt64',
  "disposition Enum8('counted' = 1, 'duplicate' = 2, 'dead' = 3)",
  'dead_reason Nullable(String)',
  'insert_epoch UInt64',
  'id_key UInt128',
].join(',\n    ');

const QUANTITIES = quantityNames;

/** Dimensions of a roll-up row. */
const DIMENSIONS = [
  'team_id',
  'key_id',
  'environment',
  'provider',
  'model',
  'endpoint',
  'type',
  'usage_source',
  'status',
  'cache',
];

const dimensionOf = (name: string): string =>
  name === 'model'
    ? "ifNull(ifNull(model_served, model_requested), '')"
    : `ifNull(toString(${name}), '')`;

/** The SELECT that makes roll-up rows out of counted raw rows; the caller adds WHERE. */
export const rollupSelect = {
  columns: [
    'customer_id',
    'bucket',
    ...DIMENSIONS,
    'events',
    ...QUANTITIES,
    'cost',
    'unpriced_events',
  ],
  expressions: [
    'customer_id',
    "toStartOfInterval(toDateTime(time, 'UTC'), INTERVAL 15 MINUTE) AS bucket",
    ...DIMENSIONS.map((name) => `${dimensionOf(name)} AS dim_${name}`),
    'count() AS events',
    ...QUANTITIES.map((name) => `sum(ifNull(${name}, 0)) AS sum_${name}`),
    'sum(ifNull(cost, toDecimal128(0, 12))) AS sum_cost',
    'countIf(isNull(cost)) AS unpriced_events',
  ].join(', '),
  groupBy: ['customer_id', 'bucket', ...DIMENSIONS.map((name) => `dim_${name}`)].join(', '),
};

const rawTable = `
  CREATE TABLE IF NOT EXISTS tollgate.raw_usage (
    ${positionColumns},
    leaf_hash FixedString(32),
    ${columns},
    PROJECTION by_key (
      SELECT id_key, disposition, leaf_hash, type, usage_source, cost ORDER BY id_key),
    PROJECTION by_position (
      SELECT log, partition, \`offset\`, disposition, insert_epoch, leaf_hash
      ORDER BY log, partition, \`offset\`)
  ) ENGINE = MergeTree PARTITION BY toYYYYMM(time)
  ORDER BY (customer_id, time, log, partition, \`offset\`) SETTINGS ${DURABLE}`;

const rollupTable = `
  CREATE TABLE IF NOT EXISTS tollgate.rollup_15m (
    log UInt32, partition UInt32, version UInt64,
    customer_id String, bucket DateTime('UTC'),
    ${DIMENSIONS.map((name) => `${name} String`).join(', ')},
    events UInt64, ${QUANTITIES.map((name) => `${name} Int64`).join(', ')},
    cost Decimal(38, 12), unpriced_events UInt64
  ) ENGINE = ReplacingMergeTree(version)
  ORDER BY (customer_id, bucket, ${DIMENSIONS.join(', ')}) SETTINGS ${DURABLE}`;

/** A bucket is dirty while a mark stands that is newer than its last roll-up. */
const dirtyTable = `
  CREATE TABLE IF NOT EXISTS tollgate.dirty_bucket (
    log UInt32, partition UInt32, customer_id String, bucket DateTime('UTC'),
    marked_version SimpleAggregateFunction(max, UInt64),
    rolled_version SimpleAggregateFunction(max, UInt64)
  ) ENGINE = AggregatingMergeTree ORDER BY (log, partition, customer_id, bucket)
  SETTINGS ${DURABLE}`;

const fenceTable = `
  CREATE TABLE IF NOT EXISTS tollgate.fence (log UInt32, partition UInt32, epoch UInt64)
  ENGINE = MergeTree ORDER BY (log, partition, epoch) SETTINGS ${DURABLE}`;

/** Buckets below a partition's seam are read from roll-ups, the others from raw. */
const seamTable = `
  CREATE TABLE IF NOT EXISTS tollgate.seam (log UInt32, partition UInt32, seam DateTime('UTC'))
  ENGINE = ReplacingMergeTree(seam) ORDER BY (log, partition) SETTINGS ${DURABLE}`;

/** One scalar per query: no reader sees two seams. */
const SEAMS = `(SELECT mapFromArrays(groupArray(log * 65536 + partition), groupArray(newest))
  FROM (SELECT log, partition, max(seam) AS newest FROM tollgate.seam GROUP BY log, partition))`;
const OLDEST_SEAM = `(SELECT if(count() = 0, toDateTime(0, 'UTC'), min(newest))
  FROM (SELECT max(seam) AS newest FROM tollgate.seam GROUP BY log, partition))`;

const usageColumns = rollupSelect.columns.join(', ');
const hourlyView = `
  CREATE VIEW IF NOT EXISTS tollgate.usage_hourly AS
  WITH ${SEAMS} AS seams, ${OLDEST_SEAM} AS oldest
  SELECT ${usageColumns} FROM tollgate.rollup_15m FINAL
  WHERE bucket < seams[log * 65536 + partition] AND events > 0
  UNION ALL
  SELECT ${rollupSelect.expressions} FROM tollgate.raw_usage
  WHERE disposition = 'counted' AND time >= oldest
    AND toStartOfInterval(toDateTime(time, 'UTC'), INTERVAL 15 MINUTE)
      >= seams[log * 65536 + partition]
  GROUP BY ${rollupSelect.groupBy}`;

const dailyView = `
  CREATE VIEW IF NOT EXISTS tollgate.usage_daily AS
  SELECT customer_id, toDate(bucket) AS day, ${DIMENSIONS.join(', ')}, sum(events) AS events,
    ${QUANTITIES.map((name) => `sum(${name}) AS ${name}`).join(', ')},
    sum(cost) AS cost, sum(unpriced_events) AS unpriced_events
  FROM tollgate.usage_hourly GROUP BY customer_id, day, ${DIMENSIONS.join(', ')}`;

const eventsView = `
  CREATE VIEW IF NOT EXISTS tollgate.usage_events AS
  SELECT log, partition, \`offset\`, ${eventColumns.map(({ name }) => `\`${name}\``).join(', ')}
  FROM tollgate.raw_usage WHERE disposition = 'counted'`;

const deadView = `
  CREATE VIEW IF NOT EXISTS tollgate.usage_dead AS
  SELECT log, partition, \`offset\`, dead_reason, time AS appended_at
  FROM tollgate.raw_usage WHERE disposition = 'dead'`;

const progressView = `
  CREATE VIEW IF NOT EXISTS tollgate.log_progress AS
  SELECT log, partition, count() AS rows, max(\`offset\`) + 1 AS first_offset_without_row
  FROM tollgate.raw_usage GROUP BY log, partition`;

/** Reported spend per budget window, from events alone: holds where nothing was stated. */
const budgetView = `
  CREATE VIEW IF NOT EXISTS tollgate.budget_spend AS
  SELECT window, sum(amount) AS spent, count() AS events FROM (
    SELECT arrayJoin(arrayDistinct(budget_windows)) AS window,
      if(isNull(cost) OR usage_source = 'estimated',
        arraySum(arrayMap((a, w) -> if(w = window, a, toDecimal128(0, 12)),
          hold_amounts, budget_windows)), assumeNotNull(cost)) AS amount
    FROM tollgate.raw_usage WHERE disposition = 'counted' AND type = 'attempt')
  GROUP BY window`;

export const migrations: readonly { name: string; statements: readonly string[] }[] = [
  {
    name: 'raw rows, roll-ups, fence, seam and the public views',
    statements: [
      rawTable,
      rollupTable,
      dirtyTable,
      fenceTable,
      seamTable,
      eventsView,
      hourlyView,
      dailyView,
      deadView,
      progressView,
      budgetView,
    ],
  },
  {
    name: 'parts up to 200 MB in one file each',
    // Not one for each column and its marks, each of which is synced: that was a tenth to a sixth of
    // the projector's CPU time. Merged parts are larger, and are read by column as ever.
    statements: ['raw_usage', 'rollup_15m', 'dirty_bucket'].map(
      (table) => `ALTER TABLE tollgate.${table} MODIFY SETTING min_bytes_for_wide_part = 200000000`,
    ),
  },
];
