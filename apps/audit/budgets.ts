/** Every window's account against the events of its leases (I3): what was charged, grant by grant. */
import { budgetWindowEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger, LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import type { Row, Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { type BudgetAccount, evolveAccount, noAccount } from '@tollgate/domain/budget/account.ts';
import { chargeHold } from '@tollgate/domain/budget/amounts.ts';
import type { BudgetUnit, BudgetWindowEvent } from '@tollgate/domain/budget/budget-events.ts';
import { leaseAdjustments } from '@tollgate/domain/budget/lease-adjustments.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import type { Differences } from './differences.ts';
import { pastEvents } from './log-and-ledger.ts';

const PAGE_ROWS = 20_000;

type Held = Row &
  Pick<
    UsageEvent,
    | 'id'
    | 'cost'
    | 'usage_source'
    | 'hold_lease_ids'
    | 'hold_amounts'
    | 'hold_units'
    | 'budget_windows'
  > & {
    tokens: string | null;
    requests: string | null;
    log: number;
    partition: number;
    offset: string;
    resolution_cost: string | null;
    resolved: number;
  };

/** What events say of leases: charges by lease, adjustments by lease and attempt. */
type Charged = { leases: Map<string, bigint>; adjusted: Map<string, bigint> };

export async function auditBudgets(
  ledger: Ledger,
  scratch: Warehouse,
  found: Differences,
): Promise<void> {
  const charged = await chargesOfEvents(scratch);
  const accounts = new Map<string, BudgetAccount>();
  const seen = new Set<string>();
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
      const before = accounts.get(event.stream) ?? noAccount;
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
  let after: [number, number, string] = [0, 0, '-1'];
  for (;;) {
    const rows = await scratch.query<Held>(
      `SELECT a.id AS id, a.cost AS cost, a.usage_source AS usage_source, a.hold_lease_ids AS hold_lease_ids,
         arrayMap(x -> toDecimalString(x, 12), a.hold_amounts) AS hold_amounts,
         a.hold_units AS hold_units, a.budget_windows AS budget_windows,
         toString(a.input_tokens + a.cache_read_tokens + a.cache_write_tokens + a.output_tokens
           + a.reasoning_tokens + a.audio_input_tokens + a.audio_output_tokens) AS tokens,
         toString(a.requests) AS requests, a.log AS log, a.partition AS partition,
         a.\`offset\` AS offset, toDecimalString(r.cost, 12) AS resolution_cost,
         r.resolved AS resolved
       FROM tollgate.usage_events AS a
       LEFT JOIN (SELECT assumeNotNull(resolves_id) AS id, cost, 1 AS resolved
         FROM tollgate.usage_events WHERE type = 'resolution') AS r ON r.id = a.id
       WHERE a.type = 'attempt' AND notEmpty(a.hold_lease_ids)
         AND (a.log, a.partition, toInt64(a.\`offset\`)) > (${after.join(', ')})
       ORDER BY a.log, a.partition, a.\`offset\` LIMIT ${PAGE_ROWS}`,
    );
    for (const row of rows) charge(row, charged);
    const last = rows.at(-1);
    if (last === undefined) return charged;
    after = [last.log, last.partition, last.offset];
  }
}

/** As the proxy charged it: what the provider stated, else the hold (design §7.8). */
function charge(row: Held, { leases, adjusted }: Charged): void {
  const cost = row.cost === null ? null : parseDecimal12(decimal(row.cost));
  const stated =
    row.tokens === null || row.usage_source === 'estimated' || cost === null
      ? null
      : { cost, tokens: Number(row.tokens), requests: Number(row.requests ?? 0) };
  const byWindow = Map.groupBy(row.hold_lease_ids.keys(), (i) => row.budget_windows[i]);
  for (const indexes of byWindow.values()) {
    const holds = indexes.map((i) => parseDecimal12(row.hold_amounts[i] as string));
    const unit = row.hold_units[indexes[0] as number] as BudgetUnit;
    const { charges } = chargeHold(unit, holds, stated);
    for (const [k, index] of indexes.entries()) {
      const lease = row.hold_lease_ids[index] as string;
      leases.set(lease, (leases.get(lease) ?? 0n) + (charges[k] as bigint));
    }
  }
  if (row.resolved !== 1) return;
  const target = { ...row, cost: row.cost === null ? null : decimal(row.cost) };
  for (const { leaseId, delta } of leaseAdjustments(target, { cost: row.resolution_cost })) {
    adjusted.set(`${leaseId} ${row.id}`, delta);
  }
}

/** The engine leaves out trailing zeros; money has twelve places. */
function decimal(text: string): string {
  const [whole = '0', places = ''] = text.split('.');
  return `${whole}.${places.padEnd(12, '0')}`;
}
