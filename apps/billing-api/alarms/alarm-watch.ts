/**
 * Looks for alarms that are due (docs/design.md, Alarms), only where something has changed:
 *
 * - of hard budgets, the ledger is followed from the start of this process; what counts is the account;
 * - of soft budgets, and of what is charged for unknown usage, the warehouse is asked what it has counted
 *   since the last look.
 *
 * At its start every live budget counts as changed, so nothing is missed that happened while no process
 * looked. An alarm's stream, event id and id follow from what it is about, so several processes, or one
 * that starts again, raise it once.
 */
import { pause } from '@tollgate/adapters/backoff/backoff.ts';
import { alarmEvent, alarmId, alarmStreamOf } from '@tollgate/adapters/ledger/alarm-appends.ts';
import { StreamTail } from '@tollgate/adapters/ledger/append-once.ts';
import {
  alarmWatchEvents,
  budgetDefinitionEvents,
  budgetWindowEvents,
} from '@tollgate/adapters/ledger/categories.ts';
import { LedgerFollower } from '@tollgate/adapters/ledger/follower.ts';
import type { Ledger, LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import {
  type Touched,
  touchedBudgets,
} from '@tollgate/adapters/warehouse/queries/touched-budgets.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { alarmsDue, type BudgetUse } from '@tollgate/domain/alarm/alarm.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { windowBounds, windowOfStream, windowStream } from '@tollgate/domain/budget/window.ts';
import type { ApiLimits } from '../limits.ts';
import { CountedSince } from '../reconciliation/counted-since.ts';
import type { Entity } from '../resources/entities.ts';
import type { ResourceIndex } from '../resources/resource-index.ts';
import type { AlarmIndex } from './alarm-index.ts';
import type { AlarmStats } from './alarm-stats.ts';
import { BudgetUses, type Known, type Use } from './budget-uses.ts';
import { type ChangedWindow, ChangedWindows } from './changed-windows.ts';

export type WatchDeps = {
  ledger: Ledger;
  warehouse: Warehouse;
  directory: ResourceIndex;
  index: AlarmIndex;
  /** Names this run of the process; no other has it. */
  runId: string;
  /** Unix ms. */
  clock: () => number;
  limits: ApiLimits;
  stats: AlarmStats;
  onError: (message: string, error: unknown) => void;
};

export class AlarmWatch {
  readonly #deps: WatchDeps;
  readonly #abort = new AbortController();
  readonly #changed = new ChangedWindows();
  /** Definitions that changed: the read model may not have them yet. */
  #definitions: { stream: string; revision: bigint }[] = [];
  /** In hand now. */
  #taken: readonly ChangedWindow[] = [];
  readonly #uses: BudgetUses;
  readonly #counted: CountedSince<Touched>;
  /** Monotonic ms. */
  #countsAgainAtMs = 0;
  #follower: LedgerFollower | undefined;
  #done: Promise<void> = Promise.resolve();

  constructor(deps: WatchDeps) {
    this.#deps = deps;
    this.#uses = new BudgetUses(deps);
    this.#counted = new CountedSince(deps.warehouse, touchedBudgets);
    deps.stats.waiting = () => this.#waiting();
  }

  start(): void {
    this.#done = this.#loop(this.#abort.signal);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await Promise.all([this.#follower?.stop(), this.#done]);
  }

  #waiting(): { windows: number; lagMs: number } {
    const oldestMs = this.#taken[0]?.sinceMs ?? this.#changed.oldestMs;
    return {
      windows: this.#changed.size + this.#taken.length,
      lagMs: oldestMs === undefined ? 0 : performance.now() - oldestMs,
    };
  }

  async #loop(signal: AbortSignal): Promise<void> {
    const { limits, stats, onError } = this.#deps;
    while (!signal.aborted) {
      const failures = stats.failures;
      try {
        if (this.#follower === undefined) await this.#begin();
        await this.#look();
      } catch (error) {
        if (signal.aborted) return;
        stats.failures++;
        onError('alarms: a look has failed; trying again', error);
      }
      // While there is more to do, the others of this process get their turns only.
      const isBehind = this.#changed.size >= limits.alarmWindowsPerLook;
      await pause(isBehind && stats.failures === failures ? 1 : limits.alarmPollMs, signal);
    }
  }

  /**
   * Where the ledger ends now is where following begins; what was before is read from the accounts. So the
   * past of all windows is never read.
   */
  async #begin(): Promise<void> {
    const { ledger, directory, limits, runId, clock, onError } = this.#deps;
    const stream = alarmWatchEvents.of(runId);
    const data = { started_at: new Date(clock()).toISOString() };
    const started = newLedgerEvent(stream, { type: 'AlarmWatchStarted', data }, runId);
    const appended = await ledger.append(stream, 'no_stream', [started]);
    if (!appended.ok) throw new Error(`${stream} is not of this run alone`);
    this.#follower = new LedgerFollower({
      ledger,
      prefixes: [budgetWindowEvents.prefix, budgetDefinitionEvents.prefix],
      after: appended.position,
      retryMs: { first: limits.ledgerRetryFirstMs, max: limits.ledgerRetryMaxMs },
      apply: (event) => this.#apply(event),
      onLost: (error) => onError('alarms: the ledger was lost; subscribing again', error),
    });
    await this.#follower.start();
    // seam: all-budgets-are-looked-at-first
    for (const budget of directory.budgets.all()) this.#add(budget, limits.alarmMissedWindowMs);
  }

  #apply({ stream, revision }: LedgerEvent): void {
    if (stream.startsWith(budgetDefinitionEvents.prefix)) {
      this.#definitions.push({ stream, revision });
      return;
    }
    const window = windowOfStream(stream);
    if (window !== null) this.#changed.add({ stream, ...window }, performance.now());
  }

  /** The current window, and the one before if it has ended less than this long ago. */
  #add({ state: budget, createdAtMs }: Entity<BudgetDefinition>, lateMs: number): void {
    // A window for each end user would be an alarm for each: nobody could read them.
    if (budget.archived || budget.per !== null) return;
    const nowMs = this.#deps.clock();
    const { startMs } = windowBounds(budget, nowMs);
    const starts = [startMs];
    // Usage from before its definition is no concern of a budget whose window has ended by then.
    if (nowMs - startMs < lateMs && createdAtMs < startMs) {
      starts.push(windowBounds(budget, startMs - 1).startMs);
    }
    for (const start of starts) {
      const stream = windowStream(budget.budget_id, start);
      const window = { stream, budgetId: budget.budget_id, startMs: start, unresolved: true };
      this.#changed.add(window, performance.now());
    }
  }

  /** What the warehouse has counted since the last look, and a batch of what has changed. */
  async #look(): Promise<void> {
    const { limits } = this.#deps;
    await this.#defined();
    await this.#counts();
    this.#taken = this.#changed.take(limits.alarmWindowsPerLook);
    const known = this.#known(this.#taken);
    const ofHard = known.filter(({ budget }) => budget.enforcement === 'hard');
    const ofSoft = known.filter(({ budget }) => budget.enforcement === 'soft');
    // Each by itself: a warehouse that is away does not hold up what the ledger says.
    await this.#raiseOf(ofHard, (windows) => this.#uses.ofHard(windows));
    await this.#raiseOf(ofSoft, (windows) => this.#uses.ofSoft(windows));
    const asked = ofHard.filter(({ window }) => window.unresolved);
    await this.#raiseOf(asked, (windows) => this.#uses.unresolved(windows));
    this.#taken = [];
  }

  async #defined(): Promise<void> {
    const { directory, limits } = this.#deps;
    const definitions = this.#definitions;
    this.#definitions = [];
    for (const { stream, revision } of definitions) {
      await directory.sees(stream, revision, limits.readYourWritesMs);
      const budget = directory.budgets.get(budgetDefinitionEvents.idOf(stream));
      if (budget !== undefined) this.#add(budget, limits.alarmLateUsageMs);
    }
  }

  async #counts(): Promise<void> {
    const { directory, limits, stats, onError } = this.#deps;
    const startMs = performance.now();
    if (startMs < this.#countsAgainAtMs) return;
    let touched: Touched[] | undefined;
    try {
      touched = await this.#counted.look();
    } catch (error) {
      stats.failures++;
      onError('alarms: what was counted cannot be read; trying again', error);
      return;
    } finally {
      // The larger a warehouse is, the longer that takes: it is a small part of the warehouse's time.
      const tookMs = performance.now() - startMs;
      this.#countsAgainAtMs = startMs + tookMs * (100 / limits.alarmWarehouseShareMax);
    }
    if (touched?.length === 0) return;
    const scopes = new Set(['installation']);
    for (const one of touched ?? []) {
      if (one.kind === 'scopes') {
        for (const id of [one.customerId, one.teamId, one.keyId]) scopes.add(id);
      } else {
        const window = windowOfStream(one.window);
        const change = { stream: one.window, unresolved: true };
        if (window !== null) this.#changed.add({ ...change, ...window }, performance.now());
      }
    }
    const soft = directory.budgets.where(({ enforcement }) => enforcement === 'soft');
    for (const budget of soft) {
      // Undefined: it is the first look, or rows are gone, so anything may have changed.
      const isTouched = touched === undefined || scopes.has(budget.state.scope.id);
      if (isTouched) this.#add(budget, limits.alarmLateUsageMs);
    }
  }

  /** Those whose budget is live. It may be known to proxies a moment before it is known here. */
  #known(windows: readonly ChangedWindow[]): Known[] {
    const { directory, limits } = this.#deps;
    const nowMs = performance.now();
    const known: Known[] = [];
    for (const window of windows) {
      const found = directory.budgets.get(window.budgetId);
      if (found !== undefined && !found.state.archived) {
        known.push({ window, budget: found.state, createdAtMs: found.createdAtMs });
      } else if (found === undefined && nowMs - window.sinceMs < limits.alarmUnknownBudgetMs) {
        this.#changed.add(window, window.sinceMs);
      }
    }
    return known;
  }

  /** What failed counts as changed again. */
  async #raiseOf(
    known: readonly Known[],
    usesOf: (windows: readonly Known[]) => Promise<Use[]>,
  ): Promise<void> {
    if (known.length === 0) return;
    try {
      for (const { budget, use } of await usesOf(known)) await this.#raise(budget, use);
    } catch (error) {
      for (const { window } of known) this.#changed.add(window, window.sinceMs);
      if (this.#abort.signal.aborted) return;
      this.#deps.stats.failures++;
      this.#deps.onError('alarms: budgets cannot be looked at; trying again', error);
    }
  }

  async #raise(budget: BudgetDefinition, use: BudgetUse): Promise<void> {
    const { ledger, index, clock, limits, stats } = this.#deps;
    const bounds = {
      forecastShareMin: limits.alarmForecastShareMin,
      unresolvedShareMax: limits.alarmUnresolvedShareMax,
    };
    const { startMs } = use.window;
    const stream = alarmStreamOf(windowStream(budget.budget_id, startMs));
    const due = alarmsDue(use, clock(), bounds).filter(
      ({ subject }) => !index.isRaised(alarmId(stream, subject, startMs)),
    );
    if (due.length === 0) return;
    const events = due.map(({ subject, data }) => alarmEvent(stream, subject, data));
    await new StreamTail(ledger, stream).appendAllOnce(events, this.#abort.signal);
    for (const { data } of due) stats.count(stats.raised, data.kind);
  }
}
