/**
 * The budget account: what one window of a budget has promised and spent (docs/design.md, Budgets:
 * leases). A fold over the window's stream. I3: settled spend + open leases never exceed the limit
 * that was in force when a lease was granted; the compare-and-append on the stream makes that true
 * for many proxies.
 */
import { parseDecimal12 } from '../money/money.ts';
import type { BudgetWindowEvent, LimitFacts } from './budget-events.ts';
import {
  type CreditLot,
  drawLots,
  firstOf,
  joinParts,
  type LotPart,
  returnLots,
  sumOf,
  withLots,
} from './credit.ts';

export type OpenLease = {
  instanceId: string;
  amount: bigint;
  /** What the provider billed for its calls above their bound so far; counted at once. */
  overrun: bigint;
  /** What of it is credit that ends. */
  parts: readonly LotPart[];
};

/** Amounts are integers of 1e-12 of the budget's unit. */
export type BudgetAccount = {
  opened: boolean;
  /** In force as far as the stream says: nothing that has ended is in it once that is recorded. */
  limit: bigint;
  /** Revision of the definition that `limit` comes from. */
  definitionRevision: bigint;
  /** Raises that ended by then are not in the limit. -Infinity: none has ended. */
  asOfMs: number;
  /**
   * Settled and adjusted amounts. May be negative while the lease of an adjusted attempt is still
   * open.
   */
  spent: bigint;
  /** Σ (amount + overrun) of the open leases. */
  held: bigint;
  openLeases: ReadonlyMap<string, OpenLease>;
  /** Credit that ends, in the order in which it is spent. */
  lots: readonly CreditLot[];
  /** Σ of such credit that the limit has: all that was given, without what is gone. */
  credit: bigint;
  /** Σ of such credit that ended unused. */
  gone: bigint;
};

export const noAccount: BudgetAccount = {
  opened: false,
  limit: 0n,
  definitionRevision: -1n,
  asOfMs: Number.NEGATIVE_INFINITY,
  spent: 0n,
  held: 0n,
  openLeases: new Map(),
  lots: [],
  credit: 0n,
  gone: 0n,
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
      if (isOlder(event.data, account)) return account;
      return withLimit(account, event.data);
    case 'CreditExpired':
      return withoutCredit(account, event.data.top_up_id, parseDecimal12(event.data.unused));
    case 'LeaseGranted': {
      const amount = parseDecimal12(event.data.amount);
      const { lots, parts } = drawLots(account.lots, amount);
      const { instance_id: instanceId, lease_id } = event.data;
      return withLease({ ...account, lots }, lease_id, { instanceId, amount, overrun: 0n, parts });
    }
    case 'LeaseReduced':
      return reduced(account, event.data.lease_id, parseDecimal12(event.data.amount));
    case 'LeaseSettled':
    case 'LeaseWrittenOff':
      return settled(account, event.data.lease_id, parseDecimal12(event.data.spent));
    case 'LeaseAdjusted': {
      const delta = parseDecimal12(event.data.delta);
      // What is given back is credit that does not end: nobody knows any more which lot paid it.
      const { lots } = drawLots(account.lots, delta);
      return withDebtPaid({ ...account, lots, spent: account.spent + delta });
    }
    case 'Overrun': {
      const lease = account.openLeases.get(event.data.lease_id);
      if (lease === undefined) return account;
      const amount = parseDecimal12(event.data.amount);
      const { lots, parts } = drawLots(account.lots, amount);
      return withLease(
        { ...withoutLease(account, event.data.lease_id), lots },
        event.data.lease_id,
        { ...lease, overrun: lease.overrun + amount, parts: joinParts(lease.parts, parts) },
      );
    }
    case 'LeaseRecallRequested':
      return account;
    default:
      return event satisfies never;
  }
}

/** Of an earlier definition, or of the same one before a raise ended. */
function isOlder(data: LimitFacts, { definitionRevision, asOfMs }: BudgetAccount): boolean {
  const revision = BigInt(data.definition_revision);
  return revision < definitionRevision || (revision === definitionRevision && asOf(data) < asOfMs);
}

function asOf({ as_of }: LimitFacts): number {
  return as_of === undefined ? Number.NEGATIVE_INFINITY : Date.parse(as_of);
}

function withLimit(account: BudgetAccount, data: LimitFacts): BudgetAccount {
  const revision = BigInt(data.definition_revision);
  const lots = (data.credit ?? []).map(({ top_up_id, amount, expires_at }) => ({
    ...{ id: top_up_id, expiresAtMs: Date.parse(expires_at), left: parseDecimal12(amount) },
  }));
  const added = revision > account.definitionRevision ? lots : [];
  const credit = added.reduce((sum, { left }) => sum + left, account.credit);
  return withDebtPaid({
    ...account,
    opened: true,
    limit: parseDecimal12(data.limit) + credit,
    definitionRevision: revision,
    asOfMs: Math.max(asOf(data), account.asOfMs),
    lots: added.length === 0 ? account.lots : withLots(account.lots, added),
    credit,
  });
}

/** A lot ends once: what is held of it may still be spent, and does not come back. */
function withoutCredit(account: BudgetAccount, id: string, unused: bigint): BudgetAccount {
  const lots = account.lots.filter((lot) => lot.id !== id);
  if (lots.length === account.lots.length) throw new Error(`credit ${id} ended and was not there`);
  return withLost({ ...account, lots }, unused);
}

function withLost(account: BudgetAccount, amount: bigint): BudgetAccount {
  const { limit, credit, gone } = account;
  return { ...account, limit: limit - amount, credit: credit - amount, gone: gone + amount };
}

/** The lots pay for what the rest of the limit cannot: a bound that was exceeded, a raise's end. */
function withDebtPaid(account: BudgetAccount): BudgetAccount {
  if (account.lots.length === 0) return account;
  let promised = account.spent;
  for (const { left } of account.lots) promised += left;
  for (const { parts } of account.openLeases.values()) promised += sumOf(parts);
  const debt = promised - account.limit;
  return debt <= 0n ? account : { ...account, lots: drawLots(account.lots, debt).lots };
}

/** What goes back is what its calls would have used last. */
function reduced(account: BudgetAccount, leaseId: string, amount: bigint): BudgetAccount {
  const lease = account.openLeases.get(leaseId);
  if (lease === undefined) throw new Error(`lease ${leaseId} is reduced and was not open`);
  if (amount > lease.amount) throw new Error(`lease ${leaseId} is reduced to more than it was`);
  const kept = amount + lease.overrun;
  const { lots, gone } = returnLots(account.lots, lease.parts, kept);
  const parts = firstOf(lease.parts, kept);
  const open = withLease({ ...withoutLease(account, leaseId), lots }, leaseId, {
    ...lease,
    amount,
    parts,
  });
  return withDebtPaid(withLost(open, gone));
}

function settled(account: BudgetAccount, leaseId: string, spent: bigint): BudgetAccount {
  const lease = account.openLeases.get(leaseId);
  const closed = withoutLease(account, leaseId);
  const after = { ...closed, spent: closed.spent + spent };
  if (lease === undefined || (lease.parts.length === 0 && account.lots.length === 0)) return after;
  const { lots, gone } = returnLots(account.lots, lease.parts, spent);
  const beyond = spent - lease.amount - lease.overrun;
  // seam: unspent-credit-of-a-lease
  return withDebtPaid(withLost({ ...after, lots: drawLots(lots, beyond).lots }, gone));
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
