/**
 * One budget window as this proxy sees it: the folded account, and the leases that are this
 * instance's own. Calls hold and settle in memory; only `grant` and `settle` touch the ledger
 * (docs/design.md, Budgets: leases).
 *
 * I3: a lease is usable only after its grant is in the ledger *and* in the journal; it is settled
 * once, when it is closed to new holds, its holds are 0, and its last charge is durable.
 */
import { Backoff } from '@tollgate/adapters/backoff/backoff.ts';
import type { Journal } from '@tollgate/adapters/journal/journal.ts';
import type { LeaseRequest } from '@tollgate/adapters/journal/journal-writes.ts';
import { ledgerEventId } from '@tollgate/adapters/ledger/event-ids.ts';
import type { Ledger, NewLedgerEvent, Urgency } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { type BudgetAccount, evolveAccount } from '@tollgate/domain/budget/account.ts';
import type { BudgetWindowEvent, WindowOpened } from '@tollgate/domain/budget/budget-events.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { decideGrant } from '@tollgate/domain/budget/grant.ts';
import {
  isBehind,
  limitAt,
  nextFallMs,
  windowChanges,
  windowOpened,
} from '@tollgate/domain/budget/limit.ts';
import {
  CROWD_EVENTS_PER_DOUBLING,
  END_USER_EVENTS_PER_DOUBLING,
  stretchOf,
} from '@tollgate/domain/budget/pace.ts';
import type { WindowBounds } from '@tollgate/domain/budget/window.ts';
import type { ProxyLimits } from '../limits.ts';
import { appendAt, appendGrant, grantedEvent, reducedEvent, settleLease } from './lease-events.ts';
import { freeOf, type HoldPart, type LocalLease, releaseHold, takeHold } from './local-lease.ts';
import { readDefinition } from './read-definition.ts';
import { Recalls } from './recalls.ts';
import { SpendRate } from './spend-rate.ts';
import { WindowLeft } from './window-left.ts';
import { WindowView } from './window-view.ts';

export type WindowAccountDeps = {
  ledger: Ledger;
  journal: Pick<Journal, 'write'>;
  instanceId: string;
  newLeaseId: () => string;
  limits: ProxyLimits;
};

export type GrantOutcome = 'granted' | 'exhausted';

/** What opens a window. */
type Opening = { opened: WindowOpened; event: NewLedgerEvent };
/** A grant that is asked of the ledger, and what opens its window in the same append. */
type Requested = { request: LeaseRequest; opened: WindowOpened | null };

export class WindowAccount {
  readonly stream: string;
  #definition: BudgetDefinition;
  /** As the ledger was last read: it may be ahead of the view that `definition` comes from. */
  #latest: BudgetDefinition;
  readonly bounds: WindowBounds;
  readonly #deps: WindowAccountDeps;
  readonly #leases: LocalLease[] = [];
  readonly #recalls: Recalls;
  /** Of this proxy alone. */
  readonly rate: SpendRate;
  readonly #view: WindowView;
  /** What is left of it, as this proxy knows. */
  readonly left: WindowLeft;
  #isPrepared = false;
  /** A request in the journal whose append has not answered. */
  #doubtful: Requested | null = null;
  /** When time lowers the limit next, by the clock of the day, and how often that was or it was changed. */
  #fallsAtMs = Number.POSITIVE_INFINITY;
  #falls = 0;
  #fallsWhenRequested = 0;
  #fallsSettled = 0;
  readonly #settling = new Map<LocalLease, Promise<void>>();

  constructor(
    stream: string,
    definition: BudgetDefinition,
    bounds: WindowBounds,
    deps: WindowAccountDeps,
    rateBefore?: SpendRate,
  ) {
    this.stream = stream;
    this.#definition = definition;
    this.#latest = definition;
    this.bounds = bounds;
    this.#deps = deps;
    this.#recalls = new Recalls(stream, deps);
    this.#view = new WindowView(deps.ledger, stream, (event, before) => this.#note(event, before));
    this.left = new WindowLeft(this, deps);
    this.rate = new SpendRate(rateBefore);
  }

  get definition(): BudgetDefinition {
    return this.#definition;
  }

  /** Follows a changed definition; the window stays the same. */
  define(definition: BudgetDefinition, nowMs: number): void {
    this.#definition = definition;
    this.#learn(definition, nowMs);
  }

  #learn(definition: BudgetDefinition, nowMs: number): void {
    if (definition.revision <= this.#latest.revision) return;
    this.endAt(nowMs);
    const isLower = limitAt(definition, nowMs) < limitAt(this.#latest, nowMs);
    this.#latest = definition;
    if (isLower) this.#fall();
    this.#fallsAtMs = nextFallMs(this.account, definition, nowMs);
  }

  /**
   * A slice that was granted before the limit fell takes no new holds: nothing that has ended is spent
   * by a call that begins later.
   *
   * @param nowMs clock of the day
   */
  endAt(nowMs: number): void {
    // seam: slices-end-with-the-raise
    if (nowMs < this.#fallsAtMs) return;
    this.#fall();
    this.#fallsAtMs = nextFallMs(this.account, this.#latest, nowMs);
  }

  #fall(): void {
    this.#falls++;
    for (const lease of this.#leases) this.close(lease);
  }

  /** What no call used of slices from before a fall is there again, if it has not ended. */
  async #settleFallen(): Promise<void> {
    if (this.#fallsSettled === this.#falls) return;
    this.#fallsSettled = this.#falls;
    for (const lease of [...this.#leases]) {
      if (lease.closed && lease.holds === 0) await this.settle(lease);
    }
  }

  get account(): BudgetAccount {
    return this.#view.account;
  }

  /** Of the last event that is in `account`, as text; empty: none is. */
  get seenRevision(): string {
    const { revision } = this.#view;
    return revision === 'no_stream' ? '' : String(revision);
  }

  get leases(): readonly LocalLease[] {
    return this.#leases;
  }

  /** How many times as long its waits are as those of a new window. */
  get stretch(): bigint {
    return stretchOf(this.#events, this.#isOfEndUser ? END_USER_EVENTS_PER_DOUBLING : undefined);
  }

  /** The same while too many end users have idle slices. */
  get stretchInCrowd(): bigint {
    return stretchOf(this.#events, CROWD_EVENTS_PER_DOUBLING);
  }

  /** When it was read last (performance.now()). */
  get readAtMs(): number {
    return this.#view.readAtMs;
  }

  get #events(): bigint {
    const { revision } = this.#view;
    return revision === 'no_stream' ? 0n : revision;
  }

  /** Whether another proxy has a call that what no call uses here could serve. */
  isRecalled(): boolean {
    return this.#recalls.areHeard(performance.now());
  }

  /** Asks other proxies for what no call of theirs uses, unless that was asked a moment ago. */
  async recall(amount: bigint): Promise<void> {
    const { revision } = this.#view;
    const stretch = stretchOf(this.#events);
    if (revision === 'no_stream' || !this.#recalls.mayAsk(performance.now(), stretch)) return;
    await this.#recalls.ask(amount, revision);
    await this.refresh();
  }

  /** As it is in force now. */
  get limit(): bigint {
    return this.account.limit;
  }

  /**
   * Takes `amount` out of the open leases, all of it or nothing (null).
   *
   * @param atMs performance.now(): one for all budgets of a call
   */
  hold(amount: bigint, atMs = performance.now()): HoldPart[] | null {
    return takeHold(this.#leases, amount, atMs);
  }

  /** Frees a hold and books what the attempt was charged, once that is durable. @param atMs as of `hold` */
  release(parts: readonly HoldPart[], charges: readonly bigint[], atMs = performance.now()): void {
    releaseHold(parts, charges, atMs);
  }

  /**
   * Asks the ledger for a slice that serves those who wait, as far as what is left can.
   *
   * @param waiting what each call needs, in order of arrival; asked when it is decided, as many come while
   *   the ledger is read
   */
  async grant(waiting: () => readonly bigint[]): Promise<GrantOutcome> {
    this.endAt(Date.now());
    await this.#settleFallen();
    // A grant whose outcome is unknown comes first: the ledger may have it already.
    if (this.#doubtful !== null && (await this.#confirm(this.#doubtful))) return 'granted';
    await this.prepare();
    const { grantConflictsMax, grantConflictMs, grantConflictsAtOnce } = this.#deps.limits;
    const backoff = new Backoff(grantConflictMs, Math.random);
    const ahead = this.rate.ahead(this.#leases, performance.now(), this.stretch);
    let refreshed = false;
    for (let conflicts = 0; conflicts < grantConflictsMax; conflicts++) {
      // The process that opened the window or changed the definition may have died before it
      // appended the limit here; and time changes it, also while this waits for the ledger.
      const nowMs = Date.now();
      const opening = this.account.opened ? null : this.#opening(nowMs);
      // seam: changed-limit-is-followed
      if (opening === null && isBehind(this.account, this.#latest, nowMs)) {
        await this.#followDefinition();
        continue;
      }
      const account = opening === null ? this.account : evolveAccount(this.account, opening.opened);
      this.endAt(nowMs);
      this.#fallsAtMs = nextFallMs(account, this.#latest, nowMs);
      const decision = decideGrant(account, this.left.free(), waiting(), ahead);
      if (decision.kind === 'exhausted') {
        // A refusal states the figures of a window that is there.
        if (opening !== null) {
          await this.#open(opening);
          continue;
        }
        // Others may have returned slices since this account was last read.
        if (refreshed) return 'exhausted';
        await this.refresh();
        refreshed = true;
        continue;
      }
      if (await this.#append(decision.amount, opening)) return 'granted';
      if (conflicts >= grantConflictsAtOnce) await backoff.pause();
      await this.refresh();
      refreshed = true;
    }
    throw new Error(`${this.stream}: too many conflicts for a grant`);
  }

  /** Reads the events that this account has not folded yet. */
  refresh(urgency?: Urgency): Promise<void> {
    return this.#view.refresh(urgency);
  }

  /** What an event of the window says besides its figures. */
  #note(event: BudgetWindowEvent, before: BudgetAccount): void {
    // What has ended for another proxy has ended here too, whatever this clock says.
    const isLower = event.type === 'LimitChanged' && this.account.limit < before.limit;
    // seam: recorded-ends-are-followed
    if (isLower || event.type === 'CreditExpired') this.#fall();
    if (event.type === 'LeaseRecallRequested') this.#recalls.hear(event, performance.now());
  }

  /** Asks again for the outcome of a grant whose append did not answer; the sweep calls this. */
  async confirmDoubtful(): Promise<void> {
    if (this.#doubtful !== null) await this.#confirm(this.#doubtful);
  }

  /** This proxy has no lease of this window, and none can turn up. */
  get isDone(): boolean {
    return this.#leases.length === 0 && this.#doubtful === null;
  }

  /** Closes a lease to new holds. */
  close(lease: LocalLease): void {
    lease.closed = true;
  }

  /**
   * Returns what no call uses of a slice whose calls still run: it is smaller from then on. Few tries, as
   * there will be another look: no call takes of it meanwhile.
   */
  async giveBack(lease: LocalLease): Promise<void> {
    for (let tries = 0; tries <= this.#deps.limits.grantConflictsAtOnce; tries++) {
      // seam: held-part-of-a-slice-stays
      lease.amount -= freeOf(lease);
      const { account, revision } = this.#view;
      const known = account.openLeases.get(lease.leaseId)?.amount ?? 0n;
      if (known <= lease.amount || revision === 'no_stream') return;
      const reduced = reducedEvent(lease.leaseId, lease.amount);
      const subject = `${lease.leaseId}|${lease.amount}`;
      const event = newLedgerEvent(this.stream, reduced, subject);
      const { ok } = await this.#deps.ledger.append(this.stream, revision, [event]);
      if (ok) return this.#view.take(reduced, revision + 1n);
      // Other proxies that return slices append as well, at the same moments.
      await this.refresh();
    }
  }

  /** Settles a closed lease without holds: ledger, read back, then the journal forgets it. */
  settle(lease: LocalLease, urgency: Urgency = {}): Promise<void> {
    const running = this.#settling.get(lease);
    if (running !== undefined) return running;
    const settling = this.#settle(lease, urgency).finally(() => this.#settling.delete(lease));
    this.#settling.set(lease, settling);
    return settling;
  }

  async #settle(lease: LocalLease, urgency: Urgency): Promise<void> {
    if (!lease.closed || lease.holds !== 0) throw new Error(`lease ${lease.leaseId} is in use`);
    const { ledger, journal } = this.#deps;
    // The lease is open as far as this account has read: only later events can have settled it.
    const { account, revision } = this.#view;
    const isOpen = account.openLeases.has(lease.leaseId);
    const notBefore = isOpen && revision !== 'no_stream' ? revision + 1n : 0n;
    const options = { notBefore, ...urgency };
    const settled = await settleLease(ledger, this.stream, lease.leaseId, lease.spent, options);
    this.#view.take(settled.event, settled.at.revision);
    await journal.write({ op: 'lease_forgotten', leaseId: lease.leaseId });
    const index = this.#leases.indexOf(lease);
    if (index < 0) return;
    this.#leases.splice(index, 1);
    this.rate.settled(lease);
  }

  /** Reads the window, and what opens it if nobody has: what a grant needs first. */
  async prepare(): Promise<void> {
    // What is out of date by then is not appended, or is found when the definition is read again.
    if (this.account.opened || this.#isPrepared) return;
    const { ledger } = this.#deps;
    // Windows of end users are too many to get a change: each follows its definition at its next grant.
    const [definition] = await Promise.all([
      this.#isOfEndUser ? this.#latest : readDefinition(ledger, this.#definition.budget_id),
      this.refresh(),
    ]);
    this.#learn(definition, Date.now());
    this.#isPrepared = true;
  }

  /** Reads the window and opens it: for calls that need it later. */
  async prepareAhead(): Promise<void> {
    await this.prepare();
    if (!this.account.opened) await this.#open(this.#opening(Date.now()));
  }

  /** What opens the window, by the definition as it was last read. */
  #opening(nowMs: number): Opening {
    const opened = windowOpened(this.#latest, this.bounds, nowMs);
    return { opened, event: newLedgerEvent(this.stream, opened, String(this.#latest.revision)) };
  }

  /**
   * Opens the window without a grant, then reads the definition again: a change that came in between
   * found no window to be appended to, so it is appended here, before any grant.
   */
  async #open({ opened, event }: Opening): Promise<void> {
    const { raises, topUps } = this.#latest;
    const atMs = performance.now();
    const { ok } = await this.#deps.ledger.append(this.stream, 'no_stream', [event]);
    // Another proxy may have opened it a moment earlier, under the same id: it is what this one says
    // unless time changes limits of its definition.
    const isSame = ok && raises.length === 0 && topUps.length === 0;
    if (isSame) this.#view.take(opened, 0n, atMs);
    else await this.refresh();
    if (!this.#isOfEndUser) await this.#followDefinition();
  }

  get #isOfEndUser(): boolean {
    return this.definition.per !== null;
  }

  /** Records what the window lacks, at the revision from which that is seen, in one step. */
  async #followDefinition(): Promise<void> {
    const after = await readDefinition(this.#deps.ledger, this.#definition.budget_id);
    this.#learn(after, Date.now());
    for (let conflicts = 0; conflicts < this.#deps.limits.grantConflictsMax; conflicts++) {
      const { revision } = this.#view;
      const changes = windowChanges(this.account, after, Date.now());
      if (changes.length === 0 || revision === 'no_stream') return;
      const events = changes.map(({ event, subject }) =>
        newLedgerEvent(this.stream, event, subject),
      );
      await appendAt(this.#deps.ledger, this.stream, revision, events);
      await this.refresh();
    }
    throw new Error(`${this.stream}: too many conflicts for a limit`);
  }

  /**
   * @param opening goes into the same append: both or none
   * @returns false: another append came first
   */
  async #append(amount: bigint, opening: Opening | null): Promise<boolean> {
    const leaseId = this.#deps.newLeaseId();
    const eventId = ledgerEventId(this.stream, 'LeaseGranted', leaseId);
    const expected = this.#view.revision;
    const request: LeaseRequest = {
      leaseId,
      stream: this.stream,
      expectedRevision: String(expected),
      eventId,
      amount,
      opening: opening === null ? null : JSON.stringify(opening.event),
    };
    // Journaled before it is appended: the proxy that takes over this journal appends the grant
    // once more with the same id and revision, so that it cannot land later (docs/design.md,
    // Budgets: leases).
    this.#fallsWhenRequested = this.#falls;
    await this.#deps.journal.write({ op: 'lease_requested', request });
    // seam: falls-count-from-the-decision
    this.#doubtful = { request, opened: opening?.opened ?? null };
    return this.#confirm(this.#doubtful);
  }

  /** Finds out whether the ledger has a requested grant, and if so takes it into use. */
  async #confirm({ request, opened }: Requested): Promise<boolean> {
    const { ledger, journal, instanceId } = this.#deps;
    const { leaseId, amount } = request;
    const atMs = performance.now();
    // seam: slice-granted-reply-lost
    const granted = await appendGrant(ledger, instanceId, request);
    this.#doubtful = null;
    if (!granted) {
      await journal.write({ op: 'lease_refused', leaseId });
      return false;
    }
    const { expectedRevision: after } = request;
    let revision = after === 'no_stream' ? 0n : BigInt(after) + 1n;
    // Nobody else has the id of this grant, so what was appended with it is there as well.
    if (opened !== null) this.#view.take(opened, revision++, atMs);
    const isFirst = opened !== null && !this.#isOfEndUser;
    const [journaled, looked] = await Promise.allSettled([
      journal.write({ op: 'lease_granted', leaseId }),
      // A change that came since the definition was read found no window to be appended to.
      // seam: opened-window-is-looked-after
      isFirst ? readDefinition(ledger, this.#definition.budget_id) : this.#latest,
    ]);
    if (journaled.status === 'rejected') throw journaled.reason;
    if (looked.status === 'fulfilled') this.#learn(looked.value, Date.now());
    this.#leases.push({
      leaseId,
      amount,
      spent: 0n,
      held: 0n,
      holds: 0,
      // The limit may have fallen since it was decided, or nobody knows whether it has.
      closed: this.#falls !== this.#fallsWhenRequested || looked.status === 'rejected',
      usedAtMs: performance.now(),
    });
    this.#view.take(grantedEvent(instanceId, request), revision, atMs);
    if (looked.status === 'rejected') throw looked.reason;
    if (isFirst && isBehind(this.account, this.#latest, Date.now())) await this.#followDefinition();
    return true;
  }
}
