/** What is known of calls of clients, event by event? */
import type { Warehouse } from '../warehouse.ts';

/** An attempt of a call, its cache hit or refusal, or a resolution of one. Costs have 12 decimal places. */
export type CallEvent = {
  id: string;
  type: string;
  call_id: string;
  attempt: number;
  at_ms: string;
  customer_id: string;
  team_id: string | null;
  key_id: string | null;
  environment: string | null;
  end_user: string | null;
  endpoint: string | null;
  stream: boolean;
  provider: string | null;
  /** As the client named it. */
  model_requested: string | null;
  /** As the provider named it. */
  model: string | null;
  status: string;
  http_status: number | null;
  error_type: string | null;
  provider_request_id: string | null;
  usage_source: string;
  /** Output tokens per answer that this gateway limited it to; null: it set no limit. */
  output_limit: number | null;
  /** A budget made that limit smaller than what the call would have got. */
  output_clamped: boolean;
  input_tokens: number | null;
  output_tokens: number | null;
  cost: string | null;
  /** What a cache hit saved; null of all other events, and where there is no price. */
  saved_cost: string | null;
  resolves_id: string | null;
};

/**
 * In order of time.
 *
 * @param since Unix ms: no call of these began before. Undefined: all rows are read
 */
export async function eventsOfCalls(
  warehouse: Warehouse,
  callIds: readonly string[],
  since?: number,
): Promise<CallEvent[]> {
  if (callIds.length === 0) return [];
  const sql = `SELECT e.id AS id, e.type AS type, assumeNotNull(e.call_id) AS call_id,
      e.attempt AS attempt, toUnixTimestamp64Milli(e.time) AS at_ms, e.customer_id AS customer_id,
      e.team_id AS team_id, e.key_id AS key_id, e.environment AS environment, e.end_user AS end_user,
      e.endpoint AS endpoint, e.stream AS stream, e.provider AS provider,
      e.model_requested AS model_requested, e.model_served AS model, e.status AS status,
      e.http_status AS http_status, e.error_type AS error_type,
      e.provider_request_id AS provider_request_id, e.usage_source AS usage_source,
      toInt32(e.output_limit) AS output_limit, ifNull(e.output_clamped, false) AS output_clamped,
      toInt32(e.input_tokens) AS input_tokens, toInt32(e.output_tokens) AS output_tokens,
      toDecimalString(e.cost, 12) AS cost,
      toDecimalString(e.saved_cost, 12) AS saved_cost, toString(e.resolves_id) AS resolves_id
    FROM tollgate.usage_events AS e
    WHERE e.call_id IN {ids:Array(String)}
      ${since === undefined ? '' : "AND e.time >= fromUnixTimestamp64Milli({since_ms:Int64}, 'UTC')"}
    ORDER BY e.time, e.type, e.id`;
  const params = { ids: [...callIds], ...(since === undefined ? {} : { since_ms: since }) };
  return await warehouse.query<CallEvent>(sql, params);
}
