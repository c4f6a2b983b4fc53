/**
 * Which calls were made, newest first, and what is known of each? A call has one attempt, one cache hit or
 * one refusal (docs/design.md, Route), which is its row here; resolutions only add to its cost.
 */
import type { Warehouse } from '../warehouse.ts';

export type CallsQuestion = {
  /** Unix ms; the end is exclusive. */
  startMs: number;
  endMs: number;
  filters: Readonly<Partial<Record<CallFilter, string>>>;
  /** The last call of the page before, as `positionOfCall` has it. */
  after: CallPosition | null;
  rowsMax: number;
};

/** Where a call is in the list. */
export type CallPosition = { id: string; atMs: number };

const FILTERS = {
  customer_id: 'e.customer_id = {customer_id:String}',
  team_id: 'e.team_id = {team_id:String}',
  key_id: 'e.key_id = {key_id:String}',
  environment: 'e.environment = {environment:String}',
  end_user: 'e.end_user = {end_user:String}',
  provider: 'e.provider = {provider:String}',
  // A refused call has only the name that was requested.
  model: '(e.model_requested = {model:String} OR e.model_served = {model:String})',
  status: 'e.status = {status:String}',
  error_type: 'e.error_type = {error_type:String}',
  provider_request_id: 'e.provider_request_id = {provider_request_id:String}',
} as const;
export type CallFilter = keyof typeof FILTERS;
export const callFilters = Object.keys(FILTERS) as readonly CallFilter[];

const IS_CALL =
  "e.call_id IS NOT NULL AND e.type IN ('attempt', 'cache_hit', 'refusal') AND e.attempt <= 1";

/** A page of them. */
export async function callsFound(
  warehouse: Warehouse,
  { startMs, endMs, filters, after, rowsMax }: CallsQuestion,
): Promise<CallPosition[]> {
  const named = callFilters.filter((name) => filters[name] !== undefined);
  const conditions = named.map((name) => `AND ${FILTERS[name]}`);
  if (after !== null)
    conditions.push(`AND (e.time, e.call_id) < (${ms('after_ms')}, {after_id:String})`);
  return await positions(
    warehouse,
    `e.time >= ${ms('start_ms')} AND e.time < ${ms('end_ms')} ${conditions.join(' ')}
     ORDER BY e.time DESC, e.call_id DESC LIMIT {most:UInt32}`,
    {
      ...filters,
      ...{ start_ms: startMs, end_ms: endMs, most: rowsMax },
      ...(after === null ? {} : { after_ms: after.atMs, after_id: after.id }),
    },
  );
}

/** How far the start of an attempt may be from the time that the id of its call begins with, ms. */
const NEAR_ID_MS = 3_600_000;
/** No event is of a later time; an id that is not ours may begin with any number. */
const LAST_MS = Date.UTC(2100, 0);

/** @param id a UUIDv7, so that only an hour or two of rows are read. @returns null if there is none */
export async function positionOfCall(
  warehouse: Warehouse,
  id: string,
): Promise<CallPosition | null> {
  const nearMs = Math.min(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16), LAST_MS);
  const [position] = await positions(
    warehouse,
    `e.call_id = {id:String} AND e.time >= ${ms('from_ms')} AND e.time <= ${ms('to_ms')} LIMIT 1`,
    { id, from_ms: nearMs - NEAR_ID_MS, to_ms: nearMs + NEAR_ID_MS },
  );
  return position ?? null;
}

const ms = (name: string) => `fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`;

async function positions(
  warehouse: Warehouse,
  where: string,
  params: Record<string, unknown>,
): Promise<CallPosition[]> {
  const rows = await warehouse.query<{ id: string; at_ms: string }>(
    `SELECT assumeNotNull(e.call_id) AS id, toUnixTimestamp64Milli(e.time) AS at_ms
     FROM tollgate.usage_events AS e WHERE ${IS_CALL} AND ${where}`,
    params,
  );
  return rows.map(({ id, at_ms }) => ({ id, atMs: Number(at_ms) }));
}
