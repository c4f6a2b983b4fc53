/**
 * What is left of each budget in its current window, as the ledger has it: the same figures as
 * `GET /v1/budgets/{id}`, read from where the last look ended. One process measures it, not every
 * proxy: each of those knows the budgets that it draws from, as of its last grant.
 */
import { pause } from '@tollgate/adapters/backoff/backoff.ts';
import { budgetWindowEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { readEvents } from '@tollgate/adapters/ledger/read-stream.ts';
import { type Family, labelsOf, type Sample, single } from '@tollgate/adapters/metrics/families.ts';
import {
  available,
  type BudgetAccount,
  evolveAccount,
  noAccount,
} from '@tollgate/domain/budget/account.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { accountAt } from '@tollgate/domain/budget/limit.ts';
import { type WindowBounds, windowBounds, windowStream } from '@tollgate/domain/budget/window.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';

export type BudgetGaugeLimits = {
  budgetGaugesMax: number;
  budgetGaugesReadsMax: number;
  budgetGaugesKeptMs: number;
  budgetGaugesWaitMs: number;
};

export type BudgetGaugesDeps = {
  ledger: Pick<Ledger, 'read'>;
  budgets: () => readonly BudgetDefinition[];
  clock: () => number;
  limits: BudgetGaugeLimits;
  onError: (message: string, error: unknown) => void;
};

type Window = Place & { account: BudgetAccount; nextRevision: bigint };
type Place = { stream: string; bounds: WindowBounds };

export class BudgetGauges {
  readonly #deps: BudgetGaugesDeps;
  /** By id, of the budgets of the last look; null: its window could not be read. */
  #windows = new Map<string, Window | null>();
  #reading: Promise<void> | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(deps: BudgetGaugesDeps) {
    this.#deps = deps;
  }

  async families(): Promise<Family[]> {
    // A template has a window for each end user: any number, and no place for them in a label.
    const live = this.#deps.budgets().filter(({ archived, per }) => !archived && per === null);
    const listed = live.slice(0, this.#deps.limits.budgetGaugesMax);
    // A ledger that is away must not take the other metrics with it: what was read last is told.
    await Promise.race([this.#refresh(listed), pause(this.#deps.limits.budgetGaugesWaitMs)]);
    const nowMs = this.#deps.clock();
    const accounts = listed.flatMap((definition) => {
      const window = this.#windows.get(definition.budget_id) ?? null;
      if (window === null) return [];
      return [{ definition, account: accountAt(window.account, definition, window.bounds, nowMs) }];
    });
    const gauge = (name: string, help: string, amount: (of: BudgetAccount) => bigint): Family => ({
      ...{ name, type: 'gauge', help },
      samples: accounts.map(({ definition, account }): Sample => {
        // Whole tokens and cents are exact in a float; a bill is never made of this.
        return ['', labelsOfBudget(definition), Number(formatDecimal12(amount(account)))];
      }),
    });
    return [
      gauge(
        'tollgate_budget_limit',
        'Limit of a budget in its current window, in its unit.',
        ({ limit }) => limit,
      ),
      gauge(
        'tollgate_budget_remaining',
        'What is left of a budget in its current window: neither spent nor held by a proxy.',
        available,
      ),
      gauge(
        'tollgate_budget_held',
        'What proxies hold of a budget in its current window, for running calls and the next ones.',
        ({ held }) => held,
      ),
      single(
        'tollgate_budgets_unlisted',
        'gauge',
        'Budgets that have no series of their own, because there are too many.',
        live.length - listed.length,
      ),
    ];
  }

  /** At most once in `budgetGaugesKeptMs`, however often it is asked for, if no budget is new. */
  #refresh(budgets: readonly BudgetDefinition[]): Promise<void> {
    if (this.#reading !== undefined) return this.#reading;
    const nowMs = performance.now();
    const isKept = nowMs - this.#readAtMs < this.#deps.limits.budgetGaugesKeptMs;
    if (isKept && budgets.every(({ budget_id }) => this.#windows.has(budget_id))) {
      return Promise.resolve();
    }
    this.#readAtMs = nowMs;
    this.#reading = this.#readAll(budgets).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readAll(budgets: readonly BudgetDefinition[]): Promise<void> {
    const read = new Map<string, Window | null>();
    for (const { budget_id } of budgets) read.set(budget_id, null);
    const left = [...budgets];
    const reader = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        read.set(next.budget_id, await this.#read(next));
      }
    };
    try {
      const { budgetGaugesReadsMax } = this.#deps.limits;
      await Promise.all(Array.from({ length: budgetGaugesReadsMax }, reader));
    } catch (error) {
      left.length = 0;
      this.#deps.onError('what is left of budgets cannot be read', error);
    }
    this.#windows = read;
  }

  /** Null: this process lacks the time zone of the budget. */
  async #read(definition: BudgetDefinition): Promise<Window | null> {
    const place = this.#placeOf(definition);
    if (place === null) return null;
    const { stream } = place;
    const known = this.#windows.get(definition.budget_id);
    const from = known?.stream === stream ? known : { account: noAccount, nextRevision: 0n };
    let { account, nextRevision } = from;
    const options = { fromRevision: nextRevision };
    const events = readEvents(this.#deps.ledger, budgetWindowEvents, stream, options);
    for await (const { event, at } of events) {
      account = evolveAccount(account, event);
      nextRevision = at.revision + 1n;
    }
    return { ...place, account, nextRevision };
  }

  #placeOf(definition: BudgetDefinition): Place | null {
    const { budget_id } = definition;
    try {
      const bounds = windowBounds(definition, this.#deps.clock());
      return { stream: windowStream(budget_id, bounds.startMs), bounds };
    } catch (error) {
      this.#deps.onError(`the budget ${budget_id} has no window here`, error);
      return null;
    }
  }
}

function labelsOfBudget({ budget_id, scope, unit, window }: BudgetDefinition): string {
  return labelsOf({ budget: budget_id, scope: scope.type, scope_id: scope.id, unit, window });
}
