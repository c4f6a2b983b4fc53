/** Makes what is appended: the id follows from the command, the type names the current version. */
import type { LedgerEventBody } from './categories.ts';
import { currentStoredType } from './event-category.ts';
import { ledgerEventId } from './event-ids.ts';
import type { NewLedgerEvent } from './ledger.ts';

/**
 * The id is derived from the event's own name, not from its version: a command that is repeated by a
 * newer Tollgate is still the same append.
 *
 * @param subject what the command is about: the same subject is the same append
 */
export function newLedgerEvent(
  stream: string,
  { type, data }: LedgerEventBody,
  subject: string,
): NewLedgerEvent {
  return { id: ledgerEventId(stream, type, subject), type: currentStoredType(type), data };
}
