/** When the slices of a window that no call uses go back (docs/design.md, Budgets: leases). */
import { isScarce } from '@tollgate/domain/budget/grant.ts';
import type { ProxyLimits } from '../limits.ts';
import { isOver, type LocalLease } from './local-lease.ts';
import type { WindowAccount } from './window-account.ts';

/** Whether there is a slice that others may miss by now. */
export function hasIdle(account: WindowAccount, limits: ProxyLimits): boolean {
  const { leaseScarceIdleMs, leaseIdleMs } = limits;
  const nowMs = performance.now();
  const sinceMs = nowMs - leaseScarceIdleMs;
  // Windows of end users are many: where enough of one was left a moment ago, it is not read again yet.
  // seam: plenty-is-not-read-each-second
  const isKnown = account.definition.per !== null && nowMs - account.readAtMs < leaseIdleMs;
  if (isNotable(account, sinceMs)) return true;
  return account.leases.some(
    ({ holds, closed, usedAtMs, amount }) =>
      holds === 0 &&
      !closed &&
      usedAtMs <= sinceMs &&
      (!isKnown || isScarce(account.account, amount)),
  );
}

/** A free part of slices that are in use is looked after as well from this part of the limit on. */
const NOTABLE_PER_LIMIT = 64n;

function isNotable(account: WindowAccount, sinceMs: number): boolean {
  if (account.definition.per !== null || account.readAtMs > sinceMs) return false;
  const free = account.left.free();
  return free > 0n && free * NOTABLE_PER_LIMIT >= account.limit;
}

/** How long a slice may be idle: less where others may miss it, more where that was often enough. */
function idleMsOf(account: WindowAccount, { amount }: LocalLease, limits: ProxyLimits): number {
  const { leaseIdleMs, leaseScarceIdleMs, leaseIdleMsMax, endUserIdleMsMax } = limits;
  const most = account.definition.per === null ? leaseIdleMsMax : endUserIdleMsMax;
  const scarceMs = isScarce(account.account, amount) ? leaseScarceIdleMs : leaseIdleMs;
  return Math.min(Math.min(leaseIdleMs, scarceMs) * Number(account.stretch), most);
}

/**
 * @param which `idle`: those that were idle for long enough; `unused`: all that no call uses;
 *   `unused_parts`: also what no call uses of the others
 */
export async function returnSlices(
  account: WindowAccount,
  limits: ProxyLimits,
  which: 'idle' | 'unused' | 'unused_parts' | 'of_ended_window',
): Promise<void> {
  const windowEnded = which === 'of_ended_window';
  // seam: recalled-slices-go-back
  const isWanted = which === 'unused_parts' || account.isRecalled();
  const isAll = which === 'unused' || isWanted;
  // seam: idle-slices-leave-room
  const urgency = { background: !isWanted };
  for (const lease of [...account.leases]) {
    const idleMs = isAll ? 0 : idleMsOf(account, lease, limits);
    const at = { nowMs: performance.now(), idleMs, windowEnded };
    if (isOver(lease, at)) account.close(lease);
    if (lease.closed && lease.holds === 0) await account.settle(lease, urgency);
    // seam: free-parts-go-back
    if (isWanted && !lease.closed) await account.giveBack(lease);
  }
}
