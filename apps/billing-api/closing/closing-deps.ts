import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import type { Invoicing } from '@tollgate/schemas/config/invoicing-config.ts';
import { type ClosingLimits, closingLimits } from './closing-limits.ts';

/** What closing a period needs. The context of the API has all of it. */
export type ClosingDeps = {
  ledger: Ledger;
  log: Log;
  warehouse: Warehouse;
  /** Unix milliseconds. */
  clock: () => number;
  /** From a cryptographic source. */
  randomBytes: (length: number) => Uint8Array;
  /** Who sells. Default: nobody, and invoices get no number. */
  invoicing?: Invoicing | undefined;
  /** Replaces some bounds of `closing-limits.ts`; for tests. */
  closingLimits?: Partial<ClosingLimits>;
};

export function limitsOf(deps: Pick<ClosingDeps, 'closingLimits'>): ClosingLimits {
  return { ...closingLimits, ...deps.closingLimits };
}
