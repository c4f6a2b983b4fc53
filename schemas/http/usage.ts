/** `GET /v1/usage`: sums over windows and dimensions. */
import { perQuantity } from '@tollgate/domain/usage/quantities.ts';
import { z } from 'zod';
import { decimal12, timestamp } from '../event/usage-event.ts';
import { shortName } from '../names/names.ts';
import { instantOrDate } from '../time/instant.ts';

const id = shortName.optional();

export const usageQuery = z.strictObject({
  start: instantOrDate.optional().meta({
    description:
      'RFC 3339, or a plain date: the first instant of that day in the time zone. Default: the start ' +
      'of the current month.',
  }),
  end: instantOrDate.optional().meta({
    description: 'Exclusive; as `start`. Default: the end of the current month.',
  }),
  window: z.enum(['hour', 'day', 'month', 'total']).default('total'),
  time_zone: z.string().min(1).max(64).default('UTC'),
  group_by: z
    .string()
    .regex(
      /^(((?:customer|team|key)(?:_id)?|environment|model_requested|model|provider|type|tag:[^,]{1,256})(,(?!$)|$))*$/,
      {
        error:
          'names of the list, parted by commas: customer_id, team_id, key_id, environment, model, ' +
          'model_requested, provider, type, and at most one tag:<name>',
      },
    )
    .default('')
    .meta({
      description:
        'Names of fields of the answer, parted by commas: `customer_id`, `team_id`, `key_id`, ' +
        '`environment`, `model`, `model_requested`, `provider`, `type`, and at most one `tag:<name>`. ' +
        'The short forms `customer`, `team` and `key` mean the same.',
    }),
  customer_id: id,
  team_id: id,
  key_id: id,
  environment: id,
  model: id,
  model_requested: id,
  provider: id,
  type: id,
  history: z.enum(['true', 'false']).default('false').meta({
    description:
      'With usage that was imported from another gateway (`type` is `history`): it is not billed here.',
  }),
});

const sum = z.int();

export const usageRow = z.strictObject({
  window_start: timestamp.nullable(),
  customer_id: z.string().nullable(),
  team_id: z.string().nullable(),
  key_id: z.string().nullable(),
  environment: z.string().nullable(),
  model: z.string().nullable().meta({
    description: 'As the provider answered; the requested name where nothing was served.',
  }),
  model_requested: z.string().nullable().meta({
    description: 'As the client named it: one name for served and refused calls.',
  }),
  provider: z.string().nullable(),
  type: z.string().nullable().meta({
    description: '`attempt`, `cache_hit`, `refusal`, `history`, … where it was grouped by.',
  }),
  /** Value of the tag that was grouped by; null without one. */
  tag: z.string().nullable(),
  events: sum.meta({ description: 'Of every type, refusals too.' }),
  refusals: sum.meta({ description: 'Those of the events that are refused calls.' }),
  cache_hits: sum.meta({
    description: 'Those that are calls which the cache of answers served: no provider was asked.',
  }),
  ...perQuantity(() => sum),
  cost: decimal12,
  saved_cost: decimal12.meta({
    description: 'What those calls would have cost beyond `cost`, at the prices in force then.',
  }),
  /** Events whose cost is not known yet. */
  unpriced_events: sum,
});
