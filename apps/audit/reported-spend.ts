/**
 * What the warehouse reports that budgets have spent, against the ledger that enforces their limits: in
 * every unit, with the mark-up that was in force, and with what resolutions said.
 */
import { spendOfWindows } from '@tollgate/adapters/warehouse/queries/budget-spend.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import type { BudgetAccount } from '@tollgate/domain/budget/account.ts';
import type { LeaseWrittenOff } from '@tollgate/domain/budget/budget-events.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import type { Differences } from './differences.ts';

export type WrittenOff = LeaseWrittenOff['data'];

export type SpendInLedger = {
  /** By ledger stream of the window. */
  accounts: ReadonlyMap<string, BudgetAccount>;
  writtenOff: ReadonlyMap<string, readonly WrittenOff[]>;
  /** By lease: what usage events were charged. */
  charges: ReadonlyMap<string, bigint>;
};

export async function auditSpend(
  warehouse: Warehouse,
  ledger: SpendInLedger,
  found: Differences,
): Promise<void> {
  const reported = await spendOfWindows(warehouse);
  const expected = new Map<string, bigint>();
  for (const [stream, account] of ledger.accounts)
    expected.set(stream, spentOf(stream, account, ledger));
  for (const stream of new Set([...expected.keys(), ...reported.keys()])) {
    const should = formatDecimal12(expected.get(stream) ?? 0n);
    const is = reported.get(stream) ?? formatDecimal12(0n);
    // seam: reported-spend-is-compared
    if (is !== should) {
      found.add('budget', stream, `budget_spend says ${is}, the ledger ${should}`);
    }
  }
}

/** Of a lease that is not settled, or that a person has settled, its events alone tell. */
function spentOf(
  stream: string,
  { spent, openLeases }: BudgetAccount,
  { writtenOff, charges }: SpendInLedger,
): bigint {
  let total = spent;
  for (const lease of openLeases.keys()) total += charges.get(lease) ?? 0n;
  for (const { lease_id, spent: by } of writtenOff.get(stream) ?? []) {
    total += (charges.get(lease_id) ?? 0n) - parseDecimal12(by);
  }
  return total;
}
