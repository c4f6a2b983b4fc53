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
  // seam: hold-is-taken-whole
  let left = amount;
  // What nearly every call finds: one slice that is enough.
  const one = leaseOfAll(leases, left);
  if (one !== undefined) {
    take(one, left, nowMs);
    return [{ lease: one, amount: left }];
  }
  let free = 0n;
  for (const lease of leases) free += freeOf(lease);
  if (free < left) return null;
  const parts: HoldPart[] = [];
  for (const lease of leases) {
    if (left === 0n) break;
    const freeHere = freeOf(lease);
    if (freeHere === 0n) continue;
    const part = freeHere < left ? freeHere : left;
    take(lease, part, nowMs);
    parts.push({ lease, amount: part });
    left -= part;
  }
  return parts;
}

/** The first lease that has anything free, if that is enough. */
function leaseOfAll(leases: readonly LocalLease[], amount: bigint): LocalLease | undefined {
  if (amount <= 0n) return undefined;
  for (const lease of leases) {
    const free = freeOf(lease);
    if (free > 0n) return free >= amount ? lease : undefined;
  }
  return undefined;
}

function take(lease: LocalLease, amount: bigint, nowMs: number): void {
  lease.held += amount;
  lease.holds++;
  lease.usedAtMs = nowMs;
}

/** Frees the parts of a hold and books what each was charged: nothing where a charge is missing. */
export function releaseHold(
  parts: readonly HoldPart[],
  charges: readonly bigint[],
  nowMs: number,
): void {
  for (let index = 0; index < parts.length; index++) {
    releasePart(parts[index] as HoldPart, charges[index] ?? 0n, nowMs);
  }
}

/** The same of one part. */
export function releasePart({ lease, amount }: HoldPart, charge: bigint, nowMs: number): void {
  lease.held -= amount;
  lease.holds--;
  if (charge !== 0n) lease.spent += charge;
  lease.usedAtMs = nowMs;
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
