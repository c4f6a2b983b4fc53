/**
 * Parses every event before it is appended, as its readers will: an event that no reader accepts
 * would stop all of them permanently, and nothing can be removed from a ledger.
 */
import { anyLedgerEvent } from './categories.ts';
import type { Ledger } from './ledger.ts';

/** @returns the ledger; its `append` rejects an event that readers of its stream do not know */
export function checkedLedger(ledger: Ledger): Ledger {
  return {
    appendBytesMax: ledger.appendBytesMax,
    async append(stream, expected, events, urgency) {
      for (const { type, data } of events) {
        const known = anyLedgerEvent.parse({ stream, type, data });
        if (known === null) throw new Error(`${stream}: no reader knows ${type}`);
      }
      return await ledger.append(stream, expected, events, urgency);
    },
    read: (stream, options) => ledger.read(stream, options),
    subscribe: (options) => ledger.subscribe(options),
    close: () => ledger.close(),
  };
}
