/**
 * Puts price lists into the ledger when they have changed (I7): from then on every proxy prices by
 * them, and every event names the one that priced it. A retry is the same append.
 */
import { ledgerEventId } from '@tollgate/adapters/ledger/event-ids.ts';
import type { ExpectedRevision, Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { PriceVersionPublished } from '@tollgate/domain/pricing/price.ts';

const TYPE = 'PriceVersionPublished';

/** @returns how many lists were new */
export async function publishPrices(
  ledger: Ledger,
  lists: readonly PriceVersionPublished['data'][],
): Promise<number> {
  let published = 0;
  for (const data of lists) {
    const stream = `price_book-${data.provider}.${data.source}`;
    const past = await ledger.read(stream);
    const last = past.at(-1);
    const known = last?.data as PriceVersionPublished['data'] | undefined;
    if (known?.version === data.version) continue;
    const expected: ExpectedRevision = last?.revision ?? 'no_stream';
    const id = ledgerEventId(stream, TYPE, `${data.version}|${expected}`);
    // A conflict: another process publishes the same lists at this moment.
    if ((await ledger.append(stream, expected, [{ id, type: TYPE, data }])).ok) published++;
  }
  return published;
}
