/** What was used, by window of time and by dimension, from the roll-ups and the open buckets? */
import { clockSpans, dayStarts, monthStarts } from '@tollgate/domain/period/local-windows.ts';
import { type QuantityName, quantityNames } from '@tollgate/domain/usage/quantities.ts';
import type { Warehouse } from '../warehouse.ts';
import { BUCKET_SQL } from './buckets.ts';

export const usageDimensions = [
  'customer_id',
  'team_id',
  'key_id',
  'environment',
  'model',
  'model_requested',
  'provider',
  'type',
] as const;
export type UsageDimension = (typeof usageDimensions)[number];

type SumName = 'events' | 'refusals' | 'cache_hits' | QuantityName | 'unpriced_events';
const SUMS: readonly SumName[] = [
  ...(['events', 'refusals', 'cache_hits'] as const),
  ...quantityNames,
  'unpriced_events',
];

/** The last of `starts` that is not after the bucket. */
const lastStart = (starts: string) =>
  `arrayMax(arrayFilter(start_s -> start_s <= toUnixTimestamp(bucket), ${starts}))`;
const SPAN = 'arrayLastIndex(since_s -> since_s <= toUnixTimestamp(bucket), {starts:Array(Int64)})';
/** How many days have begun is how many times 24 hours have passed, give or take one or two. */
const DAYS_NEAR = `arraySlice({starts:Array(Int64)},
  greatest(1, intDiv(toUnixTimestamp(bucket) - {starts:Array(Int64)}[1], 86400) - 1), 5)`;

/**
 * Start of the window that a bucket is in, Unix seconds. Where local time begins is told by us and not
 * by the engine: its `toStartOfHour` gives half hours for the rest of a day whose clocks moved by 30
 * minutes (ClickHouse/ClickHouse#119969), its days begin at the second of two midnights, and periods
 * have our calendar too. An hour in which the clocks change begins again at the change.
 */
const WINDOWS = {
  hour: `greatest({starts:Array(Int64)}[${SPAN}], toInt64(toUnixTimestamp(bucket)
    - (toUnixTimestamp(bucket) + {offsets:Array(Int64)}[${SPAN}]) % 3600))`,
  day: lastStart(DAYS_NEAR),
  month: lastStart('{starts:Array(Int64)}'),
  total: 'toInt64(0)',
} as const;

/** What the windows of a question are made from: seconds. */
function startsOf({ window, timeZone, startS, endS }: UsageQuestion) {
  const range = [startS * 1000, endS * 1000, timeZone] as const;
  const seconds = (starts: readonly number[]) => starts.map((ms) => ms / 1000);
  if (window === 'day') return { starts: seconds(dayStarts(...range)), offsets: [] };
  if (window === 'month') return { starts: seconds(monthStarts(...range)), offsets: [] };
  if (window === 'total') return { starts: [], offsets: [] };
  const spans = clockSpans(...range);
  return {
    starts: seconds(spans.map(({ sinceMs }) => sinceMs)),
    offsets: seconds(spans.map(({ offsetMs }) => offsetMs)),
  };
}

/** Sums of what is no column. */
const SUMMED: Partial<Record<SumName, string>> = {
  refusals: "if(type = 'refusal', events, 0)",
  cache_hits: "if(type = 'cache_hit', events, 0)",
};

/** Roll-ups know neither tags nor the names that clients sent, so these come from the events themselves. */
const EVENTS = `(
  SELECT customer_id, ifNull(team_id, '') AS team_id, ifNull(key_id, '') AS key_id,
    ifNull(environment, '') AS environment, ifNull(provider, '') AS provider,
    ifNull(ifNull(model_served, e.model_requested), '') AS model,
    ifNull(e.model_requested, '') AS model_requested, e.type AS type, tags[{tag:String}] AS tag,
    ${BUCKET_SQL} AS bucket, 1 AS events,
    ${quantityNames.map((name) => `ifNull(e.${name}, 0) AS ${name}`).join(', ')},
    ifNull(e.cost, toDecimal128(0, 12)) AS cost, isNull(e.cost) AS unpriced_events,
    ifNull(e.saved_cost, toDecimal128(0, 12)) AS saved_cost
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
  /** Imported usage, which is not billed here, too; it is also there if `type` asks for it. */
  history: boolean;
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
  /** The same of what cache hits saved. */
  savedCost: string;
};

const isOfEvents = ({ tag, groupBy, filters }: UsageQuestion): boolean =>
  tag !== null || groupBy.includes('model_requested') || filters.model_requested !== undefined;

/** In order of window and dimensions. Names are from our own lists, and every value is a parameter. */
export async function usageWindows(
  warehouse: Warehouse,
  question: UsageQuestion,
): Promise<UsageWindow[]> {
  const { groupBy, filters, tag } = question;
  const filtered = usageDimensions.filter((name) => filters[name] !== undefined);
  const conditions = filtered.map((name) => `AND ${name} = {${name}:String}`);
  const isAsked = question.history || filters.type !== undefined;
  // seam: history-is-asked-for
  if (!isAsked) conditions.push("AND type != 'history'");
  const sums = SUMS.map((name) => `sum(${SUMMED[name] ?? name}) AS sum_${name}`);
  const keys = ['window_s', ...groupBy].join(', ');
  const rows = await warehouse.query<Record<string, string | number>>(
    `SELECT ${WINDOWS[question.window]} AS window_s,
       ${[...groupBy, ...sums].join(', ')}, toDecimalString(sum(cost), 12) AS cost_text,
       toDecimalString(sum(saved_cost), 12) AS saved_text
     FROM ${isOfEvents(question) ? EVENTS : 'tollgate.usage_quarter_hourly'}
     WHERE bucket >= toDateTime({start_s:UInt32}) AND bucket < toDateTime({end_s:UInt32})
       ${conditions.join(' ')}
     GROUP BY ${keys} ORDER BY ${keys} LIMIT {most:UInt32}`,
    {
      ...filters,
      ...startsOf(question),
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
    savedCost: String(row['saved_text']),
  }));
}
