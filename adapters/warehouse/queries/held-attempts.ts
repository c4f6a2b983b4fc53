/** Which attempts held from leases, what did they use, and what did their resolutions say? */
import { quantities } from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import type { Warehouse } from '../warehouse.ts';

type AttemptFields =
  | 'id'
  | 'usage_source'
  | 'hold_lease_ids'
  | 'hold_amounts'
  | 'hold_units'
  | 'budget_windows';

/** A counted attempt that held from a lease. Costs have 12 decimal places; null: not known. */
export type HeldAttempt = Pick<UsageEvent, AttemptFields> & {
  log: number;
  partition: number;
  /** 64 bits as text. */
  offset: string;
  cost: string | null;
  tokens: number | null;
  requests: number | null;
  /** The delta of its counted resolution; undefined if there is none. */
  resolution: { cost: string | null } | undefined;
};

type Row = Omit<HeldAttempt, 'tokens' | 'requests' | 'resolution'> & {
  tokens: string | null;
  requests: string | null;
  resolution_cost: string | null;
  resolved: number;
};

/** Null if they are not known; a bucket that is younger than the record adds nothing. */
const TOKENS_SQL = quantities
  .filter(({ unit }) => unit === 'tokens')
  .map(({ name, ...rest }) => ('addedLater' in rest ? `ifNull(a.${name}, 0)` : `a.${name}`))
  .join(' + ');

/**
 * A page of them, in order of (log, partition, offset).
 *
 * @param after the last of the page before
 */
export async function pageOfHeldAttempts(
  warehouse: Warehouse,
  page: { after: Pick<HeldAttempt, 'log' | 'partition' | 'offset'> | undefined; rows: number },
): Promise<HeldAttempt[]> {
  const { log, partition, offset } = page.after ?? { log: 0, partition: 0, offset: '-1' };
  const rows = await warehouse.query<Row>(
    `SELECT a.id AS id, toDecimalString(a.cost, 12) AS cost, a.usage_source AS usage_source,
       a.hold_lease_ids AS hold_lease_ids,
       arrayMap(x -> toDecimalString(x, 12), a.hold_amounts) AS hold_amounts,
       a.hold_units AS hold_units, a.budget_windows AS budget_windows,
       toString(${TOKENS_SQL}) AS tokens,
       toString(a.requests) AS requests, a.log AS log, a.partition AS partition,
       a.\`offset\` AS offset, toDecimalString(r.cost, 12) AS resolution_cost,
       r.resolved AS resolved
     FROM tollgate.usage_events AS a
     LEFT JOIN (SELECT assumeNotNull(resolves_id) AS id, cost, 1 AS resolved
       FROM tollgate.usage_events WHERE type = 'resolution') AS r ON r.id = a.id
     WHERE a.type = 'attempt' AND notEmpty(a.hold_lease_ids)
       AND (a.log, a.partition, toInt64(a.\`offset\`)) >
         ({after_log:UInt32}, {after_partition:UInt32}, {after_offset:Int64})
     ORDER BY a.log, a.partition, a.\`offset\` LIMIT {page_rows:UInt32}`,
    {
      after_log: log,
      after_partition: partition,
      after_offset: BigInt(offset),
      page_rows: page.rows,
    },
  );
  return rows.map(({ tokens, requests, resolution_cost, resolved, ...attempt }) => ({
    ...attempt,
    tokens: tokens === null ? null : Number(tokens),
    requests: requests === null ? null : Number(requests),
    resolution: resolved === 1 ? { cost: resolution_cost } : undefined,
  }));
}
