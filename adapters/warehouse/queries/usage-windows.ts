/** What was used, by window of time and by dimension, from the roll-ups and the open buckets? */
import { type QuantityName, quantityNames } from '@tollgate/domain/usage/quantities.ts';
import type { Warehouse } from '../warehouse.ts';
import { BUCKET_SQL } from './buckets.ts';

export const usageDimensions = [
  'customer_id',
  'team_id',
  'key_id',
  'environment',
  'model',
  'provider',
] as const;
export type UsageDimension = (typeof usageDimensions)[number];

type SumName = 'events' | QuantityName | 'unpriced_events';
const SUMS: readonly SumName[] = ['events', ...quantityNames, 'unpriced_events'];

/** Start of the window that a bucket is in. */
const WINDOWS = {
  hour: 'toStartOfHour(bucket, {zone:String})',
  day: "toTimeZone(toStartOfInterval(bucket, INTERVAL 1 DAY, {zone:String}), 'UTC')",
  month: 'toDateTime(toStartOfMonth(bucket, {zone:String}), {zone:String})',
  total: 'toDateTime(0)',
} as const;

/** Roll-ups do not know tags, so a tag is grouped from the events themselves. */
const TAGGED_EVENTS = `(
  SELECT customer_id, ifNull(team_id, '') AS team_id, ifNull(key_id, '') AS key_id,
    ifNull(environment, '') AS environment, ifNull(provider, '') AS provider,
    ifNull(ifNull(model_served, model_requested), '') AS model, tags[{tag:String}] AS tag,
    ${BUCKET_SQL} AS bucket, 1 AS events,
    ${quantityNames.map((name) => `ifNull(e.${name}, 0) AS ${name}`).join(', ')},
    ifNull(e.cost, toDecimal128(0, 12)) AS cost, isNull(e.cost) AS unpriced_events
  FROM tollgate.usage_events AS e)`;

export type UsageQuestion = {
  window: keyof typeof WINDOWS;
  /** IANA name. */
  timeZone: string;
  /** Both are starts of buckets, Unix seconds; the end is exclusive. */
  startS: number;
  endS: number;
  /** `tag` is the value of the tag below. */
  groupBy: readonly (UsageDimension | 'tag')[];
  tag: string | null;
  /** Values that a dimension must have. */
  filters: Readonly<Partial<Record<UsageDimension, string>>>;
  rowsMax: number;
};

export type UsageWindow = {
  /** Unix seconds. */
  startS: number;
  /** Of each dimension that was grouped by. Empty: it does not apply. */
  values: Partial<Record<UsageDimension | 'tag', string>>;
  sums: Record<SumName, number>;
  /** USD, 12 decimal places, of the events whose cost is known. */
  cost: string;
};

/** In order of window and dimensions. Names are from our own lists, and every value is a parameter. */
export async function usageWindows(
  warehouse: Warehouse,
  question: UsageQuestion,
): Promise<UsageWindow[]> {
  const { groupBy, filters, tag } = question;
  const filtered = usageDimensions.filter((name) => filters[name] !== undefined);
  const conditions = filtered.map((name) => `AND ${name} = {${name}:String}`);
  const sums = SUMS.map((name) => `sum(${name}) AS sum_${name}`);
  const keys = ['window_s', ...groupBy].join(', ');
  const rows = await warehouse.query<Record<string, string | number>>(
    `SELECT toUnixTimestamp(${WINDOWS[question.window]}) AS window_s,
       ${[...groupBy, ...sums].join(', ')}, toDecimalString(sum(cost), 12) AS cost_text
     FROM ${tag === null ? 'tollgate.usage_quarter_hourly' : TAGGED_EVENTS}
     WHERE bucket >= toDateTime({start_s:UInt32}) AND bucket < toDateTime({end_s:UInt32})
       ${conditions.join(' ')}
     GROUP BY ${keys} ORDER BY ${keys} LIMIT {most:UInt32}`,
    {
      ...filters,
      zone: question.timeZone,
      start_s: question.startS,
      end_s: question.endS,
      most: question.rowsMax,
      tag: tag ?? '',
    },
  );
  return rows.map((row) => ({
    startS: Number(row['window_s']),
    values: Object.fromEntries(groupBy.map((name) => [name, String(row[name])])),
    sums: Object.fromEntries(SUMS.map((name) => [name, Number(row[`sum_${name}`] ?? 0)])) as Record<
      SumName,
      number
    >,
    cost: String(row['cost_text']),
  }));
}
