/**
 * The limit that is in force at an instant, and what the ledger must say of it in a window before
 * anything is granted there (docs/design.md, Limits that change with time). Time itself changes a
 * limit downwards only: a raise ends, credit ends. That something has ended is recorded in the window
 * by the process that first has to know, by its own clock; from then on it is so for all.
 */
import { formatDecimal12 } from '../money/money.ts';
import { type BudgetAccount, evolveAccount } from './account.ts';
import type { CreditExpired, LimitChanged, LimitFacts, WindowOpened } from './budget-events.ts';
import type { BudgetDefinition, Raise, TopUp } from './definition.ts';
import type { WindowBounds } from './window.ts';

/** Limit and raises, and all credit that does not end. Credit that ends is in a window's lots. */
export function limitAt(definition: BudgetDefinition, nowMs: number): bigint {
  let limit = definition.limit;
  for (const topUp of definition.topUps) if (!ends(topUp)) limit += topUp.amount;
  for (const raise of raisesAt(definition, nowMs)) limit += raise.amount;
  return limit;
}

/** Those in force. */
export function raisesAt({ raises }: BudgetDefinition, nowMs: number): Raise[] {
  // seam: raise-ends-at-its-until
  return raises.filter(({ ended, untilMs }) => !ended && nowMs < untilMs);
}

/** Whether it is credit that ends. */
export function ends({ expiresAtMs }: TopUp): boolean {
  return Number.isFinite(expiresAtMs);
}

/** When time last lowered the limit; -Infinity: never. */
function lastFallMs({ raises }: BudgetDefinition, nowMs: number): number {
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { ended, untilMs } of raises) {
    if (!ended && untilMs <= nowMs && untilMs > lastMs) lastMs = untilMs;
  }
  return lastMs;
}

/** When time lowers what a window has next; Infinity: never. */
export function nextFallMs(
  account: BudgetAccount,
  definition: BudgetDefinition,
  nowMs: number,
): number {
  let nextMs = Number.POSITIVE_INFINITY;
  for (const { untilMs } of raisesAt(definition, nowMs)) nextMs = Math.min(nextMs, untilMs);
  for (const { expiresAtMs } of account.lots) {
    if (expiresAtMs > nowMs) nextMs = Math.min(nextMs, expiresAtMs);
  }
  return nextMs;
}

/** Something of the definition, or of time, is not recorded in the window. */
export function isBehind(
  account: BudgetAccount,
  definition: BudgetDefinition,
  nowMs: number,
): boolean {
  return (
    definition.revision > account.definitionRevision ||
    account.lots.some(({ expiresAtMs }) => expiresAtMs <= nowMs) ||
    isFallen(account, definition, nowMs)
  );
}

/** A raise has ended that is still in the limit. */
function isFallen(account: BudgetAccount, definition: BudgetDefinition, nowMs: number): boolean {
  return lastFallMs(definition, nowMs) > account.asOfMs;
}

/** @param nowMs no earlier than what the window has recorded */
function factsOf(account: BudgetAccount | null, definition: BudgetDefinition, nowMs: number) {
  const fallMs = Math.max(lastFallMs(definition, nowMs), account?.asOfMs ?? -Infinity);
  const known = account?.definitionRevision ?? -1n;
  const credit = definition.topUps
    // Credit that ended before the window knew of it never was.
    .filter((topUp) => ends(topUp) && topUp.revision > known && nowMs < topUp.expiresAtMs)
    .map(({ id, amount, expiresAtMs }) => ({
      top_up_id: id,
      amount: formatDecimal12(amount),
      expires_at: new Date(expiresAtMs).toISOString(),
    }));
  const facts: LimitFacts = {
    limit: formatDecimal12(limitAt(definition, nowMs)),
    definition_revision: String(definition.revision),
  };
  if (Number.isFinite(fallMs)) facts.as_of = new Date(fallMs).toISOString();
  if (credit.length > 0) facts.credit = credit;
  return facts;
}

export function windowOpened(
  definition: BudgetDefinition,
  { startMs, endMs }: WindowBounds,
  nowMs: number,
): WindowOpened {
  const data = {
    budget_id: definition.budget_id,
    window_start: new Date(startMs).toISOString(),
    window_end: Number.isFinite(endMs) ? new Date(endMs).toISOString() : null,
    ...factsOf(null, definition, nowMs),
  };
  return { type: 'WindowOpened', data };
}

/** An event, and what it is about: the same subject is the same append. */
export type WindowChange = { event: LimitChanged | CreditExpired; subject: string };

/**
 * What is to be appended to an open window, in one step and at the account's revision, before
 * anything is granted of it.
 *
 * @param nowMs by the clock of the process that appends it
 */
export function windowChanges(
  account: BudgetAccount,
  definition: BudgetDefinition,
  nowMs: number,
): WindowChange[] {
  const changes: WindowChange[] = [];
  let state = account;
  const happens = (change: WindowChange) => {
    changes.push(change);
    state = evolveAccount(state, change.event);
  };
  // What others have recorded as ended has ended, whatever this clock says.
  const atMs = Math.max(nowMs, account.asOfMs);
  const { revision } = definition;
  const isNewer = revision > account.definitionRevision;
  if (isNewer || (revision === account.definitionRevision && isFallen(account, definition, atMs))) {
    const data = factsOf(account, definition, atMs);
    const subject = data.as_of === undefined ? `${revision}` : `${revision}|${data.as_of}`;
    happens({ event: { type: 'LimitChanged', data }, subject });
  }
  for (const { id, left, expiresAtMs } of state.lots) {
    // seam: credit-ends-at-its-expiry
    if (expiresAtMs > nowMs) continue;
    const data = { top_up_id: id, unused: formatDecimal12(left) };
    happens({ event: { type: 'CreditExpired', data }, subject: id });
  }
  return changes;
}

/**
 * The account as it is once all that holds now is recorded: for those who only look. An archived budget
 * limits nothing: it has what was recorded.
 */
export function accountAt(
  account: BudgetAccount,
  definition: BudgetDefinition,
  bounds: WindowBounds,
  nowMs: number,
): BudgetAccount {
  const opened = account.opened
    ? account
    : evolveAccount(account, windowOpened(definition, bounds, nowMs));
  if (definition.archived) return opened;
  return windowChanges(opened, definition, nowMs).reduce(
    (state, { event }) => evolveAccount(state, event),
    opened,
  );
}
