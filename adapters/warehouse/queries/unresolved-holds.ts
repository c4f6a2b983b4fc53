/**
 * What of a budget window's spend is charged because nobody knows yet what attempts used: the holds
 * on their events, until a resolution says more (docs/design.md, Unknown outcomes).
 */
import type { Warehouse } from '../warehouse.ts';

export type UnresolvedHolds = {
  attempts: number;
  /** In the budget's unit, 12 decimal places. */
  amount: string;
  /** Unix ms of the start of the oldest of them. */
  oldestMs: number;
  /** Of these, the attempts that were cut because a proxy of ours died. */
  ownFailures: { attempts: number; amount: string };
};

type Row = {
  window: string;
  attempts: string;
  amount: string;
  oldest_ms: string;
  own_attempts: string;
  own_amount: string;
};

const SQL = `SELECT w AS window, uniqExact(id) AS attempts,
    toDecimalString(sum(hold), 12) AS amount, min(toUnixTimestamp64Milli(time)) AS oldest_ms,
    uniqExactIf(id, status = 'unknown') AS own_attempts,
    toDecimalString(sumIf(hold, status = 'unknown'), 12) AS own_amount
  FROM (
    SELECT e.id AS id, e.status AS status, e.time AS time, e.budget_windows AS windows,
      e.hold_amounts AS amounts
    FROM tollgate.usage_events AS e
    WHERE e.type = 'attempt' AND hasAny(e.budget_windows, {windows:Array(String)})
      AND e.time >= fromUnixTimestamp64Milli({since_ms:Int64}, 'UTC')
      AND (e.usage_source = 'estimated' OR (isNull(e.cost) AND e.usage_source = 'none'))
      AND e.id NOT IN (SELECT assumeNotNull(r.resolves_id) FROM tollgate.usage_events AS r
        WHERE r.type = 'resolution' AND r.time >= fromUnixTimestamp64Milli({since_ms:Int64}, 'UTC'))
  ) ARRAY JOIN windows AS w, amounts AS hold
  WHERE w IN {windows:Array(String)}
  GROUP BY w`;

/**
 * By ledger stream of the window; a window without any is not in the answer.
 *
 * @param sinceMs Unix ms: no attempt of these windows started before
 */
export async function unresolvedHolds(
  warehouse: Warehouse,
  windows: readonly string[],
  sinceMs: number,
): Promise<Map<string, UnresolvedHolds>> {
  if (windows.length === 0) return new Map();
  const rows = await warehouse.query<Row>(SQL, { windows: [...windows], since_ms: sinceMs });
  return new Map(
    rows.map((row) => [
      row.window,
      {
        attempts: Number(row.attempts),
        amount: row.amount,
        oldestMs: Number(row.oldest_ms),
        ownFailures: { attempts: Number(row.own_attempts), amount: row.own_amount },
      },
    ]),
  );
}
