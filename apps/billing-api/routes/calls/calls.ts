/** GET /v1/calls/{call_id}: every attempt of one call, with its final cost (design §7.8). */
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
    const rows = await warehouse.query<Record<string, string | number | null>>(
      `SELECT id, type, attempt, model_served AS model, status, usage_source,
         toInt32(input_tokens) AS input_tokens, toInt32(output_tokens) AS output_tokens,
         toDecimalString(cost, 12) AS cost, toString(resolves_id) AS resolves_id
       FROM tollgate.usage_events WHERE call_id = {call_id:String} ORDER BY time, type, id`,
      { call_id: params.call_id },
    );
    if (rows.length === 0) throw new ApiProblem('call_not_found');
    const resolved = new Set(rows.map((row) => row['resolves_id']));
    const open = rows.some((row) => row['cost'] === null && !resolved.has(row['id'] ?? null));
    const [total] = await warehouse.query<{ cost: string }>(
      `SELECT toDecimalString(sum(ifNull(cost, toDecimal128(0, 12))), 12) AS cost
       FROM tollgate.usage_events WHERE call_id = {call_id:String}`,
      { call_id: params.call_id },
    );
    const events = rows.map(({ resolves_id: _, ...row }) => attempt.parse(row));
    const cost = open ? null : (total?.cost ?? null);
    return { object: 'call' as const, id: params.call_id, cost, events };
  },
});
