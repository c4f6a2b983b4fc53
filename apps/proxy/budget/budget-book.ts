/**
 * All budget windows that this proxy draws from (docs/design.md, Budgets: leases). A call holds its
 * worst case against every budget on its path, all or none, in memory. Only a call that its slices
 * cannot serve waits for the ledger: one grant then serves all calls that wait for that window.
 *
 * I3: a call that cannot be held is refused; every lease goes back, whatever the clock does.
 */
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import type { HoldUnit } from '@tollgate/domain/budget/hold-unit.ts';
import { type WindowBounds, windowBounds, windowStream } from '@tollgate/domain/budget/window.ts';
import { GrantTurns, inLanes, tooManyKept } from './end-user-windows.ts';
import { hasIdle, returnSlices } from './idle-slices.ts';
import type { HoldPart, LocalLease } from './local-lease.ts';
import type { PathBudget } from './path-budget.ts';
import { Sweep } from './sweep.ts';
import { type Unavailable, WaitingCalls } from './waiting-calls.ts';
import { WindowAccount, type WindowAccountDeps } from './window-account.ts';

export type BudgetHold = { account: WindowAccount; unit: HoldUnit; parts: HoldPart[] };

export type HoldOutcome =
  | { kind: 'held'; holds: BudgetHold[] }
  | { kind: 'exceeded'; account: WindowAccount; unit: HoldUnit; amount: bigint }
  | { kind: 'unavailable'; cause: unknown };

/** One budget on a call's path and the worst case of the call, as it counts there. */
export type HoldRequest = {
  definition: BudgetDefinition;
  unit: HoldUnit;
  amount: bigint;
  /** Digest of the call's end user, if the budget is a template; else null. */
  endUser: string | null;
};

type Entry = {
  account: WindowAccount;
  waiting: WaitingCalls;
  /** Digest of whose window it is, of a template. */
  endUser: string | null;
  /** performance.now() of the last call, of a template's window. */
  usedAtMs: number;
};

export type BudgetBookDeps = WindowAccountDeps & {
  onError: (error: unknown, stream: string) => void;
};

const NO_CHARGES: readonly bigint[] = [];

export class BudgetBook {
  readonly #deps: BudgetBookDeps;
  readonly #entries = new Map<string, Entry>();
  /** Current window of each budget and end user, so that calendar maths is done once per window. */
  readonly #current = new Map<string, Entry>();
  readonly #turns: GrantTurns;
  /** Windows of end users among the entries. */
  #endUsers = 0;
  readonly #sweeps: Sweep[];

  constructor(deps: BudgetBookDeps) {
    this.#deps = deps;
    this.#turns = new GrantTurns(deps.limits);
    // Apart from each other, because a crowd of end users takes its time.
    this.#sweeps = [
      new Sweep(deps.limits.leaseSweepMs, (which) => this.#sweep(which)),
      new Sweep(deps.limits.leaseSweepMs, (which) => this.#sweepEndUsers(which)),
    ];
  }

  /** In memory: those that have a slice, and those that were used a moment ago. */
  get endUserWindows(): number {
    return this.#endUsers;
  }

  start(): void {
    for (const sweep of this.#sweeps) sweep.start();
  }

  /** Settles every lease. All calls must have ended: a lease with holds stays open. */
  async stop(): Promise<void> {
    await Promise.all(this.#sweeps.map((sweep) => sweep.stop()));
  }

  /** This proxy's leases of a window, by its ledger stream. */
  leasesOf(stream: string): readonly LocalLease[] {
    return this.#entries.get(stream)?.account.leases ?? [];
  }

  /**
   * Holds every request or none, at once, as nearly all calls can. null: a slice is missing, nothing is
   * held, and `hold` waits for one.
   */
  holdNow(requests: readonly HoldRequest[], nowMs: number): HoldOutcome | null {
    const holds: BudgetHold[] = [];
    const atMs = performance.now();
    for (const request of requests) {
      const entry = this.#entryAt(request, nowMs);
      const parts = 'kind' in entry ? null : entry.account.hold(request.amount, atMs);
      if ('kind' in entry || parts === null) {
        this.cancel(holds);
        return 'kind' in entry ? entry : null;
      }
      holds.push({ account: entry.account, unit: request.unit, parts });
    }
    return { kind: 'held', holds };
  }

  /** Holds every request or none; waits for slices that are missing. */
  async hold(requests: readonly HoldRequest[], nowMs: number): Promise<HoldOutcome> {
    const holds: BudgetHold[] = [];
    let wait: { untilMs: number } | undefined;
    for (let index = 0; index < requests.length; index++) {
      const request = requests[index] as HoldRequest;
      const { unit, amount } = request;
      const entry = this.#entryAt(request, nowMs);
      if ('kind' in entry) {
        this.cancel(holds);
        return entry;
      }
      const { account } = entry;
      let parts = account.hold(amount);
      if (parts === null) {
        wait ??= { untilMs: 0 };
        const outcome = await this.#wait(entry, requests, index, wait, nowMs);
        if (outcome.kind !== 'held') {
          this.cancel(holds);
          return outcome;
        }
        parts = outcome.parts;
      }
      holds.push({ account, unit, parts });
    }
    return { kind: 'held', holds };
  }

  /**
   * Waits for a slice for one of the requests.
   *
   * @param wait of the call: with many budgets it waits no longer than with one
   */
  async #wait(
    entry: Entry,
    requests: readonly HoldRequest[],
    index: number,
    wait: { untilMs: number },
    nowMs: number,
  ): Promise<Exclude<HoldOutcome, { kind: 'held' }> | { kind: 'held'; parts: HoldPart[] }> {
    const { grantTimeoutMs, grantsTimeoutMs, grantTimeoutMsMin } = this.#deps.limits;
    const { definition: own, unit, amount } = requests[index] as HoldRequest;
    // No call waits for a budget while a later one on its path is known to refuse it; one that clamps
    // makes the call smaller first.
    const later = own.on_exceeded === 'clamp' ? [] : requests.slice(index + 1);
    for (const request of requests.slice(index + 1)) {
      const next = this.#entryAt(request, nowMs);
      if ('kind' in next) return next;
      // seam: later-budgets-are-read-meanwhile
      next.waiting.prepare();
    }
    for (const request of later) {
      const known = this.#current.get(nameOf(request.definition, request.endUser));
      if (known === undefined || !isWithin(known.account.bounds, nowMs)) continue;
      if (!known.waiting.isRefused(request.amount)) continue;
      return {
        kind: 'exceeded',
        account: known.account,
        unit: request.unit,
        amount: request.amount,
      };
    }
    const atMs = performance.now();
    if (wait.untilMs === 0) wait.untilMs = atMs + grantsTimeoutMs;
    const leftMs = Math.max(wait.untilMs - atMs, grantTimeoutMsMin);
    const timeoutMs = Math.min(leftMs, grantTimeoutMs);
    const outcome = await entry.waiting.wait(amount, timeoutMs);
    if (outcome.kind !== 'exceeded') return outcome;
    return { kind: 'exceeded', account: entry.account, unit, amount };
  }

  /**
   * How much is used of the budget of these that is used most, in percent, as this proxy last saw it;
   * 0 of those that it has not asked for yet. What other proxies hold and have not spent is not used
   * (maximhq/bifrost#5770: a rule for a used budget fired far too early).
   */
  usedPercent(budgets: readonly PathBudget[], endUser: string, nowMs: number): number {
    let most = 0;
    for (const { definition } of budgets) {
      const entry = this.#current.get(nameOf(definition, definition.per === null ? null : endUser));
      if (entry === undefined || !isWithin(entry.account.bounds, nowMs)) continue;
      const { account } = entry;
      const used = account.limit - account.left.remaining() - account.left.heldByOthers();
      const percent = account.limit > 0n ? Number((used * 10_000n) / account.limit) / 100 : 100;
      most = Math.max(most, percent);
    }
    return most;
  }

  /** Frees holds of an attempt that is known to be unbilled. */
  cancel(holds: readonly BudgetHold[]): void {
    const atMs = performance.now();
    for (const { account, parts } of holds) account.release(parts, NO_CHARGES, atMs);
  }

  /** Unavailable: this process lacks a time zone that the process with the definition had. */
  #entryAt({ definition, endUser }: HoldRequest, nowMs: number): Entry | Unavailable {
    const name = nameOf(definition, endUser);
    const current = this.#current.get(name);
    if (current !== undefined && current.account.definition === definition) {
      if (endUser !== null) current.usedAtMs = performance.now();
      current.account.endAt(nowMs);
      // seam: window-of-the-call
      if (isWithin(current.account.bounds, nowMs)) return current;
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
    // seam: window-of-the-end-user
    const stream = windowStream(definition.budget_id, bounds.startMs, endUser);
    let entry = this.#entries.get(stream);
    if (entry === undefined) {
      if (endUser !== null && this.#endUsers >= this.#deps.limits.endUserWindowsMax) {
        const cause = new Error(`${stream}: too many windows of end users are in use`);
        return { kind: 'unavailable', cause };
      }
      const { rate } = current?.account ?? {};
      const account = new WindowAccount(stream, definition, bounds, this.#deps, rate);
      const turns = endUser === null ? null : this.#turns;
      const waiting = new WaitingCalls(account, this.#deps, turns);
      entry = { account, waiting, endUser, usedAtMs: performance.now() };
      this.#entries.set(stream, entry);
      if (endUser !== null) this.#endUsers++;
    }
    if (entry.account.definition !== definition) {
      entry.account.define(definition, nowMs);
      entry.waiting.askAgain();
    }
    entry.account.endAt(nowMs);
    this.#current.set(name, entry);
    return entry;
  }

  /** Returns the slices that no call uses, and all slices of a window that has ended. */
  async #sweep(which: 'idle' | 'unused'): Promise<void> {
    const nowMs = Date.now();
    const entries = [...this.#entries.values()].filter(({ endUser }) => endUser === null);
    // Many at once: what another proxy asked for must not wait for all the others to be looked at.
    await inLanes(entries, this.#deps.limits.endUserSweepsMax, async (entry) => {
      await this.#sweepEntry(entry, nowMs, which);
      if (nowMs >= entry.account.bounds.endMs) this.#forget(entry);
    });
  }

  /** Many at once, and they are forgotten as soon as they are idle: their streams say all. */
  async #sweepEndUsers(which: 'idle' | 'unused'): Promise<void> {
    if (this.#endUsers === 0) return;
    const { limits } = this.#deps;
    const nowMs = Date.now();
    const entries = [...this.#entries.values()].filter(({ endUser }) => endUser !== null);
    const tooMany = tooManyKept(entries, limits, performance.now());
    await inLanes(entries, limits.endUserSweepsMax, async (entry) => {
      const { account, waiting } = entry;
      if (!account.isDone) {
        await this.#sweepEntry(entry, nowMs, tooMany.has(entry) ? 'unused' : which);
      }
      const sinceMs = performance.now() - limits.endUserForgetMs;
      const isIdle = entry.usedAtMs < sinceMs && !waiting.remembers(performance.now());
      if (isIdle || nowMs >= account.bounds.endMs) this.#forget(entry);
    });
  }

  /** Unless there is something of it that only this process knows. */
  #forget(entry: Entry): void {
    const { account, waiting, endUser } = entry;
    if (!account.isDone || waiting.isAsking) return;
    this.#entries.delete(account.stream);
    if (endUser !== null) this.#endUsers--;
    // A call that began before the end may still need the window: it gets one that sweeps see.
    const name = nameOf(account.definition, endUser);
    // seam: ended-window-is-forgotten
    if (this.#current.get(name) === entry) this.#current.delete(name);
  }

  async #sweepEntry(entry: Entry, nowMs: number, which: 'idle' | 'unused'): Promise<void> {
    try {
      await this.#returnSlices(entry, nowMs, which);
    } catch (error) {
      this.#deps.onError(error, entry.account.stream);
    }
  }

  async #returnSlices({ account, waiting }: Entry, nowMs: number, which: 'idle' | 'unused') {
    const { limits } = this.#deps;
    const isFree = await waiting.unlessAsking(async () => {
      await account.confirmDoubtful();
      // Whether it is scarce or asked for, others have decided since.
      if (hasIdle(account, limits)) await account.refresh({ background: true });
    });
    if (!isFree) return;
    const hasEnded = nowMs >= account.bounds.endMs;
    await returnSlices(account, limits, hasEnded ? 'of_ended_window' : which);
  }
}

function isWithin({ startMs, endMs }: WindowBounds, nowMs: number): boolean {
  return nowMs >= startMs && nowMs < endMs;
}

/** Of the current window of a budget, or of one of its end users. */
function nameOf({ budget_id }: BudgetDefinition, endUser: string | null): string {
  return endUser === null ? budget_id : `${budget_id}~${endUser}`;
}
