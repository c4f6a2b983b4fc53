/**
 * Accounts of windows of hard budgets, as far as they were read: a window that changes again costs what
 * is new of it. The one that was read longest ago is forgotten first.
 */
import { budgetWindowEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { readEvents } from '@tollgate/adapters/ledger/read-stream.ts';
import { type BudgetAccount, evolveAccount, noAccount } from '@tollgate/domain/budget/account.ts';
import { parseDecimal12 } from '@tollgate/domain/money/money.ts';

export type WatchedAccount = {
  account: BudgetAccount;
  /** What providers billed above their bounds, of settled leases too. */
  overrun: bigint;
  next: bigint;
};

export class WindowAccounts {
  readonly #ledger: Pick<Ledger, 'read'>;
  readonly #keptMax: number;
  readonly #accounts = new Map<string, WatchedAccount>();

  constructor(ledger: Pick<Ledger, 'read'>, keptMax: number) {
    this.#ledger = ledger;
    this.#keptMax = keptMax;
  }

  async read(stream: string): Promise<WatchedAccount> {
    const known = this.#accounts.get(stream) ?? { account: noAccount, overrun: 0n, next: 0n };
    let { account, overrun, next } = known;
    const options = { fromRevision: next };
    for await (const { event, at } of readEvents(
      this.#ledger,
      budgetWindowEvents,
      stream,
      options,
    )) {
      account = evolveAccount(account, event);
      if (event.type === 'Overrun') overrun += parseDecimal12(event.data.amount);
      next = at.revision + 1n;
    }
    const read = { account, overrun, next };
    this.#accounts.delete(stream);
    this.#accounts.set(stream, read);
    for (const oldest of this.#accounts.keys()) {
      if (this.#accounts.size <= this.#keptMax) break;
      this.#accounts.delete(oldest);
    }
    return read;
  }
}

/** Settled, and what is above a bound is counted at once, before its lease is settled. */
export function spentOf({ account }: WatchedAccount): bigint {
  let spent = account.spent;
  for (const { overrun } of account.openLeases.values()) spent += overrun;
  return spent;
}
