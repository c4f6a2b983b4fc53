/**
 * Carries accepted imports out (docs/design.md, Resolutions): every resolvable attempt in a covered
 * range, present or arriving later, gets its one resolution, from the first bill that covers it; a
 * resolution that is counted moves the budget.
 *
 * Everything it does follows from the ledger and the warehouse, and every id from the attempt, so it
 * may die and start again anywhere (adapters/ledger/process-manager.ts).
 */
import { createHash } from 'node:crypto';
import { StreamTail } from '@tollgate/adapters/ledger/append-once.ts';
import type { Ledger, NewLedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { type RunningProcess, startProcess } from '@tollgate/adapters/ledger/process-manager.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import {
  type AttemptRange,
  countResolvedHolds,
  eventsOfAttempts,
  resolvedHolds,
  unresolvedAttempts,
} from '@tollgate/adapters/warehouse/queries/attempts.ts';
import {
  type TouchedHour,
  touchedHours,
} from '@tollgate/adapters/warehouse/queries/touched-hours.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { leaseAdjustments } from '@tollgate/domain/budget/lease-adjustments.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { partitionOf } from '@tollgate/domain/partition/partition.ts';
import type { ReconciliationImport } from '@tollgate/domain/reconciliation/reconciliation.ts';
import type { BillLine } from '@tollgate/domain/reconciliation/reconciliation-events.ts';
import { eventText } from '@tollgate/domain/usage/event/event-text.ts';
import { resolutionEvent } from '@tollgate/domain/usage/event/resolution-event.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { CountedSince } from './counted-since.ts';
import { billLines } from './earlier-bills.ts';
import { OwnShares } from './own-shares.ts';

const LEDGER_PAGE_EVENTS = 100;
const HOUR_MS = 60 * 60 * 1000;

export type ResolverDeps = {
  ledger: Ledger;
  log: Log;
  warehouse: Warehouse;
  /** Accepted imports, oldest first. */
  imports: () => readonly ReconciliationImport[];
  pollMs: number;
  batchEvents: number;
  onError: (message: string, error: unknown) => void;
};

/** The longest pause before an import that failed is tried again, in polls. */
const RETRY_POLLS_MAX = 10;

export function startResolver(deps: ResolverDeps): RunningProcess {
  const memory: Memory = {
    sent: new Set(),
    adjusted: new Set(),
    shares: new OwnShares(),
    counted: new CountedSince(deps.warehouse, touchedHours),
    done: new Set(),
    rulings: new Set(),
    passed: new Map(),
  };
  const { pollMs, onError } = deps;
  return startProcess<ReconciliationImport>({
    name: 'resolving',
    async due() {
      const all = deps.imports();
      // First: what is counted during this pass, it may have missed, so the next one looks again.
      if (all.length > 0) await reopenTouched(deps, memory);
      return all;
    },
    idOf: ({ import_id }) => import_id,
    handle: (accepted) => resolve(deps, accepted, memory),
    pollMs,
    retryMs: { first: pollMs, max: RETRY_POLLS_MAX * pollMs },
    onError,
  });
}

/** Spares repeated work; to lose it costs duplicates, which count nothing. */
type Memory = {
  sent: Set<string>;
  adjusted: Set<string>;
  shares: OwnShares;
  counted: CountedSince<TouchedHour>;
  /** Shares in which nothing is left to do until something in their range is counted. */
  done: Set<AttemptRange>;
  /** Rulings that are carried out. */
  rulings: Set<string>;
  /** Per share: how many resolved holds the last whole pass saw. */
  passed: Map<AttemptRange, number>;
};

async function resolve(
  deps: ResolverDeps,
  accepted: ReconciliationImport,
  memory: Memory,
): Promise<void> {
  if (accepted.ruling !== undefined) return carryOutRuling(deps, accepted.import_id, memory);
  for (const share of memory.shares.of(accepted)) {
    if (memory.done.has(share)) continue;
    const waiting = await appendResolutions(deps, accepted.import_id, share, memory);
    await adjustBudgets(deps, share, memory);
    if (waiting === 0) memory.done.add(share);
  }
}

async function reopenTouched(deps: ResolverDeps, { counted, done }: Memory): Promise<void> {
  try {
    const touched = await counted.look();
    if (touched === undefined) return done.clear();
    for (const share of done) if (touched.some((hour) => isIn(share, hour))) done.delete(share);
  } catch (error) {
    deps.onError('what was counted cannot be read; trying again', error);
  }
}

function isIn({ provider, start, end }: AttemptRange, touched: TouchedHour): boolean {
  const { startMs } = touched;
  const isOutside = startMs >= Date.parse(end) || startMs + HOUR_MS <= Date.parse(start);
  return touched.provider === provider && !isOutside;
}

/** @returns how many attempts (of a batch) wait for their resolution to be counted */
async function appendResolutions(
  deps: ResolverDeps,
  importId: string,
  share: AttemptRange,
  { sent }: Memory,
): Promise<number> {
  const unresolved = await unresolvedAttempts(deps.warehouse, share, deps.batchEvents);
  const open = unresolved.filter(({ id }) => !sent.has(id));
  if (open.length === 0) return unresolved.length;
  const lines = await billLines(deps.ledger, importId, LEDGER_PAGE_EVENTS);
  await append(deps, importId, open, lines);
  for (const { id } of open) sent.add(id);
  return unresolved.length;
}

async function append(
  deps: ResolverDeps,
  importId: string,
  open: readonly UsageEvent[],
  lines: ReadonlyMap<string, BillLine>,
): Promise<void> {
  const recordedAt = new Date().toISOString();
  await deps.log.append(
    open.map((target) => {
      const hash = createHash('sha256').update(`resolution:${target.id}`).digest();
      const facts = { importId, hash, recordedAt };
      const event = resolutionEvent(target, lines.get(target.id), facts);
      const partition = partitionOf(Buffer.from(target.customer_id), deps.log.partitions);
      return { partition, value: Buffer.from(eventText(event)) };
    }),
  );
}

/**
 * The attempts that it names, alone. They were counted when it was made, so nothing arrives later:
 * once all of them are resolved and their budgets follow, it stays done. A warehouse that is being
 * rebuilt may lack them for a while.
 */
async function carryOutRuling(
  deps: ResolverDeps,
  importId: string,
  { sent, rulings }: Memory,
): Promise<void> {
  if (rulings.has(importId)) return;
  const lines = await billLines(deps.ledger, importId, LEDGER_PAGE_EVENTS);
  const ids = [...lines.keys()];
  const tails = new Map<string, StreamTail>();
  let waiting = 0;
  for (let at = 0; at < ids.length; at += deps.batchEvents) {
    const named = ids.slice(at, at + deps.batchEvents);
    const found = await eventsOfAttempts(deps.warehouse, named);
    waiting += named.length - found.size;
    const open: UsageEvent[] = [];
    const resolved: Resolved[] = [];
    for (const { event, resolution } of found.values()) {
      if (resolution !== null) resolved.push({ event, resolution });
      else if (!sent.has(event.id)) open.push(event);
      if (resolution === null) waiting++;
    }
    await adjustLeases(deps.ledger, tails, resolved);
    if (open.length === 0) continue;
    await append(deps, importId, open, lines);
    for (const { id } of open) sent.add(id);
  }
  if (waiting === 0) rulings.add(importId);
}

/** Only a resolution that counts moves a budget. All pages: a bill may resolve any number. */
async function adjustBudgets(
  deps: ResolverDeps,
  share: AttemptRange,
  { adjusted, passed }: Memory,
): Promise<void> {
  const { warehouse, ledger, batchEvents: limit } = deps;
  const total = await countResolvedHolds(warehouse, share);
  if (passed.get(share) === total) return;
  let seen = 0;
  let after: UsageEvent | undefined;
  const tails = new Map<string, StreamTail>();
  for (;;) {
    const page = await resolvedHolds(warehouse, share, { after, limit });
    const waiting = page.map(({ id }) => id).filter((id) => !adjusted.has(id));
    const found = await eventsOfAttempts(warehouse, waiting);
    const resolved = [...found.values()].map(({ event, resolution }) => {
      if (resolution === null) throw new Error(`${event.id} was resolved and is not any more`);
      return { event, resolution };
    });
    await adjustLeases(ledger, tails, resolved);
    for (const { event } of resolved) adjusted.add(event.id);
    seen += page.length;
    after = page.at(-1);
    if (page.length < limit) break;
  }
  passed.set(share, seen);
}

type Resolved = { event: UsageEvent; resolution: UsageEvent };

/** One append per budget window: a bill may resolve thousands of attempts of a few keys. */
async function adjustLeases(
  ledger: Ledger,
  tails: Map<string, StreamTail>,
  resolved: readonly Resolved[],
): Promise<void> {
  const byWindow = new Map<string, NewLedgerEvent[]>();
  for (const { event: target, resolution } of resolved) {
    for (const { window, leaseId, delta } of leaseAdjustments(target, resolution)) {
      const data = { lease_id: leaseId, attempt_id: target.id, delta: formatDecimal12(delta) };
      const subject = `${target.id}|${leaseId}`;
      const event = newLedgerEvent(window, { type: 'LeaseAdjusted', data }, subject);
      const events = byWindow.get(window);
      if (events === undefined) byWindow.set(window, [event]);
      else events.push(event);
    }
  }
  for (const [window, events] of byWindow) {
    const tail = tails.get(window) ?? new StreamTail(ledger, window);
    tails.set(window, tail);
    await tail.appendAllOnce(events);
  }
}
