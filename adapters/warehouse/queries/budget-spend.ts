/** What does `budget_spend` say of each budget window? */
import type { Warehouse } from '../warehouse.ts';

/** By ledger stream of the window; in its budget's unit, 12 decimal places. */
export async function spendOfWindows(warehouse: Warehouse): Promise<Map<string, string>> {
  const rows = await warehouse.query<{ window: string; spent_text: string }>(
    'SELECT window, toDecimalString(spent, 12) AS spent_text FROM tollgate.budget_spend',
  );
  return new Map(rows.map(({ window, spent_text }) => [window, spent_text]));
}
