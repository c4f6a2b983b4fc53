/** The account of each budget window, against the usage events that hold its leases (I3). */
import { budgetWindowEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger, LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import {
  type HeldAttempt,
  pageOfHeldAttempts,
} from '@tollgate/adapters/warehouse/queries/held-attempts.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { type BudgetAccount, evolveAccount, noAccount } from '@tollgate/domain/budget/account.ts';
import { chargeHold } from '@tollgate/domain/budget/amounts.ts';
import type { BudgetWindowEvent } from '@tollgate/domain/budget/budget-events.ts';
import { parseHoldUnit } from '@tollgate/domain/budget/hold-unit.ts';
import {
  holdsByWindow,
  leaseAdjustments,
  statedUsage,
} from '@tollgate/domain/budget/lease-adjustments.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { definitionsOf, wrongLimit } from './budget-limits.ts';
import type { Differences } from './differences.ts';
import { pastEvents } from './log-and-ledger.ts';
import { auditSpend, type WrittenOff } from './reported-spend.ts';

const PAGE_ROWS = 20_000;

/** What usage events say about leases: charges by lease, adjustments by lease and attempt. */
type Charged = { leases: Map<string, bigint>; adjusted: Map<string, bigint> };

export async function auditBudgets(
  ledger: Ledger,
  scratch: Warehouse,
  warehouse: Warehouse,
  found: Differences,
): Promise<void> {
  const charged = await chargesOfEvents(scratch);
  const definitions = await definitionsOf(ledger);
  const accounts = new Map<string, BudgetAccount>();
  const seen = new Set<string>();
  const writtenOff = new Map<string, WrittenOff[]>();
  for await (const event of pastEvents(ledger, [budgetWindowEvents.prefix])) {
    const typed = parsed(event);
    if (typed === null) continue;
    const place = `${event.stream}@${event.revision}`;
    checkEvent(typed, place, charged, found);
    if (typed.type === 'LeaseAdjusted') {
      const adjustment = `${typed.data.lease_id} ${typed.data.attempt_id}`;
      if (seen.has(adjustment)) found.add('budget', place, `${adjustment} is adjusted again`);
      seen.add(adjustment);
    }
    try {
      if (typed.type === 'LeaseWrittenOff') {
        writtenOff.set(event.stream, [...(writtenOff.get(event.stream) ?? []), typed.data]);
      }
      const before = accounts.get(event.stream) ?? noAccount;
      const wrong = wrongLimit(typed, event.stream, before, definitions);
      if (wrong !== null) found.add('budget', place, wrong);
      const account = evolveAccount(before, typed);
      accounts.set(event.stream, account);
      checkGrant(typed, account, place, found);
    } catch (error) {
      found.add('budget', place, error instanceof Error ? error.message : String(error));
    }
  }
  for (const adjustment of charged.adjusted.keys()) {
    if (!seen.has(adjustment)) found.add('budget', adjustment, 'resolved, and never adjusted');
  }
  for (const [stream, { openLeases }] of accounts) {
    for (const lease of openLeases.keys()) {
      if (charged.leases.has(lease))
        found.add('budget', stream, `lease ${lease} was charged and is still open`);
    }
  }
  await auditSpend(warehouse, { accounts, writtenOff, charges: charged.leases }, found);
}

/** Null for an event that cannot be read: the audit of the ledger names it. */
function parsed(event: LedgerEvent): BudgetWindowEvent | null {
  try {
    return budgetWindowEvents.parse(event);
  } catch {
    return null;
  }
}

function checkEvent(
  event: BudgetWindowEvent,
  place: string,
  { leases, adjusted }: Charged,
  found: Differences,
): void {
  if (event.type === 'LeaseSettled') {
    const should = formatDecimal12(leases.get(event.data.lease_id) ?? 0n);
    if (event.data.spent === should) return;
    const finding = `lease ${event.data.lease_id} settled at ${event.data.spent}, its events say ${should}`;
    found.add('budget', place, finding);
  }
  if (event.type === 'LeaseAdjusted') {
    const { lease_id, attempt_id, delta } = event.data;
    const should = formatDecimal12(adjusted.get(`${lease_id} ${attempt_id}`) ?? 0n);
    if (delta === should) return;
    const finding = `lease ${lease_id} adjusted by ${delta} for ${attempt_id}, events say ${should}`;
    found.add('budget', place, finding);
  }
}

function checkGrant(
  event: BudgetWindowEvent,
  account: BudgetAccount,
  place: string,
  found: Differences,
): void {
  if (event.type !== 'LeaseGranted') return;
  const promised = account.spent + account.held;
  if (promised <= account.limit) return;
  const limit = formatDecimal12(account.limit);
  found.add('budget', place, `promises ${formatDecimal12(promised)} of ${limit}`);
}

async function chargesOfEvents(scratch: Warehouse): Promise<Charged> {
  const charged: Charged = { leases: new Map(), adjusted: new Map() };
  let after: HeldAttempt | undefined;
  for (;;) {
    const page = await pageOfHeldAttempts(scratch, { after, rows: PAGE_ROWS });
    for (const attempt of page) charge(attempt, charged);
    after = page.at(-1);
    if (after === undefined) return charged;
  }
}

/** As the proxy charged it: what the provider stated, else what the event has as its hold. */
function charge(row: HeldAttempt, { leases, adjusted }: Charged): void {
  const stated = statedUsage(row);
  for (const { unit, leaseIds, parts } of holdsByWindow(row)) {
    const { charges } = chargeHold(parseHoldUnit(unit), parts, stated);
    for (const [index, lease] of leaseIds.entries()) {
      leases.set(lease, (leases.get(lease) ?? 0n) + (charges[index] as bigint));
    }
  }
  if (row.resolution === undefined) return;
  for (const { leaseId, delta } of leaseAdjustments(row, row.resolution)) {
    adjusted.set(`${leaseId} ${row.id}`, delta);
  }
}
