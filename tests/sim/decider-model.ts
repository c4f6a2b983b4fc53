/** What the commands of the decider's test share: the window as it should be, and as it is. */
import { available, type BudgetAccount, evolveAccount } from '@tollgate/domain/budget/account.ts';
import type { BudgetWindowEvent } from '@tollgate/domain/budget/budget-events.ts';
import type fc from 'fast-check';
import type { CreditModel } from './credit-model.ts';

/** What the window should be. */
export type Model = {
  credit: CreditModel;
  revision: bigint;
  /** Raises that ended by then are not in the limit. */
  asOfMs: number;
  granted: string[];
};
export type Real = { account: BudgetAccount };
export type Command = fc.Command<Model, Real>;

/** Applies an event, and compares everything. */
export function happen({ credit }: Model, real: Real, event: BudgetWindowEvent): void {
  real.account = evolveAccount(real.account, event);
  const { limit, spent, held } = credit;
  const said = real.account;
  const saidOpen = [...said.openLeases.keys()].sort().join();
  const open = [...credit.leases.keys()].sort().join();
  must(said.limit === limit, `the limit is ${said.limit}, not ${limit}`);
  must(said.spent === spent, `spent is ${said.spent}, not ${spent}`);
  must(said.held === held, `held is ${said.held}, not ${held}`);
  must(saidOpen === open, `open are ${saidOpen}, not ${open}`);
  const left = limit - spent - held;
  must(available(said) === left, `left is ${available(said)}, not ${left}`);
  const saidLots = said.lots.map(({ id, left }) => `${id}:${left}`).join();
  const lots = credit.live().map(({ id, left }) => `${id}:${left}`);
  must(saidLots === lots.join(), `of the credit ${saidLots} is left, not ${lots}`);
}

export function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

/** An open lease, if there is one. */
export function pick({ credit }: Readonly<Model>, which: number): string {
  const open = [...credit.leases.keys()];
  return open[which % Math.max(1, open.length)] as string;
}

export function mustThrow(does: () => unknown): void {
  try {
    does();
  } catch {
    return;
  }
  throw new Error('a stream that breaks its own rules was folded');
}
