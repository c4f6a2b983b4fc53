/** Budget windows by themselves (I3), grant by grant: none promised more than its limit at any time. */
import { budgetWindowEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { type BudgetAccount, evolveAccount, noAccount } from '@tollgate/domain/budget/account.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { pastEvents } from './log-and-ledger.ts';

/**
 * When nothing runs any more, no window may hold anything either.
 *
 * @returns how many windows there are
 * @throws Error naming the first one that is wrong
 */
export async function checkWindows(ledger: Ledger): Promise<number> {
  const accounts = new Map<string, BudgetAccount>();
  for await (const at of pastEvents(ledger, [budgetWindowEvents.prefix])) {
    const event = budgetWindowEvents.parse(at);
    const account = evolveAccount(accounts.get(at.stream) ?? noAccount, event);
    accounts.set(at.stream, account);
    if (event.type === 'LeaseGranted' && account.spent + account.held > account.limit) {
      const promised = formatDecimal12(account.spent + account.held);
      throw new Error(`I3: ${at.stream}@${at.revision} promises ${promised}`);
    }
  }
  for (const [stream, { held, spent, limit }] of accounts) {
    if (held !== 0n) throw new Error(`I3: ${stream} holds ${formatDecimal12(held)}`);
    if (spent > limit) throw new Error(`I3: ${stream} has spent ${formatDecimal12(spent)}`);
  }
  return accounts.size;
}
