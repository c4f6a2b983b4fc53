/** How much has a budget window been charged lately? */
import type { Warehouse } from '../warehouse.ts';

/**
 * @param window its ledger stream
 * @param sinceMs of the starts of attempts, Unix ms
 * @returns in the budget's unit, 12 decimal places
 */
export async function chargedSince(
  warehouse: Warehouse,
  window: string,
  sinceMs: number,
): Promise<string> {
  const [row] = await warehouse.query<{ charged_text: string }>(
    `SELECT toDecimalString(sum(charged), 12) AS charged_text FROM tollgate.budget_charges
     WHERE window = {window:String}
       AND time >= fromUnixTimestamp64Milli({since_ms:Int64}, 'UTC')`,
    { window, since_ms: sinceMs },
  );
  return row?.charged_text ?? '0.000000000000';
}
