/** `GET /v1/usage`: sums over windows and dimensions. */
import { perQuantity } from '@tollgate/domain/usage/quantities.ts';
import { z } from 'zod';
import { decimal12, timestamp } from '../event/usage-event.ts';
import { shortName } from '../names/names.ts';
import { instant } from '../time/instant.ts';

const id = shortName.optional();

export const usageQuery = z.strictObject({
  start: instant,
  end: instant,
  window: z.enum(['hour', 'day', 'month', 'total']).default('total'),
  time_zone: z.string().min(1).max(64).default('UTC'),
  /** Comma-separated: customer, team, key, environment, model, provider, at most one tag:<name>. */
  group_by: z
    .string()
    .regex(/^((customer|team|key|environment|model|provider|tag:[^,]{1,256})(,(?!$)|$))*$/)
    .default(''),
  customer_id: id,
  team_id: id,
  key_id: id,
  environment: id,
  model: id,
  provider: id,
});

const sum = z.int();

export const usageRow = z.strictObject({
  window_start: timestamp.nullable(),
  customer_id: z.string().nullable(),
  team_id: z.string().nullable(),
  key_id: z.string().nullable(),
  environment: z.string().nullable(),
  model: z.string().nullable(),
  provider: z.string().nullable(),
  /** Value of the tag that was grouped by; null without one. */
  tag: z.string().nullable(),
  events: sum,
  ...perQuantity(() => sum),
  cost: decimal12,
  /** Events whose cost is not known yet. */
  unpriced_events: sum,
});
