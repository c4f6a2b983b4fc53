/** Budget windows by themselves (I3), grant by grant: none promised more than its limit at any time. */
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { type BudgetAccount, evolveAccount, noAccount } from '@tollgate/domain/budget/account.ts';
import type { BudgetWindowEvent } from '@tollgate/domain/budget/budget-events.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { ledgerEventData } from '@tollgate/schemas/ledger/ledger-events.ts';
import { pastEvents } from './log-and-ledger.ts';

/**
 * When nothing runs any more, no window may hold anything either.
 *
 * @returns how many windows there are
 * @throws Error naming the first one that is wrong
 */
export async function checkWindows(ledger: Ledger): Promise<number> {
  const accounts = new Map<string, BudgetAccount>();
  for await (const event of pastEvents(ledger, ['budget-'])) {
    const type = event.type as keyof typeof ledgerEventData;
    const data = ledgerEventData[type].parse(event.data);
    const account = evolveAccount(accounts.get(event.stream) ?? noAccount, {
      type,
      data,
    } as BudgetWindowEvent);
    accounts.set(event.stream, account);
    if (event.type === 'LeaseGranted' && account.spent + account.held > account.limit) {
      const promised = formatDecimal12(account.spent + account.held);
      throw new Error(`I3: ${event.stream}@${event.revision} promises ${promised}`);
    }
  }
  for (const [stream, { held, spent, limit }] of accounts) {
    if (held !== 0n) throw new Error(`I3: ${stream} holds ${formatDecimal12(held)}`);
    if (spent > limit) throw new Error(`I3: ${stream} has spent ${formatDecimal12(spent)}`);
  }
  return accounts.size;
}
