import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';

/** What closing a period needs; `apps/billing-api/app.ts` passes it on from the wiring. */
export type ClosingDeps = {
  ledger: Ledger;
  log: Log;
  warehouse: Warehouse;
  /** Unix milliseconds. */
  clock: () => number;
  /** From a cryptographic source. */
  randomBytes: (length: number) => Uint8Array;
  /** Instead of `closingLimits.projectorWaitMs`. */
  projectorWaitMs?: number;
};
