/**
 * What happens to budgets outside of the proxies: an operator changes a limit, raises it for a
 * time, tops up or archives a budget, and the provider's bill resolves attempts whose cost is unknown. The folds, the events, what a
 * resolution is worth and the appends are real; the API and the warehouse around them are not.
 */
import { StreamTail } from '@tollgate/adapters/ledger/append-once.ts';
import {
  budgetDefinitionEvents,
  budgetWindowEvents,
} from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger, LedgerEvent, NewLedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { foldStream, readStream } from '@tollgate/adapters/ledger/read-stream.ts';
import { evolveAccount, noAccount } from '@tollgate/domain/budget/account.ts';
import type { BudgetDefinitionEvent } from '@tollgate/domain/budget/budget-events.ts';
import { evolveDefinition } from '@tollgate/domain/budget/definition.ts';
import { leaseAdjustments } from '@tollgate/domain/budget/lease-adjustments.ts';
import { windowChanges } from '@tollgate/domain/budget/limit.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { resolutionEvent } from '@tollgate/domain/usage/event/resolution-event.ts';
import { isResolvable, type UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { streamOf, windowStart } from './calendar.ts';
import type { PlannedChange } from './plan.ts';
import { type BudgetDefinition, billLine } from './real-parts.ts';
import type { Stage } from './stage.ts';
import { Process } from './world.ts';

/** How old a record is before the bill is complete for it, ms: requests may still be on their way. */
export const BILL_COMPLETE_MS = 2_000;

/** The definitions as one process knows them: it learns of a change a little later. */
export class BudgetView {
  readonly #definitions: Map<string, BudgetDefinition>;

  constructor(of?: BudgetView) {
    this.#definitions = new Map(of === undefined ? [] : of.#definitions);
  }

  apply(stored: LedgerEvent): void {
    const event = budgetDefinitionEvents.parse(stored);
    const id = event.data.budget_id;
    this.#definitions.set(id, evolveDefinition(this.#definitions.get(id), event, stored.revision));
  }

  get(id: string): BudgetDefinition | undefined {
    return this.#definitions.get(id);
  }

  /** Those of them that bind a call now. */
  onPath(ids: readonly string[]): BudgetDefinition[] {
    return ids.flatMap((id) => {
      const definition = this.#definitions.get(id);
      return definition === undefined || definition.archived ? [] : [definition];
    });
  }
}

/** As the API's route does it; it may die between its two appends. */
export async function changeBudget(stage: Stage, change: PlannedChange): Promise<void> {
  const { plan, world } = stage;
  const budget = plan.budgets[change.budget];
  if (budget === undefined) throw new Error('no such budget');
  const process = new Process('operator');
  const ledger = stage.ledger.of(process);
  const stream = budgetDefinitionEvents.of(budget.id);
  const nowMs = world.dayMs(process);
  const body = definitionEvent(stage, budget.id, change, nowMs);
  if (body === null) return;
  await new StreamTail(ledger, stream).appendOnce(
    newLedgerEvent(stream, body, String(change.atMs)),
  );
  if (!('diesBetween' in change) || change.diesBetween || budget.isPerEndUser) return;
  const startMs = windowStart(budget.window, budget.zone, nowMs);
  await changeOpenWindow(ledger, stream, streamOf(budget.id, startMs), nowMs);
}

/** Null: there is nothing that could change so. */
function definitionEvent(
  stage: Stage,
  budget_id: string,
  change: PlannedChange,
  nowMs: number,
): BudgetDefinitionEvent | null {
  const endOf = (forMs: number) => new Date(nowMs + forMs).toISOString();
  switch (change.kind) {
    case 'archive':
      return { type: 'BudgetArchived', data: { budget_id } };
    case 'restore':
      return { type: 'BudgetRestored', data: { budget_id } };
    case 'limit': {
      const limit = formatDecimal12(change.limit);
      return { type: 'BudgetLimitChanged', data: { budget_id, limit } };
    }
    case 'raise': {
      const raise = { raise_id: stage.newId('rse'), amount: formatDecimal12(change.amount) };
      return { type: 'BudgetRaised', data: { budget_id, ...raise, until: endOf(change.forMs) } };
    }
    case 'end_raise': {
      const stored = stage.ledger.read(budgetDefinitionEvents.of(budget_id));
      const raises = stored.filter(({ type }) => type === 'BudgetRaised');
      const { raise_id } = (raises.at(-1)?.data ?? {}) as { raise_id?: string };
      return raise_id === undefined
        ? null
        : { type: 'BudgetRaiseEnded', data: { budget_id, raise_id } };
    }
    case 'top_up': {
      const topUp = { top_up_id: stage.newId('top'), amount: formatDecimal12(change.amount) };
      const expires_at = change.forMs === null ? null : endOf(change.forMs);
      return { type: 'BudgetToppedUp', data: { budget_id, ...topUp, expires_at } };
    }
    default:
      return change satisfies never;
  }
}

async function changeOpenWindow(
  ledger: Ledger,
  definitionStream: string,
  stream: string,
  nowMs: number,
): Promise<void> {
  for (;;) {
    const of = { category: budgetWindowEvents, stream };
    const window = await foldStream(ledger, of, evolveAccount, noAccount);
    if (window.revision === 'no_stream') return;
    const view = new BudgetView();
    for await (const stored of readStream(ledger, definitionStream)) view.apply(stored);
    const definition = view.get(budgetDefinitionEvents.idOf(definitionStream));
    if (definition === undefined) return;
    const events = windowChanges(window.state, definition, nowMs).map(({ event, subject }) =>
      newLedgerEvent(stream, event, subject),
    );
    if (events.length === 0) return;
    if ((await ledger.append(stream, window.revision, events)).ok) return;
  }
}

/** Resolves what the log has, and lets the budgets follow. Repeating it changes nothing. */
export async function resolve(stage: Stage): Promise<void> {
  const process = new Process('resolver');
  const ledger = stage.ledger.of(process);
  const { nowMs } = stage.world;
  const byWindow = new Map<string, NewLedgerEvent[]>();
  for (const { event, atMs } of stage.log.events.values()) {
    if (!isResolvable(event) || nowMs - atMs < BILL_COMPLETE_MS) continue;
    for (const adjustment of adjustmentsOf(stage, event)) {
      const events = byWindow.get(adjustment.window);
      if (events === undefined) byWindow.set(adjustment.window, [adjustment.event]);
      else events.push(adjustment.event);
    }
  }
  for (const [window, events] of byWindow) {
    await new StreamTail(ledger, window).appendAllOnce(events);
  }
}

function adjustmentsOf(stage: Stage, target: UsageEvent) {
  const usage = stage.provider.bill.get(target.id);
  const line = usage === undefined ? undefined : billLine(target.id, usage);
  const facts = { importId: 'rec_1', hash: HASH, recordedAt: target.recorded_at };
  const resolution = resolutionEvent(target, line, facts);
  return leaseAdjustments(target, resolution).map(({ window, leaseId, delta }) => {
    const data = { lease_id: leaseId, attempt_id: target.id, delta: formatDecimal12(delta) };
    const adjusted = { type: 'LeaseAdjusted', data } as const;
    return { window, event: newLedgerEvent(window, adjusted, `${target.id}|${leaseId}`) };
  });
}

/** Of the resolution's id, which nothing here looks at. */
const HASH = new Uint8Array(32);
