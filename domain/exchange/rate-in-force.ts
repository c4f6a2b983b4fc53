/** Which of the published rates a bill is made with. */
import { parseInstant } from '../period/calendar.ts';
import { type ExchangeRate, type RateTable, rateOfTable } from './exchange-rate.ts';

/**
 * The rate at an instant: of the tables that were stated by then, still hold and have both currencies,
 * those that the operator published come before fetched ones, then the youngest, then the one that was
 * published last. So a correction is a table of the same instant.
 *
 * @param tables in the order of their publication
 */
export function rateInForce(
  tables: readonly RateTable[],
  base: string,
  quote: string,
  atMs: number,
): ExchangeRate | null {
  let best: { table: RateTable; rate: ExchangeRate } | null = null;
  for (const table of tables) {
    if (parseInstant(table.as_of) > atMs || parseInstant(table.valid_until) < atMs) continue;
    const rate = rateOfTable(table, base, quote);
    // seam: later-table-corrects
    if (rate !== null && (best === null || rank(table, best.table) >= 0)) best = { table, rate };
  }
  return best === null ? null : best.rate;
}

/** Above 0: `a` comes before `b`; 0: whichever was published later does. */
function rank(a: RateTable, b: RateTable): number {
  if (a.origin !== b.origin) return a.origin === 'published' ? 1 : -1;
  return parseInstant(a.as_of) - parseInstant(b.as_of);
}
