/**
 * All budget windows that this proxy draws from (docs/design.md, Budgets: leases). A call holds its
 * worst case against every budget on its path, all or none, in memory. Only a call that its slices
 * cannot serve waits for the ledger: one grant then serves all calls that wait for that window.
 *
 * I3: a call that cannot be held is refused; every lease goes back, whatever the clock does.
 */
import { pause } from '@tollgate/adapters/backoff/backoff.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { isScarce } from '@tollgate/domain/budget/grant.ts';
import type { HoldUnit } from '@tollgate/domain/budget/hold-unit.ts';
import { type WindowBounds, windowBounds, windowStream } from '@tollgate/domain/budget/window.ts';
import type { ProxyLimits } from '../limits.ts';
import { type HoldPart, isOver, type LocalLease } from './local-lease.ts';
import { WindowAccount, type WindowAccountDeps } from './window-account.ts';

export type BudgetHold = { account: WindowAccount; unit: HoldUnit; parts: HoldPart[] };

export type HoldOutcome =
  | { kind: 'held'; holds: BudgetHold[] }
  | { kind: 'exceeded'; account: WindowAccount; unit: HoldUnit; amount: bigint }
  | { kind: 'unavailable'; cause: unknown };

/** One budget on a call's path and the worst case of the call, as it counts there. */
export type HoldRequest = { definition: BudgetDefinition; unit: HoldUnit; amount: bigint };

type Waiter = { amount: bigint; resolve: (outcome: WaitOutcome) => void };
type WaitOutcome = { kind: 'held'; parts: HoldPart[] } | { kind: 'exceeded' } | Unavailable;
type Unavailable = { kind: 'unavailable'; cause: unknown };
type Entry = {
  account: WindowAccount;
  waiters: Waiter[];
  granting: boolean;
  /** Until this moment (performance.now()) calls of this amount and more are refused unasked. */
  refusedFrom: bigint;
  refusedUntilMs: number;
  /** Until this moment (performance.now()) nobody waits for slices of other proxies. */
  returnsNotBeforeMs: number;
};

export type BudgetBookDeps = Omit<WindowAccountDeps, 'conflictsMax'> & {
  limits: ProxyLimits;
  onError: (error: unknown, stream: string) => void;
};

export class BudgetBook {
  readonly #deps: BudgetBookDeps;
  readonly #entries = new Map<string, Entry>();
  /** Current window of each budget, so that calendar maths is done once per window. */
  readonly #current = new Map<string, Entry>();
  #sweepTimer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(deps: BudgetBookDeps) {
    this.#deps = deps;
  }

  start(): void {
    const tick = () => {
      this.#sweeping = this.#sweep(this.#deps.limits.leaseIdleMs).finally(() => {
        this.#sweepTimer = setTimeout(tick, this.#deps.limits.leaseSweepMs);
      });
    };
    this.#sweepTimer = setTimeout(tick, this.#deps.limits.leaseSweepMs);
  }

  /** Settles every lease. All calls must have ended: a lease with holds stays open. */
  async stop(): Promise<void> {
    await this.#sweeping;
    clearTimeout(this.#sweepTimer);
    await this.#sweep(0);
  }

  /** This proxy's leases of a window, by its ledger stream. */
  leasesOf(stream: string): readonly LocalLease[] {
    return this.#entries.get(stream)?.account.leases ?? [];
  }

  /** Holds every request or none. Synchronous in effect unless a slice is missing. */
  async hold(requests: readonly HoldRequest[], nowMs: number): Promise<HoldOutcome> {
    const holds: BudgetHold[] = [];
    for (const { definition, unit, amount } of requests) {
      const entry = this.#entryAt(definition, nowMs);
      if ('kind' in entry) {
        this.cancel(holds);
        return entry;
      }
      const parts = entry.account.hold(amount);
      const outcome: WaitOutcome =
        parts === null ? await this.#wait(entry, amount) : { kind: 'held', parts };
      if (outcome.kind !== 'held') {
        this.cancel(holds);
        if (outcome.kind === 'exceeded') {
          return { kind: 'exceeded', account: entry.account, unit, amount };
        }
        return outcome;
      }
      holds.push({ account: entry.account, unit, parts: outcome.parts });
    }
    return { kind: 'held', holds };
  }

  /** Frees holds of an attempt that is known to be unbilled. */
  cancel(holds: readonly BudgetHold[]): void {
    for (const { account, parts } of holds) account.release(parts, []);
  }

  /** Unavailable: this process lacks a time zone that the process with the definition had. */
  #entryAt(definition: BudgetDefinition, nowMs: number): Entry | Unavailable {
    const current = this.#current.get(definition.budget_id);
    if (current !== undefined && current.account.definition === definition) {
      const { startMs, endMs } = current.account.bounds;
      current.account.endAt(nowMs);
      // seam: window-of-the-call
      if (nowMs >= startMs && nowMs < endMs) return current;
    }
    let bounds: WindowBounds;
    try {
      bounds = windowBounds(definition, nowMs);
    } catch (error) {
      const message = `no window of the time zone ${definition.time_zone}; is its data installed here?`;
      const cause = new Error(message, { cause: error });
      this.#deps.onError(cause, definition.budget_id);
      return { kind: 'unavailable', cause };
    }
    const stream = windowStream(definition.budget_id, bounds.startMs);
    let entry = this.#entries.get(stream);
    if (entry === undefined) {
      const deps = { ...this.#deps, conflictsMax: this.#deps.limits.grantConflictsMax };
      const account = new WindowAccount(stream, definition, bounds, deps);
      entry = {
        ...{ account, waiters: [], granting: false, refusedFrom: 0n, refusedUntilMs: 0 },
        returnsNotBeforeMs: 0,
      };
      this.#entries.set(stream, entry);
    }
    if (entry.account.definition !== definition) {
      entry.account.define(definition, nowMs);
      // More may be left than when calls were refused.
      entry.refusedUntilMs = 0;
      entry.returnsNotBeforeMs = 0;
    }
    entry.account.endAt(nowMs);
    this.#current.set(definition.budget_id, entry);
    return entry;
  }

  #wait(entry: Entry, amount: bigint): Promise<WaitOutcome> {
    const { grantWaitersMax, grantTimeoutMs } = this.#deps.limits;
    if (amount >= entry.refusedFrom && performance.now() < entry.refusedUntilMs) {
      return Promise.resolve({ kind: 'exceeded' });
    }
    if (entry.waiters.length >= grantWaitersMax) {
      const cause = new Error(`${entry.account.stream}: too many calls wait for a grant`);
      return Promise.resolve({ kind: 'unavailable', cause });
    }
    return new Promise((resolve) => {
      const waiter: Waiter = {
        amount,
        resolve: (outcome) => {
          clearTimeout(timer);
          resolve(outcome);
        },
      };
      const timer = setTimeout(() => {
        // Who is served or refused is taken off the list, and its timer is cleared.
        entry.waiters.splice(entry.waiters.indexOf(waiter), 1);
        const cause = new Error(`${entry.account.stream}: no grant within ${grantTimeoutMs} ms`);
        resolve({ kind: 'unavailable', cause });
      }, grantTimeoutMs);
      entry.waiters.push(waiter);
      if (!entry.granting) void this.#grantAll(entry);
    });
  }

  /** Asks for grants until no call waits: each serves the calls that it can, in order of arrival. */
  async #grantAll(entry: Entry): Promise<void> {
    entry.granting = true;
    try {
      while (entry.waiters.length > 0) {
        const asked = [...entry.waiters];
        const waiting = asked.map(({ amount }) => amount);
        const wanted = waiting.reduce((sum, amount) => sum + amount, 0n);
        let exhausted = false;
        if (wanted > entry.account.free()) {
          exhausted =
            (await entry.account.grant(waiting)) === 'exhausted' &&
            !(await this.#returned(entry, asked));
        }
        this.#serve(entry, new Set(exhausted ? asked : []));
      }
    } catch (cause) {
      this.#deps.onError(cause, entry.account.stream);
      for (const waiter of entry.waiters.splice(0)) waiter.resolve({ kind: 'unavailable', cause });
    } finally {
      entry.granting = false;
    }
  }

  /**
   * Waits for slices that other proxies do not use: a call that the budget could pay is not refused
   * because a slice lies elsewhere (docs/design.md, Budgets: leases).
   *
   * @param asked calls that no grant can serve now
   * @returns whether a call that waits can be held now
   */
  async #returned(entry: Entry, asked: readonly Waiter[]): Promise<boolean> {
    const { account, waiters } = entry;
    const { leaseReturnWaitMs, leaseReturnPollMs, leaseReturnAgainMs } = this.#deps.limits;
    const startMs = performance.now();
    if (startMs < entry.returnsNotBeforeMs) return false;
    for (;;) {
      const { held, comeFirst } = account.others();
      const waiting = new Set(waiters);
      const smallest = leastOf(asked.filter((waiter) => waiting.has(waiter)));
      // All have given up, or none can be paid.
      if (smallest === null || smallest > account.remaining() + held) return false;
      if (performance.now() - startMs >= leaseReturnWaitMs) break;
      if (comeFirst) await this.#returnIdle(entry, 0, false);
      await pause(leaseReturnPollMs);
      if (smallest <= account.free()) return true;
      if ((await account.grant(waiters.map(({ amount }) => amount))) === 'granted') return true;
    }
    entry.returnsNotBeforeMs = performance.now() + leaseReturnAgainMs;
    return false;
  }

  /** @param last calls that no further grant can serve: those that cannot be held now are refused */
  #serve(entry: Entry, last: ReadonlySet<Waiter>): void {
    let refusedFrom: bigint | undefined;
    for (const waiter of entry.waiters.splice(0)) {
      const { amount } = waiter;
      const parts = entry.account.hold(amount);
      if (parts !== null) waiter.resolve({ kind: 'held', parts });
      else if (last.has(waiter)) {
        waiter.resolve({ kind: 'exceeded' });
        if (refusedFrom === undefined || amount < refusedFrom) refusedFrom = amount;
      } else entry.waiters.push(waiter);
    }
    if (refusedFrom === undefined) return;
    entry.refusedFrom = refusedFrom;
    entry.refusedUntilMs = performance.now() + this.#deps.limits.exhaustedForMs;
  }

  /** Returns the slices that no call uses, and all slices of a window that has ended. */
  async #sweep(idleMs: number): Promise<void> {
    const nowMs = Date.now();
    for (const [stream, entry] of this.#entries) {
      try {
        await this.#sweepEntry(entry, nowMs, idleMs);
      } catch (error) {
        this.#deps.onError(error, stream);
      }
      const { account, granting } = entry;
      if (nowMs < account.bounds.endMs || !account.isDone || granting) continue;
      this.#entries.delete(stream);
      // A call that began before the end may still need the window: it gets one that sweeps see.
      const { budget_id } = account.definition;
      // seam: ended-window-is-forgotten
      if (this.#current.get(budget_id) === entry) this.#current.delete(budget_id);
    }
  }

  /** Excludes grants meanwhile: two reads of the same events would be folded twice. */
  async #catchUp(entry: Entry): Promise<void> {
    const { account } = entry;
    entry.granting = true;
    try {
      await account.confirmDoubtful();
      // Whether it is scarce, others have decided since.
      if (this.#hasIdle(account)) await account.refresh();
    } finally {
      entry.granting = false;
    }
    if (entry.waiters.length > 0) void this.#grantAll(entry);
  }

  async #sweepEntry(entry: Entry, nowMs: number, idleMs: number): Promise<void> {
    if (entry.granting) return;
    await this.#catchUp(entry);
    await this.#returnIdle(entry, idleMs, nowMs >= entry.account.bounds.endMs);
  }

  #hasIdle({ leases }: WindowAccount): boolean {
    const sinceMs = performance.now() - this.#deps.limits.leaseScarceIdleMs;
    return leases.some(
      ({ holds, closed, usedAtMs }) => holds === 0 && !closed && usedAtMs <= sinceMs,
    );
  }

  async #returnIdle({ account }: Entry, idleMs: number, windowEnded: boolean): Promise<void> {
    const { leaseScarceIdleMs } = this.#deps.limits;
    for (const lease of [...account.leases]) {
      const scarceMs = isScarce(account.account, lease.amount) ? leaseScarceIdleMs : idleMs;
      const at = { nowMs: performance.now(), idleMs: Math.min(idleMs, scarceMs), windowEnded };
      if (isOver(lease, at)) account.close(lease);
      if (lease.closed && lease.holds === 0) await account.settle(lease);
    }
  }
}

function leastOf(waiters: readonly Waiter[]): bigint | null {
  let least: bigint | null = null;
  for (const { amount } of waiters) if (least === null || amount < least) least = amount;
  return least;
}
