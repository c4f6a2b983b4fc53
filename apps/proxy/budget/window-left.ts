/**
 * What is left of a budget window, as this proxy knows: from the window's events that it has read, and from
 * what its own calls hold of its slices. Other proxies' slices count as spent.
 */
import type { BudgetAccount } from '@tollgate/domain/budget/account.ts';
import { leftOf, takenOf } from '@tollgate/domain/budget/amounts.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import type { ProxyLimits } from '../limits.ts';
import { freeOf, type LocalLease } from './local-lease.ts';

/** As an amount, and as decimal text. */
export type Stated = { left: bigint; text: string };

type Seen = { readonly account: BudgetAccount; readonly leases: readonly LocalLease[] };

type WindowLeftDeps = { instanceId: string; limits: Pick<ProxyLimits, 'statedLeftMs'> };

export class WindowLeft {
  readonly #window: Seen;
  readonly #deps: WindowLeftDeps;
  #stated: Stated = { left: 0n, text: formatDecimal12(0n) };
  #statedAtMs = Number.NEGATIVE_INFINITY;

  constructor(window: Seen, deps: WindowLeftDeps) {
    this.#window = window;
    this.#deps = deps;
  }

  /** What new holds can take without asking the ledger. */
  free(): bigint {
    let free = 0n;
    for (const lease of this.#window.leases) free += freeOf(lease);
    return free;
  }

  /** What no call here uses, with what is on its way back and the ledger still counts. */
  #unused(): bigint {
    let unused = this.free();
    const { account, leases } = this.#window;
    for (const { leaseId, amount, closed } of leases) {
      const known = account.openLeases.get(leaseId)?.amount ?? 0n;
      // seam: parts-on-their-way-back-are-left
      if (!closed && known > amount) unused += known - amount;
    }
    return unused;
  }

  /** What other proxies have of it, as this account was last read. */
  heldByOthers(): bigint {
    let held = 0n;
    for (const { instanceId, amount } of this.#window.account.openLeases.values()) {
      if (instanceId !== this.#deps.instanceId) held += amount;
    }
    return held;
  }

  /** What is left of the limit as this proxy last saw it, its own running holds taken as spent. */
  remaining(): bigint {
    return leftOf(this.#window.account, this.#unused());
  }

  /**
   * The same for the heads of answers, up to `statedLeftMs` old: many leave in one millisecond.
   *
   * @param atMs performance.now()
   */
  stated(atMs: number): Stated {
    if (atMs - this.#statedAtMs < this.#deps.limits.statedLeftMs) return this.#stated;
    this.#statedAtMs = atMs;
    const left = this.remaining();
    if (left !== this.#stated.left) this.#stated = { left, text: formatDecimal12(left) };
    return this.#stated;
  }

  /** Limit and what is spent or reserved, as decimal text, for the refusal. */
  formatted(): { limit: string; spent: string } {
    const { account } = this.#window;
    const taken = takenOf(account, this.#unused());
    return { limit: formatDecimal12(account.limit), spent: formatDecimal12(taken) };
  }
}
