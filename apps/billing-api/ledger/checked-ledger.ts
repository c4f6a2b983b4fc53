/**
 * What every reader parses is parsed before it is appended: an event that no reader takes would stop
 * each of them at its place for ever, and nothing can be taken out of a ledger.
 */
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { ledgerEventData } from '@tollgate/schemas/ledger/ledger-events.ts';

/** @returns the ledger; its `append` rejects with ZodError what is of no shape that readers know */
export function checkedLedger(ledger: Ledger): Ledger {
  return {
    appendBytesMax: ledger.appendBytesMax,
    async append(stream, expected, events) {
      for (const { type, data } of events) {
        const shape = ledgerEventData[type as keyof typeof ledgerEventData];
        if (shape === undefined) throw new Error(`${stream}: no reader knows ${type}`);
        shape.parse(data);
      }
      return await ledger.append(stream, expected, events);
    },
    read: (stream, options) => ledger.read(stream, options),
    subscribe: (options) => ledger.subscribe(options),
    close: () => ledger.close(),
  };
}
