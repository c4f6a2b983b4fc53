/** What are the events of a snapshot, one by one, in order of their time? For files of them. */
import { quantityNames } from '@tollgate/domain/usage/quantities.ts';
import type { Warehouse } from '../warehouse.ts';
import { type UsageSet, usageSetSql } from './usage-set.ts';

/** Where an event is: in order of time first, since rows are stored so. */
export type EventPlace = { timeMs: number; log: number; partition: number; offset: string };

/** Null: not known, or not of its kind (I8). */
export type SnapshotEvent = {
  place: EventPlace;
  fields: Record<string, string | number | null>;
};

const instantSql = (name: string) => `concat(replaceOne(toString(${name}), ' ', 'T'), 'Z')`;

/** Texts that are ours: they are never free text of a client or a provider. */
const PLAIN = [
  'id',
  'type',
  'call_id',
  'resolves_id',
  'team_id',
  'key_id',
  'usage_source',
  'status',
];
const TEXTS = [
  ...['source', 'environment', 'end_user', 'provider', 'deployment', 'model_requested'],
  ...[
    'model_served',
    'endpoint',
    'error_type',
    'price_version',
    'external_type',
    'external_subject',
  ],
] as const;

/** The fields of a file, in its order. `isPlain`: digits, times and words of ours. */
export const exportedFields: readonly { name: string; isPlain: boolean; sql: string }[] = [
  { name: 'time', isPlain: true, sql: instantSql('time') },
  { name: 'recorded_at', isPlain: true, sql: instantSql('recorded_at') },
  // The id of a collector's event is the collector's text.
  ...PLAIN.map((name) => ({ name, isPlain: name !== 'id', sql: `toString(${name})` })),
  { name: 'attempt', isPlain: true, sql: 'attempt' },
  ...TEXTS.map((name) => ({ name, isPlain: false, sql: name })),
  ...quantityNames.map((name) => ({ name, isPlain: true, sql: `toString(${name})` })),
  { name: 'cost', isPlain: true, sql: 'toDecimalString(cost, 12)' },
];

const PLACE_SQL = '(time, log, partition, `offset`)';
const AFTER_SQL = `(${ms('after_ms')}, {after_log:UInt32}, {after_partition:UInt32}, {after_offset:UInt64})`;

function ms(name: string): string {
  return `fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`;
}

/** @param after the last event of the page before; null: the first page */
export async function pageOfEvents(
  warehouse: Warehouse,
  set: UsageSet,
  { after, rows }: { after: EventPlace | null; rows: number },
): Promise<SnapshotEvent[]> {
  const { where, params } = usageSetSql(set);
  // The first condition is what the primary key can use; the second one is exact.
  const behind =
    after === null ? '' : `AND time >= ${ms('after_ms')} AND ${PLACE_SQL} > ${AFTER_SQL}`;
  const fields = exportedFields.map(({ name, sql }) => `${sql} AS field_${name}`);
  const found = await warehouse.query<Record<string, string | number | null>>(
    `SELECT toUnixTimestamp64Milli(time) AS at_ms, log AS at_log, partition AS at_partition,
       toString(\`offset\`) AS at_offset, ${fields.join(', ')}
     FROM tollgate.raw_usage WHERE ${where} ${behind}
     ORDER BY ${PLACE_SQL.slice(1, -1)} LIMIT {page_rows:UInt32}`,
    {
      ...params,
      ...(after === null
        ? {}
        : {
            after_ms: after.timeMs,
            after_log: after.log,
            after_partition: after.partition,
            // An offset beyond 2^53 must reach the engine exactly, so it travels as a bigint.
            after_offset: BigInt(after.offset),
          }),
      page_rows: rows,
    },
  );
  return found.map((row) => ({
    place: {
      timeMs: Number(row['at_ms']),
      log: Number(row['at_log']),
      partition: Number(row['at_partition']),
      offset: String(row['at_offset']),
    },
    fields: Object.fromEntries(
      exportedFields.map(({ name }) => [name, row[`field_${name}`] ?? null]),
    ),
  }));
}

/** All of them as one Parquet file, with the types of the warehouse: costs are Decimal(38, 12). */
export function eventsAsParquet(warehouse: Warehouse, set: UsageSet): AsyncIterable<Uint8Array> {
  const { where, params } = usageSetSql(set);
  const columns = [
    ...['time', 'recorded_at', ...PLAIN, 'attempt', ...TEXTS, ...quantityNames, 'cost'],
    ...['log', 'partition', '`offset`'],
  ];
  return warehouse.parquet(
    `SELECT ${columns.join(', ')} FROM tollgate.raw_usage WHERE ${where}
     ORDER BY ${PLACE_SQL.slice(1, -1)}`,
    params,
  );
}
