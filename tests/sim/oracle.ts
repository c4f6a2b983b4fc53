/**
 * What must be true, kept apart from the product: accounts of its own, folded from what the ledger
 * stores, and the provider's bill. Every rule is checked when something happens that could break it.
 */
import type { LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { streamOf, windowStart } from './calendar.ts';
import { CreditModel } from './credit-model.ts';
import { type LimitKnown, type LimitTold, OracleLimits } from './oracle-limits.ts';
import { amountOf, costOf, type PlannedBudget } from './plan.ts';
import type { Bound, Usage } from './sim-provider.ts';
import type { World } from './world.ts';

type Account = {
  budget: PlannedBudget;
  /** Limit, spend and open leases. */
  credit: CreditModel;
  limitRevision: bigint;
  /** Raises that ended by then are not in the limit. */
  asOfMs: number;
  /** The highest that was ever in force. */
  limitMax: bigint;
  granted: Set<string>;
  /** What the provider billed for calls that began in it. */
  billed: bigint;
  /** The part of it that no call had stated as its bound. */
  beyond: bigint;
  /** Attempts with an `Overrun`. */
  reported: Set<string>;
  /** When slices of it were last asked back. */
  recalledAtMs: number;
};

/** Between two requests for slices of a window. */
const RECALL_EVERY_MS = 3_000;

type Charge = { stream: string; budget: PlannedBudget; bound: bigint };
type Attempt = { instanceId: string; charges: readonly Charge[]; usage: Usage | null };

export class Oracle {
  readonly #world: World;
  readonly #budgets: ReadonlyMap<string, PlannedBudget>;
  readonly #accounts = new Map<string, Account>();
  readonly #attempts = new Map<string, Attempt>();
  /** Leases that nobody has settled, in all windows. */
  openLeases = 0;
  /** Slices that proxies asked for, with the least revision of each window's limit. */
  readonly #asked = new Map<string, ReadonlyMap<string, bigint>>();
  readonly #limits = new OracleLimits();
  readonly #counts = {
    ...{ grants: 0, reduced: 0, settled: 0, overruns: 0, adjusted: 0, limits: 0, recalls: 0 },
  };

  constructor(world: World, budgets: readonly PlannedBudget[]) {
    this.#world = world;
    this.#budgets = new Map(budgets.map((budget) => [budget.id, budget]));
  }

  get counts(): Record<string, number> {
    return { ...this.#counts, ...this.#limits.counts };
  }

  get windows(): number {
    return this.#accounts.size;
  }

  namesOfOpenLeases(): string[] {
    return [...this.#accounts.values()].flatMap(({ credit }) => [...credit.leases.keys()]);
  }

  /**
   * A call has its holds, and is about to be recorded.
   *
   * @param startedAtMs by its proxy's clock
   * @param streams the windows that it holds of, in the order of its budgets
   * @param endUser whose call it is
   */
  held(
    attemptId: string,
    instanceId: string,
    startedAtMs: number,
    bound: Bound,
    budgets: readonly PlannedBudget[],
    streams: readonly string[],
    endUser: string | null,
  ): void {
    const charges = budgets.map((budget) => ({
      stream: streamOf(
        budget.id,
        windowStart(budget.window, budget.zone, startedAtMs),
        budget.isPerEndUser ? endUser : undefined,
      ),
      budget,
      bound: amountOf(budget, bound, true),
    }));
    charges.forEach(({ stream }, index) => {
      if (streams[index] === stream) return;
      this.#world.violate(`a call that began in ${stream} holds of ${streams[index]}`);
    });
    this.#attempts.set(attemptId, { instanceId, charges, usage: null });
  }

  /**
   * A proxy has decided to ask for a slice.
   *
   * @param least which revision of a window's limit it has to have, if the slice is of that window
   */
  asked(lease: string, least: ReadonlyMap<string, bigint>): void {
    this.#asked.set(lease, least);
  }

  /** The provider took a request. */
  billed(attemptId: string, usage: Usage): void {
    this.#world.note(null, () => `bills ${attemptId} ${JSON.stringify(usage)}`);
    const attempt = this.#attempts.get(attemptId);
    if (attempt === undefined) return this.#world.violate(`${attemptId} was sent without a hold`);
    attempt.usage = usage;
    for (const { stream, budget, bound } of attempt.charges) {
      const account = this.#accounts.get(stream);
      if (account === undefined) return this.#world.violate(`${attemptId}: no window ${stream}`);
      const amount = amountOf(budget, usage, false);
      account.billed += amount;
      if (amount > bound) account.beyond += amount - bound;
      this.#checkCovered(stream, account);
      if (account.billed - account.beyond > account.limitMax) {
        this.#world.violate(
          `I3: ${stream}: billed ${account.billed} with a limit of ${account.limitMax}`,
        );
      }
    }
  }

  /** The ledger has stored an event of a budget's definition. */
  defined(event: LedgerEvent): void {
    this.#limits.defined(event);
  }

  /** The ledger has stored an event of a window. */
  stored({ stream, type, data }: LedgerEvent): void {
    const fields = data as Record<string, string>;
    const account = this.#accountOf(stream);
    const lease = fields['lease_id'] ?? '';
    switch (type) {
      case 'WindowOpened':
      case 'LimitChanged':
        return this.#limit(stream, account, data as LimitTold);
      case 'CreditExpired':
        return this.#ended(stream, account, fields);
      case 'LeaseGranted':
        return this.#grant(stream, account, lease, pico(fields['amount']));
      case 'LeaseReduced':
        this.#reduce(stream, account, lease, pico(fields['amount']));
        break;
      case 'LeaseSettled':
        this.#settle(stream, account, lease, pico(fields['spent']));
        break;
      case 'LeaseAdjusted':
        this.#counts.adjusted++;
        account.credit.adjust(pico(fields['delta']));
        break;
      case 'Overrun':
        this.#overrun(account, lease, fields);
        break;
      case 'LeaseRecallRequested':
        return this.#recall(stream, account);
      default:
        this.#world.violate(`${stream}: ${type} is no event of a window`);
    }
    this.#checkCovered(stream, account);
  }

  /**
   * Everything has ended and every bill is resolved: nothing is held, and what is spent is what was
   * billed.
   *
   * @param logged the usage events, by attempt
   * @param died instances that did not live to the end
   */
  finish(logged: ReadonlyMap<string, UsageEvent>, died: ReadonlySet<string>): void {
    const expected = new Map<string, bigint>();
    for (const [attemptId, attempt] of this.#attempts) {
      const event = logged.get(attemptId);
      if (event === undefined) {
        if (attempt.usage !== null) this.#world.violate(`I1: ${attemptId} has no usage event`);
        continue;
      }
      this.#checkEvent(attemptId, attempt, event);
      const { charges, usage } = attempt;
      for (const charge of charges) {
        const { stream, budget } = charge;
        const amount = usage === null ? 0n : amountOf(budget, usage, false);
        expected.set(stream, (expected.get(stream) ?? 0n) + amount);
        this.#checkReported(attemptId, attempt, charge, event, died);
      }
    }
    for (const [stream, { credit }] of this.#accounts) {
      const { spent, leases } = credit;
      const billed = expected.get(stream) ?? 0n;
      if (leases.size > 0) this.#world.violate(`I3: ${stream}: ${leases.size} leases are open`);
      if (spent !== billed) {
        this.#world.violate(`I3: ${stream}: spent is ${spent}, and what was billed is ${billed}`);
      }
    }
  }

  /**
   * A limit that a proxy knew when it took a call binds the window of that call, and so does the end of
   * what had ended by its clock.
   */
  mustHaveLimit(known: LimitKnown): void {
    const { stream, revision } = known;
    const account = this.#accounts.get(stream);
    const has = account?.limitRevision ?? -1n;
    if (account === undefined || has < revision) {
      const wrong = `its limit is of revision ${has}, not ${revision}`;
      return this.#world.violate(`I3: ${stream}: ${wrong}`);
    }
    const { budget, credit, asOfMs } = account;
    const wrong = this.#limits.behind(budget.id, credit, asOfMs, known);
    if (wrong !== null) this.#world.violate(`I3: ${stream}: ${wrong}`);
  }

  /** Credit of a window that has not ended. */
  creditOf(stream: string): string[] {
    return (
      this.#accounts
        .get(stream)
        ?.credit.live()
        .map(({ id }) => id) ?? []
    );
  }

  /** A call that began after credit had ended holds nothing of it. */
  mustHoldLive(stream: string, leaseIds: readonly string[], startedAtMs: number): void {
    const leases = this.#accounts.get(stream)?.credit.leases;
    for (const id of leaseIds) {
      for (const lot of leases?.get(id)?.granted ?? []) {
        if (lot.endsMs > startedAtMs) continue;
        this.#world.violate(`I3: ${stream}: a call holds of ${lot.id}, which had ended before`);
      }
    }
  }

  #checkEvent(attemptId: string, { usage }: Attempt, event: UsageEvent): void {
    if (event.cost === null) return;
    const billed = usage === null ? 0n : costOf(usage, false);
    if (pico(event.cost) === billed) return;
    this.#world.violate(`${attemptId}: its event says ${event.cost}, the bill says ${billed}`);
  }

  /** What was stated above the bound is an `Overrun`, unless the instance died on its way there. */
  #checkReported(
    attemptId: string,
    { instanceId, usage }: Attempt,
    { stream, budget, bound }: Charge,
    event: UsageEvent,
    died: ReadonlySet<string>,
  ): void {
    if (usage === null || event.cost === null || died.has(instanceId)) return;
    if (amountOf(budget, usage, false) <= bound) return;
    if (this.#accounts.get(stream)?.reported.has(attemptId)) return;
    this.#world.violate(`I3: ${stream}: the overrun of ${attemptId} was not counted`);
  }

  #accountOf(stream: string): Account {
    const known = this.#accounts.get(stream);
    if (known !== undefined) return known;
    const id = stream.slice('budget-'.length).split(/[~@]/)[0] as string;
    const account: Account = {
      budget: this.#budgets.get(id) as PlannedBudget,
      ...{ credit: new CreditModel(), limitRevision: -1n, asOfMs: -Infinity, limitMax: 0n },
      ...{ granted: new Set(), billed: 0n, beyond: 0n, reported: new Set() },
      recalledAtMs: Number.NEGATIVE_INFINITY,
    };
    this.#accounts.set(stream, account);
    return account;
  }

  #limit(stream: string, account: Account, data: LimitTold): void {
    const revision = BigInt(data.definition_revision);
    const asOfMs = data.as_of === undefined ? -Infinity : Date.parse(data.as_of);
    if (revision < account.limitRevision) return;
    if (revision === account.limitRevision && asOfMs < account.asOfMs) return;
    this.#counts.limits++;
    account.limitRevision = revision;
    account.asOfMs = Math.max(asOfMs, account.asOfMs);
    const { credit, budget } = account;
    const wrong = this.#limits.told(budget.id, credit, data);
    if (wrong !== null) this.#world.violate(`I3: ${stream}: ${wrong}`);
    if (credit.limit > account.limitMax) account.limitMax = credit.limit;
  }

  #ended(stream: string, { credit }: Account, fields: Record<string, string>): void {
    const { top_up_id = '', unused = '' } = fields;
    const wrong = this.#limits.ended(credit, top_up_id, unused);
    if (wrong !== null) this.#world.violate(`I3: ${stream}: ${wrong}`);
  }

  #grant(stream: string, account: Account, lease: string, amount: bigint): void {
    this.#counts.grants++;
    if (account.granted.has(lease)) return this.#world.violate(`I3: ${lease} was granted twice`);
    account.granted.add(lease);
    this.openLeases++;
    const least = this.#asked.get(lease)?.get(stream) ?? -1n;
    if (account.limitRevision < least) {
      const had = `of a limit of revision ${account.limitRevision}, and its proxy knew ${least}`;
      this.#world.violate(`I3: ${stream}: ${lease} is ${had}`);
    }
    const { credit } = account;
    credit.grant(lease, amount);
    const { spent, held, limit } = credit;
    if (spent + held <= limit && amount > 0n) return;
    this.#world.violate(
      `I3: ${stream}: with the grant of ${amount}, ${spent + held} are promised of ${limit}`,
    );
  }

  /** What its calls hold stays: `#checkCovered`. */
  #reduce(stream: string, account: Account, lease: string, amount: bigint): void {
    this.#counts.reduced++;
    const before = account.credit.leases.get(lease)?.amount;
    if (before === undefined || amount >= before) {
      return this.#world.violate(`I3: ${stream}: ${lease} of ${before} is reduced to ${amount}`);
    }
    account.credit.reduce(lease, amount);
  }

  #settle(stream: string, account: Account, lease: string, spent: bigint): void {
    this.#counts.settled++;
    if (!account.credit.leases.has(lease)) {
      return this.#world.violate(`I3: ${stream}: ${lease} is settled twice`);
    }
    account.credit.settle(lease, spent);
    this.openLeases--;
  }

  #overrun(account: Account, lease: string, fields: Record<string, string>): void {
    this.#counts.overruns++;
    account.reported.add(fields['attempt_id'] ?? '');
    account.credit.overrun(lease, pico(fields['amount']));
  }

  /** However many proxies wait, a window's stream does not fill up with their requests. */
  #recall(stream: string, account: Account): void {
    this.#counts.recalls++;
    const { nowMs } = this.#world;
    if (nowMs - account.recalledAtMs < RECALL_EVERY_MS) {
      this.#world.violate(`${stream}: slices are asked back twice within ${RECALL_EVERY_MS} ms`);
    }
    account.recalledAtMs = nowMs;
  }

  /** What was billed is spent, or lies within what is held: at every moment. */
  #checkCovered(stream: string, account: Account): void {
    const { spent, leases } = account.credit;
    let held = 0n;
    for (const { amount } of leases.values()) held += amount;
    if (account.billed <= spent + held + account.beyond) return;
    this.#world.violate(
      `I3: ${stream}: ${account.billed} are billed, ${spent} spent, ${held} held`,
    );
  }
}

/** Decimal text with 12 places. */
function pico(text: string | undefined): bigint {
  return BigInt((text ?? '').replace('.', ''));
}
