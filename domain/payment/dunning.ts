/**
 * Dunning: a customer whose invoice stays unpaid for so long after it was due has their keys suspended, and
 * gets them back when nothing is overdue any more. Off unless an operator says after how long.
 *
 * A key that an operator has suspended stays so, and one that an operator has resumed is not suspended
 * again for the same invoice: their decision comes later than ours.
 */
import type { KeyState } from '../key/key.ts';
import type { InvoiceExport } from './invoice-export.ts';
import { overdueMs } from './payment-state.ts';

const REASON = 'payment overdue: ';

/** Of the suspension; it is how a suspension of ours is known. */
export function dunningReason(invoiceId: string): string {
  return REASON + invoiceId;
}

export type DunningAction = { kind: 'suspend' | 'resume'; keyId: string; invoiceId: string };

/** @param afterMs how long after it was due; null: nobody is suspended, and those who paid are resumed */
export function dunningActions(
  keys: readonly KeyState[],
  exports: readonly InvoiceExport[],
  nowMs: number,
  afterMs: number | null,
): DunningAction[] {
  const overdue = overdueByCustomer(exports, nowMs, afterMs);
  const owed = overdueByCustomer(exports, nowMs, 0);
  return keys.flatMap((key): DunningAction[] => {
    const { key_id: keyId, customer_id: customerId } = key;
    if (key.archived || key.revoked) return [];
    if (!key.suspended) {
      const invoiceId = overdue.get(customerId);
      return invoiceId === undefined ? [] : [{ kind: 'suspend', keyId, invoiceId }];
    }
    // seam: only-own-suspensions-are-lifted
    if (key.suspend_reason?.startsWith(REASON) !== true) return [];
    if (owed.has(customerId)) return [];
    const invoiceId = key.suspend_reason.slice(REASON.length);
    return [{ kind: 'resume', keyId, invoiceId }];
  });
}

/** Of each customer, the invoice that has been due for longest. */
function overdueByCustomer(
  exports: readonly InvoiceExport[],
  nowMs: number,
  afterMs: number | null,
): Map<string, string> {
  const longest = new Map<string, { invoiceId: string; forMs: number }>();
  if (afterMs === null) return new Map();
  for (const { customerId, invoiceId, payment } of exports) {
    const forMs = payment === null ? 0 : overdueMs(payment, nowMs);
    if (forMs === 0 || forMs < afterMs) continue;
    if (forMs > (longest.get(customerId)?.forMs ?? 0)) {
      longest.set(customerId, { invoiceId, forMs });
    }
  }
  return new Map([...longest].map(([customerId, { invoiceId }]) => [customerId, invoiceId]));
}
