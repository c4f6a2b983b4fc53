/**
 * What is different about the windows of a budget template: there may be a hundred thousand of them
 * behind one key (docs/design.md, Budgets of end users). Few are in memory, for a short time, and a crowd
 * of new end users leaves the ledger to others.
 */
import type { ProxyLimits } from '../limits.ts';
import { FairGate } from '../routing/fair-gate.ts';
import type { WindowAccount } from './window-account.ts';

export type EndUserWindow = {
  readonly account: Pick<WindowAccount, 'leases' | 'stretchInCrowd'>;
  /** performance.now() of the last call. */
  readonly usedAtMs: number;
};

/**
 * Those with a slice that no call has used lately, as far as they are too many: the ones that were used
 * last keep theirs. A window whose stream is long by now is not among them before its time, so that no
 * crowd makes it much longer.
 *
 * @param nowMs performance.now()
 */
export function tooManyKept<T extends EndUserWindow>(
  windows: Iterable<T>,
  { leaseIdleMs, endUserKeptMax }: ProxyLimits,
  nowMs: number,
): ReadonlySet<T> {
  const idle: T[] = [];
  for (const window of windows) {
    const { leases, stretchInCrowd } = window.account;
    // seam: long-streams-keep-slices-in-a-crowd
    const isIdle = nowMs - window.usedAtMs >= leaseIdleMs * Number(stretchInCrowd);
    if (isIdle && leases.some(({ holds }) => holds === 0)) idle.push(window);
  }
  idle.sort((a, b) => a.usedAtMs - b.usedAtMs);
  return new Set(idle.slice(0, Math.max(0, idle.length - endUserKeptMax)));
}

/** Grants for end users: so many at once, and no template takes all the turns. */
export class GrantTurns {
  readonly #gate: FairGate;

  constructor({ endUserGrantsMax, grantTimeoutMs }: ProxyLimits) {
    this.#gate = new FairGate(endUserGrantsMax, grantTimeoutMs);
  }

  /** @returns null if there was no turn in time, and nothing was done */
  async inTurn<T>(budgetId: string, run: () => Promise<T>): Promise<T | null> {
    const turn = this.#gate.take(budgetId);
    // seam: end-user-grants-take-turns
    if (turn !== true && !(await turn)) return null;
    try {
      return await run();
    } finally {
      this.#gate.leave(budgetId);
    }
  }
}

/** Does it with all of them, so many at once. */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const lane = async () => {
    for (const item of left) await run(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
