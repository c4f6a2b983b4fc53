/**
 * All budget windows that this proxy draws from (design §8). A call holds its worst case against
 * every budget on its path, all or none, in memory. Only when a slice does not suffice it waits for
 * one grant that serves everybody who waits for that window.
 */
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { type WindowBounds, windowBounds, windowStream } from '@tollgate/domain/budget/window.ts';
import type { ProxyLimits } from '../limits.ts';
import { type HoldPart, WindowAccount, type WindowAccountDeps } from './window-account.ts';

export type BudgetHold = { account: WindowAccount; parts: HoldPart[] };

export type HoldOutcome =
  | { kind: 'held'; holds: BudgetHold[] }
  | { kind: 'exceeded'; account: WindowAccount }
  | { kind: 'unavailable'; cause: unknown };

/** One budget on a call's path and the worst case of the call in its unit. */
export type HoldRequest = { definition: BudgetDefinition; amount: bigint };

type Waiter = { amount: bigint; resolve: (outcome: WaitOutcome) => void };
type WaitOutcome = { kind: 'held'; parts: HoldPart[] } | { kind: 'exceeded' } | Unavailable;
type Unavailable = { kind: 'unavailable'; cause: unknown };
type Entry = {
  account: WindowAccount;
  waiters: Waiter[];
  granting: boolean;
  /** performance.now() until which an exhausted budget is not asked for again. */
  exhaustedUntilMs: number;
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

  /** Settles every lease that has no holds. Holds must be 0: the calls have ended. */
  async stop(): Promise<void> {
    await this.#sweeping;
    clearTimeout(this.#sweepTimer);
    await this.#sweep(0);
  }

  /** Holds every request or none. Synchronous in effect unless a slice is missing. */
  async hold(requests: readonly HoldRequest[], nowMs: number): Promise<HoldOutcome> {
    const holds: BudgetHold[] = [];
    for (const { definition, amount } of requests) {
      const entry = this.#entryAt(definition, nowMs);
      if ('kind' in entry) {
        this.cancel(holds, nowMs);
        return entry;
      }
      const parts = entry.account.hold(amount, nowMs);
      const outcome: WaitOutcome =
        parts === null ? await this.#wait(entry, amount) : { kind: 'held', parts };
      if (outcome.kind !== 'held') {
        this.cancel(holds, nowMs);
        if (outcome.kind === 'exceeded') return { kind: 'exceeded', account: entry.account };
        return outcome;
      }
      holds.push({ account: entry.account, parts: outcome.parts });
    }
    return { kind: 'held', holds };
  }

  /** Frees holds of an attempt that is known to be unbilled. */
  cancel(holds: readonly BudgetHold[], nowMs: number): void {
    for (const { account, parts } of holds) account.release(parts, [], nowMs);
  }

  /** A process may know fewer time zones than the one that took the definition. */
  #entryAt(definition: BudgetDefinition, nowMs: number): Entry | Unavailable {
    const current = this.#current.get(definition.budget_id);
    if (current !== undefined && current.account.definition === definition) {
      const { startMs, endMs } = current.account.bounds;
      if (nowMs >= startMs && nowMs < endMs) return current;
    }
    let bounds: WindowBounds;
    try {
      bounds = windowBounds(definition.window, definition.time_zone, nowMs);
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
      entry = { account, waiters: [], granting: false, exhaustedUntilMs: 0 };
      this.#entries.set(stream, entry);
    }
    entry.account.definition = definition;
    this.#current.set(definition.budget_id, entry);
    return entry;
  }

  #wait(entry: Entry, amount: bigint): Promise<WaitOutcome> {
    const { grantWaitersMax, grantTimeoutMs } = this.#deps.limits;
    if (performance.now() < entry.exhaustedUntilMs) return Promise.resolve({ kind: 'exceeded' });
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
        const index = entry.waiters.indexOf(waiter);
        if (index >= 0) entry.waiters.splice(index, 1);
        const cause = new Error(`${entry.account.stream}: no grant within ${grantTimeoutMs} ms`);
        resolve({ kind: 'unavailable', cause });
      }, grantTimeoutMs);
      entry.waiters.push(waiter);
      if (!entry.granting) void this.#grantAll(entry);
    });
  }

  /** Grants until nobody waits: each round serves who can be served, in order of arrival. */
  async #grantAll(entry: Entry): Promise<void> {
    entry.granting = true;
    try {
      while (entry.waiters.length > 0) {
        const wanted = entry.waiters.reduce((sum, waiter) => sum + waiter.amount, 0n);
        const shortfall = wanted - entry.account.free();
        let exhausted = false;
        if (shortfall > 0n) {
          exhausted = (await entry.account.grant(shortfall, Date.now())) === 'exhausted';
        }
        this.#serve(entry, exhausted);
      }
    } catch (cause) {
      this.#deps.onError(cause, entry.account.stream);
      for (const waiter of entry.waiters.splice(0)) waiter.resolve({ kind: 'unavailable', cause });
    } finally {
      entry.granting = false;
    }
  }

  /** With nothing left to grant, who cannot be served now is refused. */
  #serve(entry: Entry, exhausted: boolean): void {
    const nowMs = Date.now();
    const waiting = entry.waiters.splice(0);
    for (const waiter of waiting) {
      const parts = entry.account.hold(waiter.amount, nowMs);
      if (parts !== null) waiter.resolve({ kind: 'held', parts });
      else if (exhausted) waiter.resolve({ kind: 'exceeded' });
      else entry.waiters.push(waiter);
    }
    if (exhausted && entry.account.free() === 0n) {
      entry.exhaustedUntilMs = performance.now() + this.#deps.limits.exhaustedForMs;
    }
  }

  /** Returns slices that nobody uses, and all of a window that has ended. */
  async #sweep(idleMs: number): Promise<void> {
    const nowMs = Date.now();
    for (const [stream, entry] of this.#entries) {
      try {
        await this.#sweepEntry(entry, nowMs, idleMs);
      } catch (error) {
        this.#deps.onError(error, stream);
      }
      const ended = nowMs >= entry.account.bounds.endMs;
      if (ended && entry.account.leases.length === 0 && !entry.granting) {
        this.#entries.delete(stream);
      }
    }
  }

  /** Alone with the account, as every grant is: two folds of one page would count twice. */
  async #confirmDoubtful(entry: Entry, nowMs: number): Promise<void> {
    entry.granting = true;
    try {
      await entry.account.confirmDoubtful(nowMs);
    } finally {
      entry.granting = false;
    }
    if (entry.waiters.length > 0) void this.#grantAll(entry);
  }

  async #sweepEntry(entry: Entry, nowMs: number, idleMs: number): Promise<void> {
    if (entry.granting) return;
    const { account } = entry;
    await this.#confirmDoubtful(entry, nowMs);
    const ended = nowMs >= account.bounds.endMs;
    for (const lease of [...account.leases]) {
      const used = lease.spent + lease.held >= lease.amount;
      const idle = nowMs - lease.usedAtMs >= idleMs;
      if (lease.holds === 0 && (used || idle || ended)) account.close(lease);
      else if (ended) account.close(lease);
      if (lease.closed && lease.holds === 0) await account.settle(lease);
    }
  }
}
