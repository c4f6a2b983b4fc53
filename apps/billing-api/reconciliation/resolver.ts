/**
 * Carries accepted imports out (design §7.10): every resolvable attempt in a covered range, present
 * or arriving later, gets its one resolution; a resolution that is counted moves the budget.
 * Everything it does is derived from the ledger and the warehouse, so it may die and start anywhere.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { appendOnce } from '@tollgate/adapters/ledger/append-once.ts';
import { ledgerEventId } from '@tollgate/adapters/ledger/event-ids.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { allocateCharge } from '@tollgate/domain/budget/grant.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { partitionOf } from '@tollgate/domain/partition/partition.ts';
import type { ReconciliationImport } from '@tollgate/domain/reconciliation/reconciliation.ts';
import type { BillLine } from '@tollgate/domain/reconciliation/reconciliation-events.ts';
import { resolutionOf } from '@tollgate/domain/reconciliation/resolution.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { ledgerEventData } from '@tollgate/schemas/ledger/ledger-events.ts';
import { eventsOfAttempts, resolvableAttempts } from './attempts.ts';

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

export type Resolver = { stop(): Promise<void> };

export function startResolver(deps: ResolverDeps): Resolver {
  const abort = new AbortController();
  const done = loop(deps, abort.signal);
  return {
    async stop() {
      abort.abort();
      await done;
    },
  };
}

/** Spares repeated work; to lose it costs duplicates, which count nothing. */
type Memory = { sent: Set<string>; adjusted: Set<string> };

async function loop(deps: ResolverDeps, signal: AbortSignal): Promise<void> {
  const memory: Memory = { sent: new Set(), adjusted: new Set() };
  while (!signal.aborted) {
    try {
      for (const accepted of deps.imports()) await carryOut(deps, accepted, memory);
    } catch (error) {
      deps.onError('resolving failed; trying again', error);
    }
    await sleep(deps.pollMs, undefined, { signal }).catch(() => undefined);
  }
}

async function carryOut(
  deps: ResolverDeps,
  accepted: ReconciliationImport,
  { sent, adjusted }: Memory,
): Promise<void> {
  const range = { ...accepted, limit: deps.batchEvents };
  const unresolved = await resolvableAttempts(deps.warehouse, { ...range, unresolvedOnly: true });
  const open = unresolved.filter(({ id }) => !sent.has(id));
  if (open.length > 0) {
    const lines = await linesOf(deps.ledger, accepted.import_id);
    const recordedAt = new Date().toISOString();
    await deps.log.append(
      open.map((target) => {
        const hash = createHash('sha256').update(`resolution:${target.id}`).digest();
        const facts = { importId: accepted.import_id, hash, recordedAt };
        const event = resolutionOf(target, lines.get(target.id), facts);
        const partition = partitionOf(Buffer.from(target.customer_id), deps.log.partitions);
        return { partition, value: Buffer.from(JSON.stringify(event)) };
      }),
    );
    for (const { id } of open) sent.add(id);
  }
  const held = await resolvableAttempts(deps.warehouse, { ...range, unresolvedOnly: false });
  const waiting = held.filter((e) => e.hold_lease_ids.length > 0 && !adjusted.has(e.id));
  const found = await eventsOfAttempts(
    deps.warehouse,
    waiting.map(({ id }) => id),
  );
  for (const { event, resolution } of found.values()) {
    // Only a resolution that counts moves a budget.
    if (resolution === null) continue;
    await adjustLeases(deps.ledger, event, resolution);
    adjusted.add(event.id);
  }
}

/** The budget was charged the hold; from now on it is charged what the attempt cost. */
async function adjustLeases(
  ledger: Ledger,
  target: UsageEvent,
  resolution: UsageEvent,
): Promise<void> {
  const stated = target.cost === null ? 0n : parseDecimal12(target.cost);
  const cost = stated + parseDecimal12(resolution.cost ?? '0.000000000000');
  for (const window of new Set(target.budget_windows)) {
    const parts = target.hold_lease_ids.flatMap((leaseId, index) => {
      if (target.budget_windows[index] !== window) return [];
      return [{ leaseId, hold: parseDecimal12(target.hold_amounts[index] ?? '') }];
    });
    const holds = parts.map(({ hold }) => hold);
    const { charges } = allocateCharge(holds, cost);
    for (const [index, { leaseId, hold }] of parts.entries()) {
      const delta = (charges[index] ?? 0n) - hold;
      if (delta === 0n) continue;
      await appendOnce(ledger, window, {
        id: ledgerEventId(window, 'LeaseAdjusted', `${target.id}|${leaseId}`),
        type: 'LeaseAdjusted',
        data: { lease_id: leaseId, attempt_id: target.id, delta: formatDecimal12(delta) },
      });
    }
  }
}

/** The import's lines by attempt. */
async function linesOf(ledger: Ledger, importId: string): Promise<Map<string, BillLine>> {
  const lines = new Map<string, BillLine>();
  for (const event of await ledger.read(`reconciliation-${importId}`)) {
    if (event.type !== 'ReconciliationLines') continue;
    const chunk = ledgerEventData.ReconciliationLines.parse(event.data);
    for (const line of chunk.lines) lines.set(line.attempt_id, line);
  }
  return lines;
}
