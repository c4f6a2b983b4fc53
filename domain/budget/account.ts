/**
 * The budget account: what one window of a budget has promised and spent (docs/design.md, Budgets:
 * leases). A fold over the window's stream. I3: settled spend + open leases never exceed the limit
 * that was in force when a lease was granted; the compare-and-append on the stream makes that true
 * for many proxies.
 */
import { parseDecimal12 } from '../money/money.ts';
import type { BudgetWindowEvent } from './budget-events.ts';

export type OpenLease = {
  instanceId: string;
  amount: bigint;
  /** What the provider billed for its calls above their bound so far; counted at once. */
  overrun: bigint;
};

/** Amounts are integers of 1e-12 of the budget's unit. */
export type BudgetAccount = {
  opened: boolean;
  limit: bigint;
  /** Revision of the definition that `limit` comes from. */
  definitionRevision: bigint;
  /**
   * Settled and adjusted amounts. May be negative while the lease of an adjusted attempt is still
   * open.
   */
  spent: bigint;
  /** Σ (amount + overrun) of the open leases. */
  held: bigint;
  openLeases: ReadonlyMap<string, OpenLease>;
};

export const noAccount: BudgetAccount = {
  opened: false,
  limit: 0n,
  definitionRevision: -1n,
  spent: 0n,
  held: 0n,
  openLeases: new Map(),
};

/** What can still be granted. Negative after a limit was lowered or a bound was exceeded. */
export function available(account: BudgetAccount): bigint {
  return account.limit - account.spent - account.held;
}

/** @throws Error if the stream breaks its own rules: that is a bug or a corrupted ledger */
export function evolveAccount(account: BudgetAccount, event: BudgetWindowEvent): BudgetAccount {
  switch (event.type) {
    case 'WindowOpened':
    case 'LimitChanged':
      // The control plane and the proxies append limits: an older limit may come after a newer one.
      // seam: older-limit-is-ignored
      if (BigInt(event.data.definition_revision) < account.definitionRevision) return account;
      return {
        ...account,
        opened: true,
        limit: parseDecimal12(event.data.limit),
        definitionRevision: BigInt(event.data.definition_revision),
      };
    case 'LeaseGranted':
      return withLease(account, event.data.lease_id, {
        instanceId: event.data.instance_id,
        amount: parseDecimal12(event.data.amount),
        overrun: 0n,
      });
    case 'LeaseSettled':
    case 'LeaseWrittenOff': {
      const closed = withoutLease(account, event.data.lease_id);
      return { ...closed, spent: closed.spent + parseDecimal12(event.data.spent) };
    }
    case 'LeaseAdjusted':
      return { ...account, spent: account.spent + parseDecimal12(event.data.delta) };
    case 'Overrun': {
      const lease = account.openLeases.get(event.data.lease_id);
      if (lease === undefined) return account;
      const overrun = lease.overrun + parseDecimal12(event.data.amount);
      return withLease(withoutLease(account, event.data.lease_id), event.data.lease_id, {
        ...lease,
        overrun,
      });
    }
    case 'LeaseRecallRequested':
      return account;
    default:
      return event satisfies never;
  }
}

function withLease(account: BudgetAccount, leaseId: string, lease: OpenLease): BudgetAccount {
  if (account.openLeases.has(leaseId)) throw new Error(`lease ${leaseId} was granted twice`);
  const openLeases = new Map(account.openLeases).set(leaseId, lease);
  return { ...account, held: account.held + lease.amount + lease.overrun, openLeases };
}

function withoutLease(account: BudgetAccount, leaseId: string): BudgetAccount {
  const lease = account.openLeases.get(leaseId);
  // seam: settled-lease-must-be-open
  if (lease === undefined) throw new Error(`lease ${leaseId} is settled and was not open`);
  const openLeases = new Map(account.openLeases);
  openLeases.delete(leaseId);
  return { ...account, held: account.held - lease.amount - lease.overrun, openLeases };
}
