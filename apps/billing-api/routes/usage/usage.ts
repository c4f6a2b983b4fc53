/**
 * GET /v1/usage: what was used, by window and dimension, from the roll-ups and the open bucket.
 * Buckets are 15 minutes, so every zone's hours, days and months are exact.
 */
import { BUCKET_S } from '@tollgate/adapters/warehouse/queries/buckets.ts';
import {
  type UsageDimension,
  type UsageWindow,
  usageDimensions,
  usageWindows,
} from '@tollgate/adapters/warehouse/queries/usage-windows.ts';
import { listOf } from '@tollgate/schemas/http/list.ts';
import { usageQuery, usageRow } from '@tollgate/schemas/http/usage.ts';
import type { z } from 'zod';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute } from '../../http/route.ts';
import { rangeInZone, requireTimeZone } from '../../http/time-zone.ts';

const SHORT_FORMS: Readonly<Record<string, UsageDimension>> = {
  customer: 'customer_id',
  team: 'team_id',
  key: 'key_id',
};
const BUCKET_MS = BUCKET_S * 1000;
const TAG = 'tag:';

type Query = z.output<typeof usageQuery>;

export const getUsage = defineRoute({
  operationId: 'getUsage',
  method: 'GET',
  path: '/v1/usage',
  tag: 'Usage',
  summary: 'Sum up usage by window and dimension',
  description:
    '`start` and `end` are rounded to 15-minute buckets, and are the current month by default.  Usage that arrives late for an old bucket ' +
    'shows after the next roll-up pass, within about a second.',
  query: usageQuery,
  status: 200,
  response: listOf(usageRow),
  errors: ['usage_range_too_long'],
  async handler({ query, timeMs }, { warehouse, limits }) {
    const timeZone = requireTimeZone('query.time_zone', query.time_zone);
    const range = rangeInZone(query, timeMs, timeZone);
    const startMs = Math.floor(range.startMs / BUCKET_MS) * BUCKET_MS;
    const endMs = Math.ceil(range.endMs / BUCKET_MS) * BUCKET_MS;
    if (endMs - startMs > limits.usageRangeMaxMs) throw new ApiProblem('usage_range_too_long');
    const rows = await usageWindows(warehouse, {
      window: query.window,
      timeZone,
      startS: startMs / 1000,
      endS: endMs / 1000,
      groupBy: grouped(query),
      tag: tagOf(query),
      filters: filtersOf(query),
      history: query.history === 'true',
      rowsMax: limits.usageWindowsMax + 1,
    });
    const data = rows.slice(0, limits.usageWindowsMax).map((row) => view(row, query));
    return { object: 'list' as const, data, has_more: rows.length > limits.usageWindowsMax };
  },
});

function filtersOf(query: Query): Partial<Record<UsageDimension, string>> {
  const entries = usageDimensions.flatMap((name) => {
    const value = query[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}

function grouped(query: Query): (UsageDimension | 'tag')[] {
  const names = query.group_by.split(',').filter((name) => name !== '');
  return [...new Set(names.map(dimensionOf))];
}

function dimensionOf(name: string): UsageDimension | 'tag' {
  return SHORT_FORMS[name] ?? usageDimensions.find((known) => known === name) ?? 'tag';
}

/** Name of the one tag that is grouped by. @throws ApiProblem if there are several */
function tagOf(query: Query): string | null {
  const tags = query.group_by.split(',').filter((name) => name.startsWith(TAG));
  if (tags.length <= 1) return tags[0]?.slice(TAG.length) ?? null;
  const errors = [{ path: 'query.group_by', message: 'at most one tag' }];
  throw new ApiProblem('invalid_request', { errors });
}

function view(found: UsageWindow, query: Query): z.input<typeof usageRow> {
  const names = [...usageDimensions, 'tag'] as const;
  const dimensions = names.map((name) => {
    const value = found.values[name];
    return [name, value === undefined || value === '' ? null : value] as const;
  });
  const windowStart = new Date(found.startS * 1000).toISOString();
  return {
    window_start: query.window === 'total' ? null : windowStart,
    ...Object.fromEntries(dimensions),
    ...found.sums,
    cost: found.cost,
    saved_cost: found.savedCost,
  } as z.input<typeof usageRow>;
}
