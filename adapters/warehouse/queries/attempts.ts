/** Which counted attempts of a provider can still be resolved, or have been? As usage events. */
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { eventColumns } from '../event-columns.ts';
import type { Warehouse } from '../warehouse.ts';

const TIMES = new Set(['time', 'recorded_at']);
const MONEY = new Set(['cost']);
const COLUMNS = eventColumns
  .map(({ name }) => {
    if (TIMES.has(name)) return `toUnixTimestamp64Milli(e.${name}) AS ${name}_ms`;
    if (MONEY.has(name)) return `toDecimalString(e.${name}, 12) AS ${name}_text`;
    if (name === 'hold_amounts') {
      return 'arrayMap(a -> toDecimalString(a, 12), e.hold_amounts) AS hold_texts';
    }
    return `e.\`${name}\` AS \`${name}\``;
  })
  .join(', ');

export type FoundAttempt = { event: UsageEvent; resolution: UsageEvent | null };

/** The attempts that an import speaks of. */
export type AttemptRange = { provider: string; start: string; end: string };

const startedInRange = (alias: string) => `${alias}.provider = {provider:String}
  AND ${alias}.time >= parseDateTime64BestEffort({start:String}, 3, 'UTC')
  AND ${alias}.time < parseDateTime64BestEffort({end:String}, 3, 'UTC')`;
const IN_RANGE = `e.type = 'attempt' AND ${startedInRange('e')}
  AND (isNull(e.cost) OR e.usage_source = 'estimated')`;
/** A resolution has its target's provider and time, so those outside the range are not read. */
const RESOLVED = `(SELECT assumeNotNull(r.resolves_id) FROM tollgate.usage_events AS r
  WHERE r.type = 'resolution' AND ${startedInRange('r')})`;
const RESOLVED_HOLDS = `${IN_RANGE} AND notEmpty(e.hold_lease_ids) AND e.id IN ${RESOLVED}`;

/** Resolvable attempts without a counted resolution, oldest first. */
export function unresolvedAttempts(
  warehouse: Warehouse,
  { provider, start, end }: AttemptRange,
  limit: number,
): Promise<UsageEvent[]> {
  const where = `${IN_RANGE} AND e.id NOT IN ${RESOLVED} ORDER BY e.time, e.id LIMIT {limit:UInt32}`;
  return read(warehouse, where, { provider, start, end, limit });
}

/** Which of them an operator's ruling speaks of; what is left out does not matter. */
export type AttemptFilter = {
  status?: string | undefined;
  model?: string | undefined;
  customerId?: string | undefined;
  keyId?: string | undefined;
  budgetId?: string | undefined;
};

const FILTERED = `({status:String} = '' OR e.status = {status:String})
  AND ({model:String} = '' OR e.model_requested = {model:String})
  AND ({customer_id:String} = '' OR e.customer_id = {customer_id:String})
  AND ({key_id:String} = '' OR e.key_id = {key_id:String})
  AND ({budget_id:String} = ''
    OR arrayExists(w -> startsWith(w, concat('budget-', {budget_id:String}, '@'))
      OR startsWith(w, concat('budget-', {budget_id:String}, '~')), e.budget_windows))`;

/** As `unresolvedAttempts`, of those that the filter describes; an estimate is a statement. */
export function filteredUnresolved(
  warehouse: Warehouse,
  { provider, start, end }: AttemptRange,
  filter: AttemptFilter,
  limit: number,
): Promise<UsageEvent[]> {
  const where = `${IN_RANGE} AND e.usage_source = 'none' AND ${FILTERED} AND e.id NOT IN ${RESOLVED}
    ORDER BY e.time, e.id LIMIT {limit:UInt32}`;
  return read(warehouse, where, { provider, start, end, ...filterParams(filter), limit });
}

/**
 * What is known to be billed for attempts that the filter describes: what the provider stated, and
 * what resolutions say. USD, 12 decimal places.
 */
export async function knownCost(
  warehouse: Warehouse,
  { provider, start, end }: AttemptRange,
  filter: AttemptFilter,
): Promise<string> {
  const sql = `SELECT toDecimalString(ifNull(sum(e.cost), toDecimal128(0, 12)), 12) AS cost
    FROM tollgate.usage_events AS e
    WHERE ${startedInRange('e')} AND ${FILTERED} AND (e.type = 'resolution'
      OR (e.type = 'attempt' AND (e.usage_source != 'estimated' OR e.id IN ${RESOLVED})))`;
  const params = { provider, start, end, ...filterParams(filter) };
  const [row] = await warehouse.query<{ cost: string }>(sql, params);
  return row?.cost ?? '0.000000000000';
}

function filterParams({ status, model, customerId, keyId, budgetId }: AttemptFilter) {
  return {
    status: status ?? '',
    model: model ?? '',
    customer_id: customerId ?? '',
    key_id: keyId ?? '',
    budget_id: budgetId ?? '',
  };
}

/** How many attempts with holds have a counted resolution; it never shrinks. */
export async function countResolvedHolds(
  warehouse: Warehouse,
  { provider, start, end }: AttemptRange,
): Promise<number> {
  const sql = `SELECT count() AS attempts FROM tollgate.usage_events AS e WHERE ${RESOLVED_HOLDS}`;
  const [row] = await warehouse.query<{ attempts: string }>(sql, { provider, start, end });
  return Number(row?.attempts ?? 0);
}

/** A page of them, oldest first. @param after the last of the page before */
export function resolvedHolds(
  warehouse: Warehouse,
  { provider, start, end }: AttemptRange,
  page: { after: UsageEvent | undefined; limit: number },
): Promise<UsageEvent[]> {
  const next = `(e.time, e.id) > (fromUnixTimestamp64Milli({after_ms:Int64}, 'UTC'), {after_id:String})`;
  return read(
    warehouse,
    `${RESOLVED_HOLDS} AND ${next} ORDER BY e.time, e.id LIMIT {limit:UInt32}`,
    {
      provider,
      start,
      end,
      after_ms: page.after === undefined ? 0 : Date.parse(page.after.time),
      after_id: page.after?.id ?? '',
      limit: page.limit,
    },
  );
}

/** Attempts and resolutions by id or by what they resolve. */
export async function eventsOfAttempts(
  warehouse: Warehouse,
  attemptIds: readonly string[],
): Promise<Map<string, FoundAttempt>> {
  const found = new Map<string, FoundAttempt>();
  if (attemptIds.length === 0) return found;
  const ids = { ids: [...attemptIds] };
  const attempts = "e.type = 'attempt' AND e.id IN {ids:Array(String)}";
  for (const event of await read(warehouse, attempts, ids)) {
    found.set(event.id, { event, resolution: null });
  }
  const resolutions = "e.type = 'resolution' AND e.resolves_id IN {ids:Array(String)}";
  for (const event of await read(warehouse, resolutions, ids)) {
    const target = found.get(event.resolves_id ?? '');
    if (target !== undefined) target.resolution = event;
  }
  return found;
}

async function read(
  warehouse: Warehouse,
  where: string,
  params: Record<string, unknown>,
): Promise<UsageEvent[]> {
  const sql = `SELECT ${COLUMNS} FROM tollgate.usage_events AS e WHERE ${where}`;
  const rows = await warehouse.query<Record<string, unknown>>(sql, params);
  return rows.map((row) => {
    const { time_ms, recorded_at_ms, cost_text, hold_texts, ...rest } = row;
    const numbers = Object.fromEntries(
      Object.entries(rest).map(([name, value]) => [name, toNumber(name, value)]),
    );
    // The schema was asked before the row was written. The engine may hold a text longer than it came
    // (half of a surrogate pair as its escape): no reason to leave the others unresolved.
    return {
      ...numbers,
      cost: cost_text ?? null,
      hold_amounts: hold_texts,
      time: new Date(Number(time_ms)).toISOString(),
      recorded_at: new Date(Number(recorded_at_ms)).toISOString(),
    } as UsageEvent;
  });
}

const INTEGERS = new Set(
  eventColumns.filter(({ type }) => type.includes('Int64')).map(({ name }) => name),
);

/** 64-bit integers leave the warehouse as text. */
function toNumber(name: string, value: unknown): unknown {
  return INTEGERS.has(name) && typeof value === 'string' ? Number(value) : value;
}
