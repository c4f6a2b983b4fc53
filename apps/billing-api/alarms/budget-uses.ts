/** What counts in windows that changed: from the ledger, or from the warehouse for soft budgets. */
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { unresolvedHolds } from '@tollgate/adapters/warehouse/queries/unresolved-holds.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import type { BudgetUse } from '@tollgate/domain/alarm/alarm.ts';
import { type BudgetAccount, noAccount } from '@tollgate/domain/budget/account.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { accountAt } from '@tollgate/domain/budget/limit.ts';
import { type WindowBounds, windowBounds } from '@tollgate/domain/budget/window.ts';
import { parseDecimal12 } from '@tollgate/domain/money/money.ts';
import type { ResourceIndex } from '../resources/resource-index.ts';
import type { ChangedWindow } from './changed-windows.ts';
import { type SoftWindow, softSpend } from './soft-spend.ts';
import { spentOf, WindowAccounts } from './window-accounts.ts';

export type UsesDeps = {
  ledger: Pick<Ledger, 'read'>;
  warehouse: Warehouse;
  directory: Pick<ResourceIndex, 'customers'>;
  clock: () => number;
  limits: { alarmReadsMax: number; alarmAccountsKeptMax: number };
};

export type Known = { window: ChangedWindow; budget: BudgetDefinition; createdAtMs: number };
export type Use = { budget: BudgetDefinition; use: BudgetUse };

export class BudgetUses {
  readonly #deps: UsesDeps;
  readonly #accounts: WindowAccounts;

  constructor(deps: UsesDeps) {
    this.#deps = deps;
    this.#accounts = new WindowAccounts(deps.ledger, deps.limits.alarmAccountsKeptMax);
  }

  /** @throws what the warehouse throws */
  async ofSoft(known: readonly Known[]): Promise<Use[]> {
    const { warehouse, directory } = this.#deps;
    const windows = known.map(
      ({ window, budget }): SoftWindow => ({
        stream: window.stream,
        budget,
        bounds: windowBounds(budget, window.startMs),
      }),
    );
    const markupOf = (id: string) => directory.customers.get(id)?.state.markup_ppm ?? 0;
    const spent = await softSpend(warehouse, windows, markupOf);
    return windows.map(({ stream, budget, bounds }) => ({
      budget,
      use: {
        ...termsOf(budget, bounds),
        // The warehouse knows what was used before the budget was defined.
        ...{ countedFromMs: bounds.startMs, limit: this.#limitOf(noAccount, budget, bounds) },
        ...{ spent: spent.get(stream) ?? 0n, overrun: 0n, unresolved: null },
      },
    }));
  }

  /** @throws what the ledger throws */
  ofHard(known: readonly Known[]): Promise<Use[]> {
    return this.#withAccounts(known, new Map());
  }

  /** Of those that are charged for usage that nobody stated. @throws what the stores throw */
  async unresolved(known: readonly Known[]): Promise<Use[]> {
    const sinceMs = Math.min(...known.map(({ window }) => window.startMs));
    const streams = known.map(({ window }) => window.stream);
    const holds = await unresolvedHolds(this.#deps.warehouse, streams, sinceMs);
    const charged = known.filter(({ window }) => holds.has(window.stream));
    return await this.#withAccounts(
      charged,
      new Map([...holds].map(([stream, { amount }]) => [stream, parseDecimal12(amount)])),
    );
  }

  async #withAccounts(
    known: readonly Known[],
    unresolved: ReadonlyMap<string, bigint>,
  ): Promise<Use[]> {
    const uses: Use[] = [];
    const left = [...known];
    const reader = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const { window, budget, createdAtMs } = next;
        const read = await this.#accounts.read(window.stream);
        const { account, overrun } = read;
        const bounds = windowBounds(budget, window.startMs);
        const use: BudgetUse = {
          ...termsOf(budget, bounds),
          countedFromMs: createdAtMs,
          limit: this.#limitOf(account, budget, bounds),
          spent: spentOf(read),
          overrun,
          unresolved: unresolved.get(window.stream) ?? null,
        };
        uses.push({ budget, use });
      }
    };
    await Promise.all(Array.from({ length: this.#deps.limits.alarmReadsMax }, reader));
    return uses;
  }

  /** In force now; of a window that is over, the last one: a raise that was in it has ended since. */
  #limitOf(account: BudgetAccount, budget: BudgetDefinition, bounds: WindowBounds): bigint {
    const nowMs = this.#deps.clock();
    if (account.opened && nowMs >= bounds.endMs) return account.limit;
    // seam: limit-of-its-own-window
    const atMs = Math.min(nowMs, bounds.endMs - 1);
    return accountAt(account, budget, bounds, atMs).limit;
  }
}

function termsOf(budget: BudgetDefinition, window: WindowBounds) {
  return { budgetId: budget.budget_id, thresholds: budget.thresholds, window };
}
