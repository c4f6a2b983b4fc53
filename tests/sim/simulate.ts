/**
 * One history: proxies share a ledger and a log, calls come, things go wrong, then nothing goes wrong
 * any more. Throughout, no rule is broken; in the end nothing is held, and what is spent is the bill.
 */

import type { LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import { budgetDefinitionStreams } from '@tollgate/domain/budget/budget-events.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { streamOf, windowStart } from './calendar.ts';
import { BILL_COMPLETE_MS, BudgetView, changeBudget, resolve } from './control-plane.ts';
import { LATE_MS_MAX, Network } from './network.ts';
import { Oracle } from './oracle.ts';
import type { LimitKnown } from './oracle-limits.ts';
import {
  type Plan,
  type PlannedBudget,
  type PlannedCall,
  type PlannedFault,
  planOf,
} from './plan.ts';
import { definedEvent, simLimits } from './real-parts.ts';
import { SimDisk } from './sim-journal.ts';
import { SimLedger } from './sim-ledger.ts';
import { SimLog } from './sim-log.ts';
import { SimProvider } from './sim-provider.ts';
import { SimProxy } from './sim-proxy.ts';
import type { Counts, Stage } from './stage.ts';
import { Process, Violation, World } from './world.ts';

/** What a history came to. */
export type History = {
  seed: number;
  /** The rule that was broken; null: none. */
  violation: string | null;
  /** The last things that happened, if they were to be told. */
  notes: readonly string[];
  steps: number;
  figures: Figures;
};

export type Figures = Record<string, number>;

/** How far off the clock of any process is, ms. */
const CLOCK_OFF_MS_MAX = 1_500;
/** After so long without faults all must have come to rest, ms. */
const REST_WITHIN_MS = 240_000;

export async function simulate(seed: number, tells = false): Promise<History> {
  const plan = planOf(seed);
  const world = new World(seed, plan.beginMs, tells);
  const putBack = world.install();
  const theatre = new Theatre(plan, world);
  let violation: string | null = null;
  try {
    await theatre.play();
  } catch (error) {
    violation = error instanceof Violation ? error.message : `${(error as Error).stack}`;
  } finally {
    putBack();
  }
  const { notes, steps } = world;
  return { seed, violation, notes, steps, figures: theatre.figures() };
}

class Theatre {
  readonly #stage: Stage;
  readonly #networks: readonly Network[];
  /** What proxies that start now know of the budgets. */
  readonly #view = new BudgetView();
  readonly #slots: (SimProxy | null)[];
  readonly #died = new Set<string>();
  /** When a proxy learns of the last change of a budget. */
  readonly #viewedMs = new Map<SimProxy, number>();
  /** Which limits the windows must have in the end. */
  readonly #lastLimits: LimitKnown[] = [];
  #ids = 0;
  #instances = 0;

  constructor(plan: Plan, world: World) {
    const toLedger = new Network(world, plan.ledger);
    const toLog = new Network(world, plan.log);
    const oracle = new Oracle(world, plan.budgets);
    this.#networks = [toLedger, toLog];
    this.#slots = Array.from({ length: plan.slots }, () => null);
    this.#stage = {
      plan,
      world,
      oracle,
      ledger: new SimLedger(world, toLedger, (event) => this.#onLedgerEvent(event)),
      log: new SimLog(world, toLog),
      provider: new SimProvider(world, plan.provider, (id, usage) => oracle.billed(id, usage)),
      disks: [],
      counts: noCounts(),
      newId: (prefix) => `${prefix}_${++this.#ids}`,
      newUuid: () => `00000000-0000-7000-8000-${String(++this.#ids).padStart(12, '0')}`,
    };
  }

  async play(): Promise<void> {
    const { plan, world, ledger } = this.#stage;
    for (const budget of plan.budgets) {
      ledger.append(
        budgetDefinitionStreams.of(budget.id),
        'no_stream',
        [definedEvent(budget)],
        null,
      );
    }
    for (let slot = 0; slot < plan.slots; slot++) this.#begin(slot);
    for (const call of plan.calls) {
      world.in(call.atMs, null, () => this.#as(call.slot, (proxy) => this.#call(proxy, call)));
    }
    for (const fault of plan.faults) world.in(fault.atMs, null, () => this.#strike(fault));
    for (const change of plan.changes) {
      world.in(change.atMs, null, () => void changeBudget(this.#stage, change).catch(ignored));
    }
    for (const atMs of plan.resolverAtMs) {
      world.in(atMs, null, () => void resolve(this.#stage).catch(ignored));
    }
    await world.runUntil(plan.spanMs);
    await this.#rest();
    await this.#settleUp();
  }

  #call(proxy: SimProxy, call: PlannedCall): void {
    proxy.call(call).catch((error: Error) => this.#stage.world.violate(`${error.stack}`));
  }

  /** Nothing goes wrong any more: everything goes back by itself. */
  async #rest(): Promise<void> {
    const { world, disks, oracle, plan } = this.#stage;
    for (const network of this.#networks) network.heal();
    this.#slots.forEach((proxy, slot) => {
      if (proxy === null) return;
      proxy.process.asksLeft = Number.POSITIVE_INFINITY;
      if (!proxy.process.alive) this.#begin(slot);
    });
    // Who is stopped goes on, with calls that came before.
    const stopped = this.#slots.map((proxy) => proxy?.process.stoppedUntilMs ?? 0);
    await world.runUntil(Math.max(world.nowMs, ...stopped));
    const hasRest = () =>
      oracle.openLeases === 0 &&
      this.#slots.every((proxy) => proxy?.process.alive === true && proxy.isIdle) &&
      disks.every(({ isRemoved, lockedBy }) => isRemoved || lockedBy !== null);
    // A limit binds later slices, so none from before a change may be there for the last calls: what was
    // planned comes first, and what is on its way, such as a grant that nobody waits for.
    const planned = [...plan.calls, ...plan.changes].map(({ atMs }) => atMs);
    await world.runUntil(Math.max(world.nowMs, ...planned) + LATE_MS_MAX);
    const isAtRest =
      (await world.runUntil(world.nowMs + REST_WITHIN_MS, hasRest)) &&
      !(await this.#lastCalls()) &&
      (await world.runUntil(world.nowMs + REST_WITHIN_MS, hasRest));
    if (isAtRest) return;
    const left = disks.filter(({ isRemoved, lockedBy }) => !isRemoved && lockedBy === null);
    throw new Violation(
      `I3: no rest: leases ${oracle.namesOfOpenLeases().join(', ')} are open, ${left.length} journals are left`,
    );
  }

  /** One small call for each budget: the limit that its proxy knows must be the window's. */
  async #lastCalls(): Promise<boolean> {
    const { world, plan } = this.#stage;
    await world.runUntil(world.nowMs + plan.viewMs[1]);
    for (const index of plan.budgets.keys()) {
      const slot = world.random.int(0, plan.slots - 1);
      this.#as(slot, (proxy) => {
        this.#lastLimits.push(...limitsOf(proxy, index, this.#stage));
        this.#call(proxy, { ...SMALL_CALL, slot, path: [index], atMs: world.nowMs });
      });
    }
    return world.runUntil(world.nowMs);
  }

  async #settleUp(): Promise<void> {
    const { world, log, oracle } = this.#stage;
    // What is finished is shipped by then, and the bill is complete.
    await world.runUntil(world.nowMs + BILL_COMPLETE_MS + simLimits.shipIdleMs + 1_000);
    let isResolved = false;
    world.in(0, null, () => {
      void resolve(this.#stage).then(() => {
        isResolved = true;
      });
    });
    await world.runUntil(world.nowMs + 60_000, () => isResolved);
    if (!isResolved) throw new Violation('the resolver did not come to an end');
    const events = new Map<string, UsageEvent>();
    for (const [id, { event }] of log.events) events.set(id, event);
    oracle.finish(events, this.#died);
    for (const known of this.#lastLimits) oracle.mustHaveLimit(known);
    world.check();
  }

  #onLedgerEvent(event: LedgerEvent): void {
    const { world, oracle, plan } = this.#stage;
    if (!event.stream.startsWith(budgetDefinitionStreams.prefix)) return oracle.stored(event);
    oracle.defined(event);
    this.#view.apply(event);
    for (const proxy of this.#slots) {
      if (proxy === null) continue;
      // A subscription gives the events of a stream in their order.
      const atMs = Math.max(
        this.#viewedMs.get(proxy) ?? 0,
        world.nowMs + world.random.spread(...plan.viewMs),
      );
      this.#viewedMs.set(proxy, atMs);
      world.in(atMs - world.nowMs, proxy.process, () => proxy.view.apply(event));
    }
  }

  /** A new instance in a slot, whose last one is dead. */
  #begin(slot: number): void {
    const { world, disks } = this.#stage;
    const instanceId = `ins_${++this.#instances}`;
    const disk = new SimDisk(instanceId);
    const process = new Process(instanceId);
    process.clockOffMs = world.random.int(-CLOCK_OFF_MS_MAX, CLOCK_OFF_MS_MAX);
    process.onDeath.push(() => this.#died.add(instanceId));
    disk.tryLock(process);
    disks.push(disk);
    const view = new BudgetView(this.#view);
    world.in(0, process, () => {
      const proxy = new SimProxy(this.#stage, disk, process, view);
      this.#slots[slot] = proxy;
      proxy.start();
    });
  }

  /** Something that the process in a slot does, if one is alive there. */
  #as(slot: number, does: (proxy: SimProxy) => void): void {
    const proxy = this.#slots[slot];
    if (proxy?.process.alive) this.#stage.world.in(0, proxy.process, () => does(proxy));
  }

  #strike(fault: PlannedFault): void {
    const { world } = this.#stage;
    const process = this.#slots[fault.slot]?.process;
    if (!process?.alive) return;
    world.note(process, () => JSON.stringify(fault));
    switch (fault.kind) {
      case 'kill':
        this.#restartAfter(fault.slot, process, fault.restartMs);
        return world.kill(process);
      case 'kill_at_ask':
        this.#restartAfter(fault.slot, process, fault.restartMs);
        process.asksLeft = Math.min(process.asksLeft, fault.asks);
        return;
      case 'stop':
        process.stoppedUntilMs = Math.max(process.stoppedUntilMs, world.nowMs + fault.forMs);
        return;
      case 'leave':
        this.#restartAfter(fault.slot, process, fault.restartMs);
        return this.#as(fault.slot, (proxy) => void proxy.leave().catch(ignored));
      case 'clock':
        process.clockOffMs += fault.byMs;
        return;
      default:
        fault satisfies never;
    }
  }

  #restartAfter(slot: number, process: Process, ms: number): void {
    const { world } = this.#stage;
    process.onDeath.push(() => {
      world.in(ms, null, () => {
        if (this.#slots[slot]?.process === process) this.#begin(slot);
      });
    });
  }

  figures(): Figures {
    const { counts, oracle, ledger, log } = this.#stage;
    return {
      ...counts,
      ...oracle.counts,
      windows: oracle.windows,
      instances: this.#instances,
      died: this.#died.size,
      conflicts: ledger.conflicts,
      appendsRepeated: ledger.repetitions,
      recordsRepeated: log.repetitions,
    };
  }
}

const SMALL_CALL: Omit<PlannedCall, 'atMs' | 'slot' | 'path'> = {
  endUser: null,
  inputTokensMax: 1,
  outputTokensMax: 1,
  clientLeavesMs: null,
  onDisconnect: 'drain',
};

/** What a proxy knows of a budget's limit now, and the window that a call of it now counts in. */
function limitsOf(proxy: SimProxy, index: number, { plan, oracle }: Stage): LimitKnown[] {
  const budget = plan.budgets[index] as PlannedBudget;
  return proxy.view.onPath([budget.id]).map(({ revision }) => {
    const atMs = Date.now();
    const endUser = budget.isPerEndUser ? SMALL_CALL.endUser : undefined;
    const stream = streamOf(budget.id, windowStart(budget.window, budget.zone, atMs), endUser);
    const isStepped = plan.faults.some(({ kind }) => kind === 'clock');
    const aheadMs = isStepped ? Infinity : 2 * CLOCK_OFF_MS_MAX;
    return { stream, revision, atMs, aheadMs, live: oracle.creditOf(stream) };
  });
}

function noCounts(): Counts {
  return {
    ...{ held: 0, exceeded: 0, unavailable: 0 },
    ...{ takenOver: 0, unfinished: 0, leasesOfTheDead: 0 },
  };
}

/** An operator or a resolver that cannot reach the ledger gives up; so does a proxy that leaves. */
function ignored(): void {
  // What it left undone is what the history is about.
}
