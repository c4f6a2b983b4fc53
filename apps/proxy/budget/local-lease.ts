/**
 * A slice of a budget window that this instance was granted, as its calls use it: in memory,
 * without the ledger (docs/design.md, Budgets: leases). I3: what running calls hold and finished
 * ones were charged never exceeds the slice, unless a provider bills above its bound.
 */
export type LocalLease = {
  leaseId: string;
  amount: bigint;
  /** Charged by finished attempts; durable in the journal before the attempt's hold is freed. */
  spent: bigint;
  /** Reserved by running attempts. */
  held: bigint;
  holds: number;
  /** No new holds: it is settled when it has none. */
  closed: boolean;
  /** performance.now(), because a clock that is set back must not keep a lease for longer. */
  usedAtMs: number;
};

/** What one call reserved out of one lease. */
export type HoldPart = { lease: LocalLease; amount: bigint };

/** What new holds can take out of it. */
export function freeOf(lease: LocalLease): bigint {
  if (lease.closed) return 0n;
  const free = lease.amount - lease.spent - lease.held;
  return free > 0n ? free : 0n;
}

/**
 * Takes `amount` out of the leases, in their order, all of it or nothing (null).
 *
 * @param nowMs performance.now()
 */
export function takeHold(
  leases: readonly LocalLease[],
  amount: bigint,
  nowMs: number,
): HoldPart[] | null {
  let left = amount;
  for (const lease of leases) left -= freeOf(lease);
  if (left > 0n) return null;
  const parts: HoldPart[] = [];
  // seam: hold-is-taken-whole
  left = amount;
  for (const lease of leases) {
    if (left === 0n) break;
    const free = freeOf(lease);
    if (free === 0n) continue;
    const part = free < left ? free : left;
    lease.held += part;
    lease.holds++;
    lease.usedAtMs = nowMs;
    parts.push({ lease, amount: part });
    left -= part;
  }
  return parts;
}

/** Frees the parts of a hold and books what each was charged: nothing where a charge is missing. */
export function releaseHold(
  parts: readonly HoldPart[],
  charges: readonly bigint[],
  nowMs: number,
): void {
  parts.forEach(({ lease, amount }, index) => {
    lease.held -= amount;
    lease.holds--;
    lease.spent += charges[index] ?? 0n;
    lease.usedAtMs = nowMs;
  });
}

/**
 * Whether a lease takes new holds no more: its window has ended, or no call uses it and it is used
 * up or was idle for `idleMs`.
 */
export function isOver(
  lease: LocalLease,
  at: { nowMs: number; idleMs: number; windowEnded: boolean },
): boolean {
  if (at.windowEnded) return true;
  // seam: held-lease-is-not-over
  if (lease.holds > 0) return false;
  return lease.spent >= lease.amount || at.nowMs - lease.usedAtMs >= at.idleMs;
}
