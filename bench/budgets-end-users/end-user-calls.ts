/** Calls of end users: one alone, a crowd that comes at a steady rate, and a stampede of all at once. */
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { endUserDigest } from '@tollgate/adapters/digest/end-user-digest.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import type { BudgetBook, HoldRequest } from '@tollgate/proxy/budget/budget-book.ts';
import { pathBudget } from '@tollgate/proxy/budget/path-budget.ts';
import { defineBudget } from '@tollgate/proxy/testing/budget-house.ts';

const PICO = 10n ** 12n;
/** A call holds a cent of a dollar, and takes a tenth of it. */
const HOLD = PICO / 100n;
const CHARGE = HOLD / 10n;
/** How long a call takes behind its hold, and how long its end user thinks before the next one, ms. */
const CALL_MS = 20;
const THINK_MS = 500;

const TEMPLATE: BudgetDefinition = {
  ...{ budget_id: idOf(0), scope: { type: 'key', id: 'key_1' }, unit: 'usd', window: 'month' },
  ...{ limit: PICO, enforcement: 'hard', basis: 'cost', time_zone: 'UTC', anchor: null },
  ...{ model: null, counts: 'total', cache_reads: true, on_exceeded: 'refuse' },
  ...{ clamp_min_output_tokens: 1, per: 'end_user', thresholds: [], topUps: [], raises: [] },
  ...{ archived: false, revision: 0n },
};
const PATH = pathBudget(TEMPLATE, 0);
const OTHER_TEMPLATE = pathBudget({ ...TEMPLATE, budget_id: idOf(1) }, 0);

function idOf(n: number): string {
  return `bud_${String(n).padStart(26, '0')}`;
}

type Crowd<T> = { cold: number[]; warm: number[]; seconds: number; midway: T };

export class EndUserCalls {
  readonly #book: BudgetBook;

  constructor(book: BudgetBook) {
    this.#book = book;
  }

  /** @returns ms of the hold */
  async call(endUser: string, path = PATH): Promise<number> {
    const { ms, kind } = await this.#hold({
      ...path,
      amount: HOLD,
      endUser: endUserDigest(endUser),
    });
    if (kind !== 'held') throw new Error(`${endUser}: ${kind}`);
    return ms;
  }

  /**
   * An open load: one who waits does not keep the next one from coming.
   *
   * @param look at half of them
   */
  async crowd<T>(
    { endUsers, perSecond, calls }: { endUsers: number; perSecond: number; calls: number },
    look: () => T,
  ): Promise<Crowd<T>> {
    const [cold, warm]: [number[], number[]] = [[], []];
    const running = new Set<Promise<void>>();
    const visit = async (n: number) => {
      cold.push(await this.call(`end user ${n}`));
      for (let again = 1; again < calls; again++) {
        await pause(THINK_MS);
        warm.push(await this.call(`end user ${n}`));
      }
    };
    const startMs = performance.now();
    let midway: T | undefined;
    for (let come = 0; come < endUsers; ) {
      const elapsedMs = performance.now() - startMs;
      const due = Math.min(endUsers, Math.floor((elapsedMs / 1_000) * perSecond));
      for (; come < due; come++) {
        const visiting = visit(come);
        running.add(visiting);
        void visiting.finally(() => running.delete(visiting));
      }
      if (midway === undefined && come >= endUsers / 2) midway = look();
      await pause(1);
    }
    const seconds = (performance.now() - startMs) / 1_000;
    await Promise.all(running);
    return { cold, warm, seconds, midway: midway as T };
  }

  /**
   * All at once. Meanwhile end users of another template come, and first calls of other budgets.
   *
   * @param budgets one for each such call
   */
  async stampede(endUsers: number, everyMs: number, budgets: readonly BudgetDefinition[]) {
    const otherTemplate: number[] = [];
    const otherBudget: number[] = [];
    let isOn = true;
    const others = (async () => {
      for (const [n, budget] of budgets.entries()) {
        if (!isOn) break;
        const plain = { ...pathBudget(budget, 0), amount: HOLD, endUser: null };
        const [ofTemplate, ofBudget] = await Promise.all([
          this.call(`other ${n}`, OTHER_TEMPLATE),
          this.#hold(plain),
        ]);
        otherTemplate.push(ofTemplate);
        otherBudget.push(ofBudget.ms);
        await pause(everyMs);
      }
    })();
    const startMs = performance.now();
    const kinds = await Promise.all(
      Array.from({ length: endUsers }, (_, n) =>
        this.#hold({ ...PATH, amount: HOLD, endUser: endUserDigest(`stampede ${n}`) }),
      ),
    );
    const seconds = (performance.now() - startMs) / 1_000;
    isOn = false;
    await others;
    const refused = kinds.filter(({ kind }) => kind !== 'held').length;
    return { seconds, refused, otherTemplate, otherBudget };
  }

  async #hold(request: HoldRequest): Promise<{ ms: number; kind: string }> {
    const startMs = performance.now();
    const outcome = await this.#book.hold([request], Date.now());
    const ms = performance.now() - startMs;
    if (outcome.kind !== 'held') return { ms, kind: outcome.kind };
    setTimeout(() => {
      for (const { account, parts } of outcome.holds) {
        account.release(parts, [CHARGE, ...parts.slice(1).map(() => 0n)]);
      }
    }, CALL_MS);
    return { ms, kind: 'held' };
  }
}

/** Budgets that are no templates, in the ledger. */
export async function otherBudgets(ledger: Ledger, count: number): Promise<BudgetDefinition[]> {
  const defined: BudgetDefinition[] = [];
  for (let n = 0; n < count; n++) {
    defined.push(await defineBudget(ledger, idOf(2 + n), { limit: PICO, window: 'month' }));
  }
  return defined;
}

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** In use, once all garbage is gone. */
export function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
