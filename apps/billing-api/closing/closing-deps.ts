import { createHash } from 'node:crypto';
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

export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

export function sha256Text(text: string): Uint8Array {
  return createHash('sha256').update(text, 'utf8').digest();
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
