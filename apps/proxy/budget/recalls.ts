/**
 * Asking other proxies for slices of a window that no call of theirs uses (docs/design.md, Budgets:
 * leases). It is an event of the window: a proxy that appends the next one has read it first, so of all
 * proxies at most one asks in each interval. It changes no balance; losing one costs a wait.
 */
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import type { LeaseRecallRequested } from '@tollgate/domain/budget/budget-events.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import type { ProxyLimits } from '../limits.ts';

export type RecallDeps = { ledger: Ledger; instanceId: string; limits: ProxyLimits };

export class Recalls {
  readonly #stream: string;
  readonly #deps: RecallDeps;
  /** When one was heard last, of anybody and of others (performance.now()). */
  #heardMs = Number.NEGATIVE_INFINITY;
  #heardOfOthersMs = Number.NEGATIVE_INFINITY;

  constructor(stream: string, deps: RecallDeps) {
    this.#stream = stream;
    this.#deps = deps;
  }

  /** The window's stream has one. */
  hear({ data }: LeaseRecallRequested, nowMs: number): void {
    this.#heardMs = nowMs;
    if (data.instance_id !== this.#deps.instanceId) this.#heardOfOthersMs = nowMs;
  }

  /** Whether another proxy still waits for what it asked for. */
  areHeard(nowMs: number): boolean {
    return nowMs - this.#heardOfOthersMs < this.#deps.limits.leaseRecallHeardMs;
  }

  mayAsk(nowMs: number, stretch: bigint): boolean {
    // seam: recall-is-rare
    return nowMs - this.#heardMs >= this.#deps.limits.leaseRecallEveryMs * Number(stretch);
  }

  /** Once: where another event comes first, things have changed. */
  async ask(amount: bigint, revision: bigint): Promise<void> {
    const { ledger, instanceId } = this.#deps;
    const data = { instance_id: instanceId, amount: formatDecimal12(amount) };
    const recall = { type: 'LeaseRecallRequested', data } as const;
    const event = newLedgerEvent(this.#stream, recall, `${instanceId}|${revision}`);
    await ledger.append(this.#stream, revision, [event]);
  }
}
