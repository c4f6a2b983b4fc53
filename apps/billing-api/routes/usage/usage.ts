/**
 * GET /v1/usage: what was used, by window and dimension, from the roll-ups and the open bucket.
 * Buckets are 15 minutes, so every zone's hours, days and months are exact.
 */
import { quantityNames } from '@tollgate/domain/usage/quantities.ts';
import { listOf } from '@tollgate/schemas/http/list.ts';
import { usageQuery, usageRow } from '@tollgate/schemas/http/usage.ts';
import type { z } from 'zod';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute } from '../../http/route.ts';
import { requireTimeZone } from '../../http/time-zone.ts';

const COLUMN_OF = {
  customer: 'customer_id',
  team: 'team_id',
  key: 'key_id',
  environment: 'environment',
  model: 'model',
  provider: 'provider',
} as const;
const DIMENSIONS = Object.values(COLUMN_OF);
const SUMS = ['events', ...quantityNames, 'unpriced_events'];
const WINDOWS = {
  hour: 'toStartOfHour(bucket, {zone:String})',
  day: "toTimeZone(toStartOfInterval(bucket, INTERVAL 1 DAY, {zone:String}), 'UTC')",
  month: 'toDateTime(toStartOfMonth(bucket, {zone:String}), {zone:String})',
  total: 'toDateTime(0)',
} as const;
const BUCKET_MS = 900_000;

const TAG = 'tag:';
/** Roll-ups do not know tags, so a tag is grouped from the events themselves. */
const TAGGED_EVENTS = `(
  SELECT customer_id, ifNull(team_id, '') AS team_id, ifNull(key_id, '') AS key_id,
    ifNull(environment, '') AS environment, ifNull(provider, '') AS provider,
    ifNull(ifNull(model_served, model_requested), '') AS model, tags[{tag:String}] AS tag,
    toStartOfInterval(toDateTime(time, 'UTC'), INTERVAL 15 MINUTE) AS bucket, 1 AS events,
    ${quantityNames.map((name) => `ifNull(e.${name}, 0) AS ${name}`).join(', ')},
    ifNull(e.cost, toDecimal128(0, 12)) AS cost, isNull(e.cost) AS unpriced_events
  FROM tollgate.usage_events AS e)`;

type Query = z.output<typeof usageQuery>;

export const getUsage = defineRoute({
  operationId: 'getUsage',
  method: 'GET',
  path: '/v1/usage',
  tag: 'Usage',
  summary: 'Sum up usage by window and dimension',
  description:
    '`start` and `end` are rounded to 15-minute buckets. Usage that arrives late for an old bucket ' +
    'shows after the next roll-up pass, within about a second.',
  query: usageQuery,
  status: 200,
  response: listOf(usageRow),
  errors: ['usage_range_too_long'],
  async handler({ query }, { warehouse, limits }) {
    const startMs = Math.floor(Date.parse(query.start) / BUCKET_MS) * BUCKET_MS;
    const endMs = Math.ceil(Date.parse(query.end) / BUCKET_MS) * BUCKET_MS;
    if (endMs - startMs > limits.usageRangeMaxMs) throw new ApiProblem('usage_range_too_long');
    requireTimeZone('query.time_zone', query.time_zone);
    const rows = await warehouse.query<Record<string, string | number>>(sqlOf(query), {
      ...query,
      zone: query.time_zone,
      start_s: startMs / 1000,
      end_s: endMs / 1000,
      most: limits.usageWindowsMax + 1,
      tag: tagOf(query) ?? '',
    });
    const data = rows.slice(0, limits.usageWindowsMax).map((row) => view(row, query));
    return { object: 'list' as const, data, has_more: rows.length > limits.usageWindowsMax };
  },
});

/** Names come from our own lists; every value of the client is a bound parameter. */
function sqlOf(query: Query): string {
  const groups = grouped(query);
  const filters = DIMENSIONS.filter((name) => query[name] !== undefined).map(
    (name) => `${name} = {${name}:String}`,
  );
  const sums = SUMS.map((name) => `sum(${name}) AS sum_${name}`);
  const keys = ['window_s', ...groups].join(', ');
  return `SELECT toUnixTimestamp(${WINDOWS[query.window]}) AS window_s,
      ${[...groups, ...sums].join(', ')}, toDecimalString(sum(cost), 12) AS cost_text
    FROM ${tagOf(query) === null ? 'tollgate.usage_quarter_hourly' : TAGGED_EVENTS}
    WHERE bucket >= toDateTime({start_s:UInt32}) AND bucket < toDateTime({end_s:UInt32})
      ${filters.map((filter) => `AND ${filter}`).join(' ')}
    GROUP BY ${keys} ORDER BY ${keys} LIMIT {most:UInt32}`;
}

function grouped(query: Query): string[] {
  const names = new Set(query.group_by.split(',').filter((name) => name !== ''));
  return [...names].map((name) =>
    name.startsWith(TAG) ? 'tag' : COLUMN_OF[name as keyof typeof COLUMN_OF],
  );
}

/** Name of the one tag that is grouped by. @throws ApiProblem if there are several */
function tagOf(query: Query): string | null {
  const tags = query.group_by.split(',').filter((name) => name.startsWith(TAG));
  if (tags.length <= 1) return tags[0]?.slice(TAG.length) ?? null;
  const errors = [{ path: 'query.group_by', message: 'at most one tag' }];
  throw new ApiProblem('invalid_request', { errors });
}

function view(row: Record<string, string | number>, query: Query): z.input<typeof usageRow> {
  const text = (name: string) =>
    row[name] === undefined || row[name] === '' ? null : `${row[name]}`;
  const windowStart = new Date(Number(row['window_s']) * 1000).toISOString();
  const sums = Object.fromEntries(SUMS.map((name) => [name, Number(row[`sum_${name}`] ?? 0)]));
  const names = [...DIMENSIONS, 'tag'];
  const dimensions = Object.fromEntries(names.map((name) => [name, text(name)]));
  return {
    window_start: query.window === 'total' ? null : windowStart,
    ...dimensions,
    ...sums,
    cost: String(row['cost_text']),
  } as z.input<typeof usageRow>;
}
