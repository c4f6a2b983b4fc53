/**
 * GET /v1/calls/{call_id}: every attempt of one call, with its final cost (docs/design.md, Settle).
 */
import { costOfCall, eventsOfCall } from '@tollgate/adapters/warehouse/queries/call.ts';
import { decimal12 } from '@tollgate/schemas/event/usage-event.ts';
import { z } from 'zod';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute } from '../../http/route.ts';

const attempt = z.strictObject({
  id: z.string(),
  type: z.string(),
  attempt: z.int(),
  model: z.string().nullable(),
  status: z.string(),
  usage_source: z.string(),
  input_tokens: z.int().nullable(),
  output_tokens: z.int().nullable(),
  cost: decimal12.nullable(),
});

export const getCall = defineRoute({
  operationId: 'getCall',
  method: 'GET',
  path: '/v1/calls/{call_id}',
  tag: 'Usage',
  summary: 'Retrieve what a call cost, attempt by attempt, including resolutions',
  params: z.strictObject({ call_id: z.uuid() }),
  status: 200,
  response: z.strictObject({
    object: z.literal('call'),
    id: z.string(),
    /** Null while an attempt's cost is unknown. */
    cost: decimal12.nullable(),
    events: z.array(attempt),
  }),
  errors: ['call_not_found'],
  async handler({ params }, { warehouse }) {
    const rows = await eventsOfCall(warehouse, params.call_id);
    if (rows.length === 0) throw new ApiProblem('call_not_found');
    const resolved = new Set(rows.map(({ resolves_id }) => resolves_id));
    const open = rows.some(({ id, cost }) => cost === null && !resolved.has(id));
    const total = await costOfCall(warehouse, params.call_id);
    const events = rows.map(({ resolves_id: _, ...row }) => attempt.parse(row));
    const cost = open ? null : total;
    return { object: 'call' as const, id: params.call_id, cost, events };
  },
});
