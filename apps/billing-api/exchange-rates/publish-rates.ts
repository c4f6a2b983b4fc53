/** Appends a table of exchange rates; a retry is the same append. */
import type { ExpectedRevision, Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { readStream } from '@tollgate/adapters/ledger/read-stream.ts';
import type { RateTable } from '@tollgate/domain/exchange/exchange-rate.ts';
import {
  EXCHANGE_RATES_ID,
  exchangeRateStreams,
} from '@tollgate/domain/exchange/exchange-rate-events.ts';

/** @returns where the table is; null if others appended at the same moment */
export async function publishRates(
  ledger: Ledger,
  table: RateTable,
  pageEvents: number,
): Promise<bigint | null> {
  const stream = exchangeRateStreams.of(EXCHANGE_RATES_ID);
  const event = { type: 'ExchangeRatesPublished', data: table } as const;
  const published = newLedgerEvent(stream, event, table.version);
  let expected: ExpectedRevision = 'no_stream';
  for await (const { id, revision } of readStream(ledger, stream, { pageEvents })) {
    if (id === published.id) return revision;
    expected = revision;
  }
  const result = await ledger.append(stream, expected, [published]);
  return result.ok ? result.revision : null;
}
