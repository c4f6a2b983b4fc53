/** What have we counted of a provider's calls, by day, model and how well their usage is known? */

import { parseDecimal12 } from '@tollgate/domain/money/money.ts';
import type { Certainty, OurGroup } from '@tollgate/domain/reconciliation/totals/our-group.ts';
import { type QuantityName, quantityNames } from '@tollgate/domain/usage/quantities.ts';
import type { Warehouse } from '../warehouse.ts';

/** How near a midnight an instant is for which two clocks may disagree about its day, s. */
const NEAR_MIDNIGHT_S = 300;

export type ProviderSumsQuestion = {
  providers: readonly string[];
  /** When each day of the range begins, Unix ms, and when the last one ends. */
  dayStartsMs: readonly number[];
  endMs: number;
  /** Calls that started so much before the range may end in it, ms. */
  marginMs: number;
};

/** Of an attempt with what resolved it: their quantities and costs add up (docs/design.md). */
const summed = (name: string) =>
  `if(r.id = '', e.${name}, ifNull(e.${name}, 0) + ifNull(r.${name}, 0))`;
const COST = `if(r.id = '', e.cost, ifNull(e.cost, toDecimal128(0, 12)) + ifNull(r.cost, toDecimal128(0, 12)))`;
const CERTAINTY = `multiIf(r.id != '', 'stated', e.usage_source = 'estimated', 'estimated',
  isNull(e.input_tokens), 'unknown', isNull(e.cost), 'unpriced', 'stated')`;
const ENDED_MS = 'toUnixTimestamp64Milli(e.time) + toInt64(ifNull(e.latency_ms, 0))';
const dayOf = (ms: string) => `arrayLastIndex(start -> start <= ${ms}, {starts:Array(Int64)})`;
const isNear = (ms: string) =>
  `arrayExists(start -> abs(${ms} - start) < ${NEAR_MIDNIGHT_S * 1000}, {edges:Array(Int64)})`;
const HELD = `arraySum(arrayMap((amount, unit) -> if(unit = 'usd', amount, toDecimal128(0, 12)),
  e.hold_amounts, e.hold_units))`;

type SumRow = Record<string, string | number>;

/** @param dayNames of each start of a day; an instant outside of the range has none */
export async function providerSums(
  warehouse: Warehouse,
  question: ProviderSumsQuestion,
  dayNames: readonly string[],
): Promise<OurGroup[]> {
  const { dayStartsMs, endMs, marginMs, providers } = question;
  const from = (dayStartsMs[0] ?? endMs) - marginMs;
  const sums = quantityNames.map((name) => `sum(q_${name}) AS sum_${name}`).join(', ');
  const rows = await warehouse.query<SumRow>(
    `SELECT start_day, end_day, near, served, asked, certainty, count() AS attempts, ${sums},
       toDecimalString(sum(ifNull(cost_sum, toDecimal128(0, 12))), 12) AS cost_text,
       toDecimalString(sum(if(certainty = 'unknown', held, toDecimal128(0, 12))), 12) AS held_text
     FROM (
       SELECT ${dayOf('toUnixTimestamp64Milli(e.time)')} AS start_day, ${dayOf(ENDED_MS)} AS end_day,
         ${isNear('toUnixTimestamp64Milli(e.time)')} OR ${isNear(ENDED_MS)} AS near,
         ifNull(e.model_served, '') AS served,
         ifNull(if(isNull(e.deployment), e.model_requested,
           substring(e.deployment, length(ifNull(e.provider, '')) + 2)), '') AS asked,
         ${CERTAINTY} AS certainty, ${HELD} AS held, ${COST} AS cost_sum,
         ${quantityNames.map((name) => `ifNull(${summed(name)}, 0) AS q_${name}`).join(', ')}
       FROM tollgate.usage_events AS e
       LEFT JOIN (SELECT * FROM tollgate.usage_events AS x
         WHERE x.type = 'resolution' AND x.provider IN {providers:Array(String)}
           AND x.time >= fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC')
           AND x.time < fromUnixTimestamp64Milli({end_ms:Int64}, 'UTC')) AS r
         ON r.resolves_id = e.id
       WHERE e.type = 'attempt' AND e.provider IN {providers:Array(String)}
         AND e.time >= fromUnixTimestamp64Milli({from_ms:Int64}, 'UTC')
         AND e.time < fromUnixTimestamp64Milli({end_ms:Int64}, 'UTC'))
     WHERE end_day > 0
     GROUP BY start_day, end_day, near, served, asked, certainty
     ORDER BY start_day, end_day, served, asked, certainty
     SETTINGS join_use_nulls = 0`,
    {
      ...{
        providers: [...providers],
        starts: [...dayStartsMs, endMs],
        edges: [...dayStartsMs, endMs],
      },
      ...{ from_ms: from, end_ms: endMs },
    },
  );
  return rows.map((row) => groupOf(row, dayNames));
}

function groupOf(row: SumRow, dayNames: readonly string[]): OurGroup {
  const day = (index: unknown) => dayNames[Number(index) - 1] ?? null;
  const quantities = quantityNames.map((name) => [name, Number(row[`sum_${name}`] ?? 0)] as const);
  const text = (name: string) => (row[name] === '' ? null : String(row[name]));
  return {
    ...{ startDay: day(row['start_day']), endDay: day(row['end_day']) },
    nearMidnight: Number(row['near']) === 1,
    ...{ modelServed: text('served'), modelAsked: text('asked') },
    certainty: String(row['certainty']) as Certainty,
    attempts: Number(row['attempts']),
    quantities: Object.fromEntries(quantities) as Record<QuantityName, number>,
    costPico: parseDecimal12(String(row['cost_text'])),
    heldPico: parseDecimal12(String(row['held_text'])),
  };
}
