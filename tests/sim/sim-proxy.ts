/**
 * One instance of a proxy: the real book of budgets, attempts, settlement, shipper and finishing of
 * dead journals, on the simulated stores. Simulated is what is around them: a client, a dialect, the
 * view of the ledger, the lock, and the order of starting and stopping (`apps/proxy/proxy.ts`).
 */
import type { UpstreamHandler } from '@tollgate/adapters/provider/upstream.ts';
import { BudgetBook } from '@tollgate/proxy/budget/budget-book.ts';
import { appendOverrun } from '@tollgate/proxy/budget/lease-events.ts';
import { Attempt } from '@tollgate/proxy/call/attempt.ts';
import type { AttemptListener } from '@tollgate/proxy/call/attempt-end.ts';
import type { AttemptFacts } from '@tollgate/proxy/call/attempt-facts.ts';
import type { CallDeps } from '@tollgate/proxy/call/call-deps.ts';
import { Deadlines } from '@tollgate/proxy/call/deadlines.ts';
import type { Settlement } from '@tollgate/proxy/call/settle.ts';
import { TurnBudget } from '@tollgate/proxy/call/turn-budget.ts';
import type { Deployment } from '@tollgate/proxy/routing/deployments.ts';
import { Shipper } from '@tollgate/proxy/shipper/shipper.ts';
import { finishJournal, isEmpty } from '@tollgate/proxy/takeover/finish-journal.ts';
import type { BudgetView } from './control-plane.ts';
import { KnownLimits } from './known-limits.ts';
import type { PlannedCall } from './plan.ts';
import { deploymentTo, heldBy, KEY, requestOf, simLimits } from './real-parts.ts';
import { type SimDisk, SimJournal } from './sim-journal.ts';
import type { Bound } from './sim-provider.ts';
import type { Stage } from './stage.ts';
import type { Process } from './world.ts';

/** What goes wrong under faults, and is nobody's mistake. */
const EXPECTED_ERRORS =
  /lost on the way|given up|the answer is lost|did not succeed|too many conflicts|no grant within/;

export class SimProxy {
  readonly process: Process;
  readonly disk: SimDisk;
  readonly view: BudgetView;
  readonly #stage: Stage;
  readonly #journal: SimJournal;
  readonly #book: BudgetBook;
  readonly #shipper: Shipper;
  readonly #deps: CallDeps;
  readonly #known = new KnownLimits();
  #running = 0;
  #takingOver: Promise<void> = Promise.resolve();
  isLeaving = false;

  /** Its constructor runs as an event of the process. */
  constructor(stage: Stage, disk: SimDisk, process: Process, view: BudgetView) {
    const { world } = stage;
    this.#stage = stage;
    this.process = process;
    this.disk = disk;
    this.view = view;
    this.#journal = new SimJournal(world, process, disk, stage.plan.disk);
    const ledger = stage.ledger.of(process);
    const journal = this.#journal;
    this.#book = new BudgetBook({
      ledger,
      journal,
      instanceId: disk.instanceId,
      newLeaseId: () => {
        const leaseId = stage.newId('lse');
        stage.oracle.asked(leaseId, this.#known.least());
        return leaseId;
      },
      limits: simLimits,
      onError: (error, stream) => this.#onError(error, stream),
    });
    this.#shipper = new Shipper({
      journal,
      log: stage.log.of(process),
      limits: simLimits,
      onError: (error) => this.#onError(error, 'the log'),
    });
    this.#deps = {
      ...{ instanceId: disk.instanceId, limits: simLimits, budgets: this.#book, journal },
      deadlines: new Deadlines(simLimits.attemptTimeoutMs),
      lingers: new Deadlines(simLimits.upstreamLingerMs),
      turns: new TurnBudget(simLimits.answerTurnMs, simLimits.answerTurnSmallMs),
      drains: new Deadlines(simLimits.drainMsMax),
      onSettled: (_facts: object, _outcome: object, { overruns }: Settlement) => {
        for (const overrun of overruns) {
          appendOverrun(ledger, overrun.stream, overrun).catch((error: unknown) =>
            this.#onError(error, overrun.stream),
          );
        }
      },
    } as unknown as CallDeps;
  }

  start(): void {
    this.#book.start();
    this.#shipper.start();
    this.#takeOverSoon(0);
  }

  /** Takes a call, unless it is leaving. */
  async call(planned: PlannedCall): Promise<void> {
    if (this.isLeaving || !this.process.alive) return;
    const { counts, plan } = this.#stage;
    const bound = { inputTokens: planned.inputTokensMax, outputTokens: planned.outputTokensMax };
    const startedAtMs = Date.now();
    const onPath = this.view.onPath(planned.path.map((index) => plan.budgets[index]?.id ?? ''));
    if (onPath.length === 0) return;
    this.#running++;
    const request = requestOf(bound, planned.endUser);
    const attemptId = this.#stage.newUuid();
    const post = (_path: string, _body: unknown, _headers: unknown, handler: UpstreamHandler) =>
      this.#stage.provider.post(this.process, attemptId, bound, handler);
    const deployment = deploymentTo(post);
    this.#known.waits(onPath);
    const held = await this.#book.hold(heldBy(onPath, request, deployment), startedAtMs);
    counts[held.kind]++;
    if (held.kind !== 'held') {
      this.#known.gaveUp(onPath);
      this.#running--;
      if (held.kind === 'unavailable') this.#onError(held.cause, 'a hold');
      return;
    }
    this.#known.held(
      onPath,
      held.holds.map(({ account }) => account.stream),
    );
    const facts = {
      ...{ attemptId, callId: attemptId, attempt: 1, instanceId: this.disk.instanceId },
      ...{
        key: KEY,
        request,
        deployment,
        holds: held.holds,
        imposedLimit: null,
        rates: null,
        guard: null,
        startedAtMs,
      },
    };
    this.#noteHolds(
      facts,
      bound,
      onPath.map(({ budget_id }) => budget_id),
    );
    this.#attempt(facts, planned);
  }

  #noteHolds(facts: AttemptFacts, bound: Bound, budgetIds: readonly string[]): void {
    const { oracle, plan, world } = this.#stage;
    const budgets = budgetIds.map((id) => plan.budgets.find((one) => one.id === id) as never);
    const streams = facts.holds.map(({ account }) => account.stream);
    const { attemptId, instanceId, startedAtMs } = facts;
    oracle.held(attemptId, instanceId, startedAtMs, bound, budgets, streams, facts.request.endUser);
    // A clock that is set back may wait for a slice of the time before.
    const isStepped = plan.faults.some(({ kind }) => kind === 'clock');
    for (const { account, parts } of facts.holds) {
      const leaseIds = parts.map(({ lease }) => lease.leaseId);
      if (!isStepped) oracle.mustHoldLive(account.stream, leaseIds, startedAtMs);
    }
    world.note(this.process, () => {
      const parts = facts.holds.flatMap((hold) => hold.parts);
      return `holds for ${attemptId} ${parts.map(({ lease, amount }) => `${amount} of ${lease.leaseId}`).join(', ')}`;
    });
  }

  #attempt(facts: AttemptFacts & { deployment: Deployment }, planned: PlannedCall): void {
    const listener: AttemptListener = {
      onLate: async () => null,
      onHead: () => undefined,
      onBytes: () => undefined,
      onEnd: (end) => {
        this.#running--;
        if (end.ending === 'unrecorded') this.#onError(end.error, 'an attempt');
      },
    };
    const attempt = new Attempt(this.#deps, facts, listener, performance.now());
    attempt.start();
    const { clientLeavesMs, onDisconnect } = planned;
    if (clientLeavesMs === null) return;
    this.#stage.world.in(clientLeavesMs, this.process, () => attempt.clientLeft(onDisconnect));
  }

  /** SIGTERM: everything goes back, then the process ends. */
  async leave(): Promise<void> {
    this.isLeaving = true;
    const { world } = this.#stage;
    world.note(this.process, 'leaves');
    const untilMs = world.nowMs + simLimits.drainTimeoutMs;
    while (this.#running > 0 && world.nowMs < untilMs) await pause(100);
    await this.#takingOver;
    await this.#book.stop();
    await this.#shipper.stop(simLimits.drainTimeoutMs);
    if (isEmpty(await this.#journal.close())) this.disk.isRemoved = true;
    world.kill(this.process);
  }

  get isIdle(): boolean {
    return this.#running === 0 && !this.isLeaving;
  }

  #takeOverSoon(ms: number): void {
    setTimeout(() => {
      if (this.isLeaving) return;
      this.#takingOver = this.#takeOver().then(() => this.#takeOverSoon(simLimits.takeoverEveryMs));
    }, ms);
  }

  /** `takeOverDead`, with disks for folders. */
  async #takeOver(): Promise<void> {
    for (const disk of [...this.#stage.disks]) {
      if (disk.isRemoved || disk === this.disk || !disk.tryLock(this.process)) continue;
      try {
        await this.#finish(disk);
      } catch (error) {
        this.#onError(error, `the journal of ${disk.instanceId}`);
      } finally {
        disk.unlock(this.process);
      }
    }
  }

  async #finish(disk: SimDisk): Promise<void> {
    const { world, ledger, log, plan, counts } = this.#stage;
    world.note(this.process, () => `takes over ${disk.instanceId}`);
    const journal = new SimJournal(world, this.process, disk, plan.disk);
    try {
      const { shipBatchRecordsMax } = simLimits;
      const stores = { ledger: ledger.of(this.process), log: log.of(this.process) };
      const deps = { ...stores, shipBatchRecordsMax };
      const finished = await finishJournal(deps, disk.instanceId, journal);
      counts.takenOver++;
      counts.unfinished += finished.unfinished;
      counts.leasesOfTheDead += finished.leases;
      if (isEmpty(await journal.close())) disk.isRemoved = true;
    } catch (error) {
      await journal.close();
      throw error;
    }
  }

  #onError(error: unknown, where: string): void {
    const { world } = this.#stage;
    const said = `${where}: ${textOf(error)}`;
    world.note(this.process, () => said);
    if (!EXPECTED_ERRORS.test(said)) world.violate(`${this.process.name}: ${said}`);
  }
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${textOf(error.cause)}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
