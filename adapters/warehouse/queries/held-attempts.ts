/** Which attempts and cache hits held from leases, what did they use, and what did their resolutions say? */
import {
  perQuantity,
  type QuantityName,
  quantityNames,
  type UsageQuantities,
} from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import type { Warehouse } from '../warehouse.ts';

type AttemptFields =
  | 'id'
  | 'usage_source'
  | 'hold_lease_ids'
  | 'hold_amounts'
  | 'hold_units'
  | 'budget_windows';

/** A cost has 12 decimal places; null: not known. */
type Used = UsageQuantities & { cost: string | null };

/** A counted attempt that held from a lease. */
export type HeldAttempt = Pick<UsageEvent, AttemptFields> &
  Used & {
    log: number;
    partition: number;
    /** 64 bits as text. */
    offset: string;
    /** The delta of its counted resolution; undefined if there is none. */
    resolution: Used | undefined;
  };

type Texts<Prefix extends string> = { [Name in QuantityName as `${Prefix}${Name}`]: string | null };

type Row = Omit<HeldAttempt, QuantityName | 'resolution'> &
  Texts<''> &
  Texts<'resolved_'> & { resolved_cost: string | null; resolved: number };

const COLUMNS_SQL = quantityNames
  .map((name) => `toString(a.${name}) AS ${name}, toString(r.${name}) AS resolved_${name}`)
  .join(', ');

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
       a.hold_units AS hold_units, a.budget_windows AS budget_windows, ${COLUMNS_SQL},
       a.log AS log, a.partition AS partition, a.\`offset\` AS offset,
       toDecimalString(r.cost, 12) AS resolved_cost, r.resolved AS resolved
     FROM tollgate.usage_events AS a
     LEFT JOIN (SELECT assumeNotNull(resolves_id) AS id, cost, ${quantityNames.join(', ')},
         1 AS resolved
       FROM tollgate.usage_events WHERE type = 'resolution') AS r ON r.id = a.id
     WHERE a.type IN ('attempt', 'cache_hit') AND notEmpty(a.hold_lease_ids)
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
  return rows.map(attemptOf);
}

function attemptOf(row: Row): HeldAttempt {
  const { id, usage_source, hold_lease_ids, hold_amounts, hold_units, budget_windows } = row;
  return {
    ...{ id, usage_source, hold_lease_ids, hold_amounts, hold_units, budget_windows },
    ...{ log: row.log, partition: row.partition, offset: row.offset, cost: row.cost },
    ...perQuantity(({ name }) => numberOf(row[name])),
    resolution:
      row.resolved === 1
        ? {
            cost: row.resolved_cost,
            ...perQuantity(({ name }) => numberOf(row[`resolved_${name}`])),
          }
        : undefined,
  };
}

function numberOf(text: string | null): number | null {
  return text === null ? null : Number(text);
}
