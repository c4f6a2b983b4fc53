/** `GET /v1/calls` and `GET /v1/calls/{id}`: single calls of clients, with their attempts. */
import { z } from 'zod';
import { decimal12, timestamp, usageStatus } from '../event/usage-event.ts';
import { objectId, shortName } from '../names/names.ts';
import { instantOrDateUtc } from '../time/instant.ts';
import { listQuery } from './list.ts';

const attempt = z.strictObject({
  id: z.string(),
  type: z.string().meta({ description: '`attempt`, `cache_hit`, `refusal` or `resolution`.' }),
  attempt: z.int(),
  provider: z.string().nullable(),
  model: z.string().nullable().meta({ description: 'As the provider named it.' }),
  status: z.string(),
  http_status: z.int().nullable(),
  error_type: z.string().nullable(),
  provider_request_id: z.string().nullable(),
  usage_source: z.string(),
  output_limit: z
    .int()
    .nullable()
    .meta({
      description:
        'Output tokens per answer that Tollgate limited it to: it stated no limit, or a budget clamped it. ' +
        'Null: none.',
    }),
  output_clamped: z.boolean(),
  input_tokens: z.int().nullable(),
  output_tokens: z.int().nullable(),
  cost: decimal12.nullable(),
  saved_cost: decimal12.nullable().meta({
    description: 'Of a cache hit: what its call would have cost beyond that. Null: it is none.',
  }),
});

export const callView = z.strictObject({
  object: z.literal('call'),
  id: z.string().meta({ description: 'The `x-tollgate-call-id` of its answer.' }),
  time: timestamp,
  customer_id: z.string(),
  team_id: z.string().nullable(),
  key_id: z.string().nullable(),
  environment: z.string().nullable(),
  end_user: z.string().nullable(),
  endpoint: z.string().nullable(),
  stream: z.boolean(),
  model: z
    .string()
    .nullable()
    .meta({ description: 'As the client named it: one name for served and refused calls.' }),
  status: usageStatus.meta({ description: 'Of the last attempt; `refused` if nothing was sent.' }),
  error_type: z.string().nullable(),
  cost: decimal12.nullable().meta({ description: 'Null while the cost of an attempt is unknown.' }),
  events: z.array(attempt),
});

export const callParams = z.strictObject({ call_id: z.uuid() });

const name = shortName.optional();
export const callList = listQuery.extend({
  start: instantOrDateUtc.optional().meta({
    description: 'RFC 3339, or a plain date in UTC. Default: the start of the current month.',
  }),
  end: instantOrDateUtc.optional().meta({
    description: 'Exclusive; as `start`. Default: the end of the current month.',
  }),
  customer_id: objectId
    .optional()
    .meta({ description: 'Our id, or the `external_id` of a customer.' }),
  team_id: objectId.optional(),
  key_id: objectId.optional(),
  environment: name,
  end_user: name,
  provider: name,
  model: name.meta({ description: 'As the client named it, or as the provider did.' }),
  status: usageStatus.optional(),
  error_type: name,
  provider_request_id: name,
});
