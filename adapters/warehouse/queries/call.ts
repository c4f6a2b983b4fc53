/** What has one call of a client cost, event by event? */
import type { Warehouse } from '../warehouse.ts';

/** An attempt of the call, or a resolution of one. Costs have 12 decimal places. */
export type CallEvent = {
  id: string;
  type: string;
  attempt: number;
  model: string | null;
  status: string;
  usage_source: string;
  input_tokens: number | null;
  output_tokens: number | null;
  cost: string | null;
  resolves_id: string | null;
};

/** In order of time. */
export function eventsOfCall(warehouse: Warehouse, callId: string): Promise<CallEvent[]> {
  return warehouse.query<CallEvent>(
    `SELECT id, type, attempt, model_served AS model, status, usage_source,
       toInt32(input_tokens) AS input_tokens, toInt32(output_tokens) AS output_tokens,
       toDecimalString(cost, 12) AS cost, toString(resolves_id) AS resolves_id
     FROM tollgate.usage_events WHERE call_id = {call_id:String} ORDER BY time, type, id`,
    { call_id: callId },
  );
}

/** The sum of its known costs. */
export async function costOfCall(warehouse: Warehouse, callId: string): Promise<string> {
  const [total] = await warehouse.query<{ cost: string }>(
    `SELECT toDecimalString(sum(ifNull(cost, toDecimal128(0, 12))), 12) AS cost
     FROM tollgate.usage_events WHERE call_id = {call_id:String}`,
    { call_id: callId },
  );
  if (total === undefined) throw new Error('a sum without a row');
  return total.cost;
}
