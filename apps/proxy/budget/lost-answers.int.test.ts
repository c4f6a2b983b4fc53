/**
 * Three proxies on one budget and a real ledger that loses questions and answers, and carries some out
 * late or twice: what each believes of the window is what its stream says, and no slice is smaller
 * there than what its calls have of it.
 */
import { budgetWindowEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { type BudgetAccount, evolveAccount, noAccount } from '@tollgate/domain/budget/account.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { expect, it } from 'vitest';
import { useBooks } from '../testing/book-house.ts';
import { wanted } from '../testing/budget-house.ts';
import type { BudgetBook } from './budget-book.ts';
import type { WindowAccount } from './window-account.ts';

const books = useBooks();

const QUICK = {
  ...{ leaseSweepMs: 12, leaseScarceIdleMs: 10, leaseIdleMs: 60, leaseReturnPollMs: 5 },
  ...{ leaseReturnWaitMs: 120, leaseReturnAgainMs: 30, leaseRecallEveryMs: 25 },
  ...{ leaseRecallHeardMs: 25, exhaustedForMs: 5, grantTimeoutMs: 800 },
};
const LASTS_MS = 1_000;
/** A deadline that only a defect reaches. */
const WITHIN = { timeout: 30_000 };

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

class Stage {
  readonly random: () => number;
  readonly accounts = new Set<WindowAccount>();
  readonly wrong: string[] = [];
  charged = 0n;
  isHealed = false;
  readonly #stream: string;
  readonly #definition: BudgetDefinition;

  constructor(seed: number, definition: BudgetDefinition) {
    this.random = randomOf(seed);
    this.#definition = definition;
    this.#stream = `budget-${definition.budget_id}@19700101T000000Z`;
  }

  ledger({ append, read }: Ledger): Partial<Ledger> {
    return {
      append: async (...of) => {
        const fate = this.isHealed ? 1 : this.random();
        if (fate < 0.05) throw new Error('away');
        if (fate < 0.12) {
          void pause(this.random() * 60).then(() => append(...of));
          throw new Error('given up');
        }
        await pause(this.random() * 4);
        const result = await append(...of);
        if (fate < 0.2) throw new Error('lost');
        if (fate < 0.25) void pause(this.random() * 30).then(() => append(...of));
        return result;
      },
      read: async (...of) => {
        if (!this.isHealed && this.random() < 0.04) throw new Error('away');
        const events = await read(...of);
        await pause(this.random() * 4);
        return events;
      },
    };
  }

  /** Holds, runs and is charged, most often far less than it held. */
  async call(book: BudgetBook): Promise<void> {
    const amount = BigInt(1 + Math.floor(this.random() ** 3 * 6_000));
    const outcome = await book.hold([wanted(this.#definition, amount)], Date.now());
    if (outcome.kind !== 'held') return;
    await pause(this.random() ** 2 * 150);
    const thousandths = BigInt(Math.floor((this.random() < 0.7 ? 0.02 : this.random()) * 1_000));
    for (const { account, parts } of outcome.holds) {
      this.accounts.add(account);
      const charges = parts.map((part) => (part.amount * thousandths) / 1_000n);
      for (const charge of charges) this.charged += charge;
      account.release(parts, charges);
    }
  }

  /** @returns the window as its stream says it */
  async look(proxies: readonly BudgetBook[]): Promise<BudgetAccount> {
    let account = noAccount;
    for (const event of await books().ledger.read(this.#stream, { limit: 100_000 })) {
      const typed = budgetWindowEvents.parse(event);
      account = evolveAccount(account, typed);
      const isOver = account.spent + account.held > account.limit;
      if (typed.type === 'LeaseGranted' && isOver) this.wrong.push(`over at ${event.revision}`);
    }
    for (const { leaseId, amount, spent, held } of this.leases(proxies)) {
      const open = account.openLeases.get(leaseId)?.amount;
      if (open !== undefined && (amount > open || spent + held > open)) {
        this.wrong.push(`${leaseId} of ${open} has ${amount} here, ${spent} spent, ${held} held`);
      }
    }
    return account;
  }

  leases(proxies: readonly BudgetBook[]) {
    return proxies.flatMap((book) => book.leasesOf(this.#stream));
  }
}

it.each([1, 2, 3])(
  'I3: no lost answer makes a slice smaller than what its calls have, or an account wrong: seed %i',
  WITHIN,
  async (seed) => {
    const stage = new Stage(seed, await books().define());
    const between = stage.ledger(books().ledger);
    const open = () => books().open({ limits: QUICK, between });
    const proxies = [await open(), await open(), await open()];
    for (const book of proxies) book.start();
    const calls: Promise<void>[] = [];
    for (const endMs = performance.now() + LASTS_MS; performance.now() < endMs; ) {
      calls.push(stage.call(proxies[Math.floor(stage.random() * 3)] as BudgetBook));
      if (stage.random() < 0.1) await stage.look(proxies);
      await pause(stage.random() * 12);
    }
    await Promise.all(calls);
    stage.isHealed = true;
    let end: BudgetAccount;
    do {
      // A grant that nobody waits for any more may be in doubt when the calls have ended.
      await pause(20);
      await Promise.all(proxies.map((book) => book.stop()));
      end = await stage.look(proxies);
    } while (end.held > 0n);
    expect(stage.wrong).toEqual([]);
    expect([end.held, end.spent]).toEqual([0n, stage.charged]);
    for (const account of stage.accounts) {
      await account.refresh();
      expect(account.account).toEqual(end);
    }
  },
);
