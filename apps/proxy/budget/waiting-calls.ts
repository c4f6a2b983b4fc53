/**
 * The calls that wait for slices of one window (docs/design.md, Budgets: leases). One grant serves all
 * of them, in order of arrival. What the ledger says is not left is a refusal, however long others
 * wait and whatever else is slow; not to know what is left is none.
 *
 * I3: a call that cannot be held is refused.
 */
import { pause } from '@tollgate/adapters/backoff/backoff.ts';
import type { ProxyLimits } from '../limits.ts';
import type { GrantTurns } from './end-user-windows.ts';
import { returnSlices } from './idle-slices.ts';
import type { HoldPart } from './local-lease.ts';
import type { GrantOutcome, WindowAccount } from './window-account.ts';

export type Unavailable = { kind: 'unavailable'; cause: unknown };
export type WaitOutcome = { kind: 'held'; parts: HoldPart[] } | { kind: 'exceeded' } | Unavailable;

type Waiter = {
  amount: bigint;
  /** Since the ledger said that so much is not left (performance.now()); null: it has not. */
  shortSinceMs: number | null;
  resolve: (outcome: WaitOutcome) => void;
};

export type WaitingCallsDeps = {
  limits: ProxyLimits;
  onError: (error: unknown, stream: string) => void;
};

const NOBODY: ReadonlySet<Waiter> = new Set();

export class WaitingCalls {
  readonly #account: WindowAccount;
  readonly #deps: WaitingCallsDeps;
  readonly #turns: GrantTurns | null;
  readonly #waiters: Waiter[] = [];
  /** Somebody asks the ledger: two reads of the same events would be folded twice. */
  #asking = false;
  /** Until this moment (performance.now()) calls of this amount and more are refused unasked. */
  #refusedFrom = 0n;
  #refusedUntilMs = 0;
  /** Until this moment (performance.now()) nobody waits for slices of other proxies. */
  #returnsNotBeforeMs = 0;
  #grantedAtMs = Number.NEGATIVE_INFINITY;

  /** @param turns in which slices are asked for; null: at once */
  constructor(account: WindowAccount, deps: WaitingCallsDeps, turns: GrantTurns | null) {
    this.#account = account;
    this.#deps = deps;
    this.#turns = turns;
  }

  /** Whether it knows something that the window's stream does not say. */
  remembers(nowMs: number): boolean {
    return this.#waiters.length > 0 || nowMs < this.#returnsNotBeforeMs;
  }

  get isAsking(): boolean {
    return this.#asking;
  }

  /** Whether it is known without a look that a call of this amount is refused now. */
  isRefused(amount: bigint): boolean {
    return (
      amount >= this.#refusedFrom &&
      performance.now() < this.#refusedUntilMs &&
      amount > this.#account.left.free()
    );
  }

  /** More may be left than when calls were refused: the limit has changed. */
  askAgain(): void {
    this.#refusedUntilMs = 0;
    this.#returnsNotBeforeMs = 0;
  }

  /** @param timeoutMs after so long it is told that nothing is known */
  wait(amount: bigint, timeoutMs: number): Promise<WaitOutcome> {
    const { grantWaitersMax } = this.#deps.limits;
    if (this.isRefused(amount)) return Promise.resolve({ kind: 'exceeded' });
    const { stream } = this.#account;
    if (this.#waiters.length >= grantWaitersMax) {
      const cause = new Error(`${stream}: too many calls wait for a grant`);
      return Promise.resolve({ kind: 'unavailable', cause });
    }
    return new Promise((resolve) => {
      const waiter: Waiter = {
        amount,
        shortSinceMs: null,
        resolve: (outcome) => {
          clearTimeout(timer);
          resolve(outcome);
        },
      };
      const timer = setTimeout(() => {
        // Who is served or refused is taken off the list, and its timer is cleared.
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        // seam: short-call-is-refused
        if (waiter.shortSinceMs !== null) return resolve({ kind: 'exceeded' });
        const cause = new Error(`${stream}: no grant within ${Math.round(timeoutMs)} ms`);
        resolve({ kind: 'unavailable', cause });
      }, timeoutMs);
      this.#waiters.push(waiter);
      if (!this.#asking) void this.#grantAll();
    });
  }

  /**
   * Asks the ledger for something else, and keeps calls waiting meanwhile.
   *
   * @returns false if it is being asked already: then nothing was done
   */
  async unlessAsking(does: () => Promise<void>): Promise<boolean> {
    if (this.#asking) return false;
    this.#asking = true;
    try {
      await does();
    } finally {
      this.#asking = false;
      // Whatever became of it: those who came meanwhile have asked nobody.
      if (this.#waiters.length > 0) void this.#grantAll();
    }
    return true;
  }

  /** Reads the window, while calls that will need it wait for another one. */
  prepare(): void {
    if (this.#asking || this.#turns !== null || this.#account.account.opened) return;
    const { stream } = this.#account;
    this.unlessAsking(() => this.#account.prepareAhead()).catch((error: unknown) =>
      this.#deps.onError(error, stream),
    );
  }

  /** Asks for grants until no call waits: each serves the calls that it can, in order of arrival. */
  async #grantAll(): Promise<void> {
    this.#asking = true;
    try {
      while (this.#waiters.length > 0) {
        const wanted = this.#waiters.reduce((sum, { amount }) => sum + amount, 0n);
        let refused = NOBODY;
        if (wanted > this.#account.left.free()) {
          const short = await this.#grant();
          if (short !== null) refused = await this.#returned(short);
        }
        this.#serve(refused);
      }
    } catch (cause) {
      this.#deps.onError(cause, this.#account.stream);
      for (const waiter of this.#waiters.splice(0)) waiter.resolve({ kind: 'unavailable', cause });
    } finally {
      this.#asking = false;
    }
  }

  /** @returns the calls that nothing of what is left can serve; null: something was granted */
  async #grant(): Promise<readonly Waiter[] | null> {
    let asked: readonly Waiter[] = [];
    const outcome = await this.#ask(() => {
      asked = [...this.#waiters];
      return asked.map(({ amount }) => amount);
    });
    const nowMs = performance.now();
    if (outcome === 'granted') {
      this.#grantedAtMs = nowMs;
      return null;
    }
    for (const waiter of asked) waiter.shortSinceMs ??= nowMs;
    return asked;
  }

  async #ask(waiting: () => readonly bigint[]): Promise<GrantOutcome> {
    const account = this.#account;
    if (this.#turns === null) return await account.grant(waiting);
    // All may have given up before it was their turn.
    const outcome = await this.#turns.inTurn(account.definition.budget_id, async () =>
      this.#waiters.length === 0 ? 'granted' : account.grant(waiting),
    );
    if (outcome !== null || this.#waiters.length === 0) return outcome ?? 'granted';
    throw new Error(`${account.stream}: too many end users wait for a slice`);
  }

  /**
   * Waits for slices that other proxies do not use, and asks for them: a call that the budget could pay
   * is not refused because a slice lies elsewhere (docs/design.md, Budgets: leases).
   *
   * @param asked calls that no grant can serve now
   * @returns those that are refused; nobody once a call that waits can be held
   */
  async #returned(asked: readonly Waiter[]): Promise<ReadonlySet<Waiter>> {
    const { limits } = this.#deps;
    const account = this.#account;
    if (performance.now() < this.#returnsNotBeforeMs) return new Set(asked);
    for (;;) {
      const held = account.left.heldByOthers();
      const remaining = account.left.remaining();
      const stillWaiting = new Set(this.#waiters);
      const waiting = asked.filter((waiter) => stillWaiting.has(waiter));
      const hopeless = waiting.filter(({ amount }) => amount > remaining + held);
      const smallest = leastOf(waiting);
      if (smallest === null || hopeless.length > 0) return new Set(hopeless);
      if (smallest <= account.left.free()) return NOBODY;
      const overdue = this.#overdue(waiting);
      if (overdue !== null) return overdue;
      if (smallest > remaining) await account.recall(smallest - remaining);
      // What serves nobody here may serve another proxy: of those that wait for each other, one is served.
      await returnSlices(account, limits, 'unused_parts');
      await pause(limits.leaseReturnPollMs);
      if ((await this.#grant()) === null) return NOBODY;
    }
  }

  /** Those that have waited for long enough; all, if nothing came back in that time. null: none. */
  #overdue(waiting: readonly Waiter[]): ReadonlySet<Waiter> | null {
    const { leaseReturnWaitMs, leaseReturnAgainMs } = this.#deps.limits;
    const nowMs = performance.now();
    const untilMs = nowMs - leaseReturnWaitMs;
    const overdue = waiting.filter(({ shortSinceMs }) => (shortSinceMs ?? nowMs) <= untilMs);
    if (overdue.length === 0) return null;
    if (this.#grantedAtMs > untilMs) return new Set(overdue);
    this.#returnsNotBeforeMs = nowMs + leaseReturnAgainMs;
    return new Set(waiting);
  }

  /** @param last calls that no further grant can serve: those that cannot be held now are refused */
  #serve(last: ReadonlySet<Waiter>): void {
    let refusedFrom: bigint | undefined;
    for (const waiter of this.#waiters.splice(0)) {
      const { amount } = waiter;
      const parts = this.#account.hold(amount);
      if (parts !== null) waiter.resolve({ kind: 'held', parts });
      else if (last.has(waiter)) {
        waiter.resolve({ kind: 'exceeded' });
        if (refusedFrom === undefined || amount < refusedFrom) refusedFrom = amount;
      } else this.#waiters.push(waiter);
    }
    if (refusedFrom === undefined) return;
    this.#refusedFrom = refusedFrom;
    this.#refusedUntilMs = performance.now() + this.#deps.limits.exhaustedForMs;
  }
}

function leastOf(waiters: readonly Waiter[]): bigint | null {
  let least: bigint | null = null;
  for (const { amount } of waiters) if (least === null || amount < least) least = amount;
  return least;
}
