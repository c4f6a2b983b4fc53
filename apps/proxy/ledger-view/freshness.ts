/**
 * Whether the proxy's view of the ledger is fresh enough for a call (docs/design.md, Authenticate).
 * A process that was stopped and wakes up catches up before it admits, so that a revoked key stops
 * within one second even then. While the ledger does not answer, calls are served for a stated
 * time.
 */
import type { LedgerFollower } from '@tollgate/adapters/ledger/follower.ts';

export type FreshnessLimits = {
  ledgerStaleSoftMs: number;
  ledgerStaleMaxMs: number;
  ledgerCatchUpTimeoutMs: number;
};

export class LedgerFreshness {
  readonly #follower: Pick<LedgerFollower, 'ageMs' | 'catchUp'>;
  readonly #limits: FreshnessLimits;

  constructor(follower: Pick<LedgerFollower, 'ageMs' | 'catchUp'>, limits: FreshnessLimits) {
    this.#follower = follower;
    this.#limits = limits;
  }

  /** True if no wait is needed: the usual case, one comparison. */
  isFresh(): boolean {
    return this.#follower.ageMs() <= this.#limits.ledgerStaleSoftMs;
  }

  /** Waits for the ledger (bounded). False if it has been away for too long to serve. */
  async catchUp(): Promise<boolean> {
    await this.#follower.catchUp(this.#limits.ledgerCatchUpTimeoutMs);
    return this.#follower.ageMs() <= this.#limits.ledgerStaleMaxMs;
  }
}
