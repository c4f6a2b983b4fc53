/** What must be known of a call to explain it: prices, holds, and the limit that refused it. */
import {
  perQuantity,
  type QuantityName,
  quantityNames,
  type UsageQuantities,
} from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import type { Warehouse } from '../warehouse.ts';

type Fields =
  | 'id'
  | 'type'
  | 'attempt'
  | 'source'
  | 'resolves_id'
  | 'customer_id'
  | 'key_id'
  | 'provider'
  | 'deployment'
  | 'model_requested'
  | 'price_version'
  | 'price_source'
  | 'usage_source'
  | 'status'
  | 'error_type'
  | 'cost'
  | 'hold_lease_ids'
  | 'hold_amounts'
  | 'hold_units'
  | 'budget_windows';

/** An event of a call. Costs and amounts have 12 decimal places. */
export type AccountedEvent = Pick<UsageEvent, Fields> &
  UsageQuantities & {
    atMs: number;
    outputLimit: number | null;
    /** A budget made that limit smaller than what the call would have got. */
    outputClamped: boolean;
    /** Empty: it says nothing of a limit. */
    refusal: Record<string, string>;
  };

type Row = Omit<AccountedEvent, QuantityName | 'atMs' | 'outputLimit' | 'outputClamped'> & {
  at_ms: string;
  output_limit_text: string | null;
  clamped: boolean;
} & { [Name in QuantityName]: string | null };

const SQL = `SELECT e.id AS id, e.type AS type, e.attempt AS attempt, e.source AS source,
    e.resolves_id AS resolves_id, e.customer_id AS customer_id, e.key_id AS key_id,
    e.provider AS provider, e.deployment AS deployment, e.model_requested AS model_requested,
    e.price_version AS price_version, e.price_source AS price_source,
    e.usage_source AS usage_source, e.status AS status, e.error_type AS error_type,
    toDecimalString(e.cost, 12) AS cost, e.hold_lease_ids AS hold_lease_ids,
    arrayMap(x -> toDecimalString(x, 12), e.hold_amounts) AS hold_amounts,
    e.hold_units AS hold_units, e.budget_windows AS budget_windows, e.refusal AS refusal,
    toString(e.output_limit) AS output_limit_text,
    ifNull(e.output_clamped, false) AS clamped,
    toString(toUnixTimestamp64Milli(e.time)) AS at_ms,
    ${quantityNames.map((name) => `toString(e.${name}) AS ${name}`).join(', ')}
  FROM tollgate.usage_events AS e WHERE e.call_id = {call:String}
  ORDER BY e.time, e.type, e.id`;

/** In order of time; empty: there is no such call. */
export async function accountOfCall(
  warehouse: Warehouse,
  callId: string,
): Promise<AccountedEvent[]> {
  const rows = await warehouse.query<Row>(SQL, { call: callId });
  return rows.map(({ at_ms, output_limit_text, clamped, ...row }) => ({
    ...row,
    ...perQuantity(({ name }) => numberOf(row[name])),
    atMs: Number(at_ms),
    outputLimit: numberOf(output_limit_text),
    outputClamped: clamped,
  }));
}

function numberOf(text: string | null): number | null {
  return text === null ? null : Number(text);
}
