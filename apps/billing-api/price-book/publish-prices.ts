/**
 * Appends price lists to the ledger when they have changed (I7). From then on every proxy uses
 * them, and every event names the list that priced it. A retry is the same append.
 */
import { priceBookEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger, LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { readStream } from '@tollgate/adapters/ledger/read-stream.ts';
import { type PriceVersionPublished, priceBookStream } from '@tollgate/domain/pricing/price.ts';

/** @returns how many lists were new */
export async function publishPrices(
  ledger: Ledger,
  lists: readonly PriceVersionPublished['data'][],
): Promise<number> {
  let published = 0;
  for (const data of lists) {
    const stream = priceBookStream(data.provider, data.source);
    let last: LedgerEvent | undefined;
    for await (const event of readStream(ledger, stream)) last = event;
    if (last !== undefined && priceBookEvents.parse(last).data.version === data.version) continue;
    const revision = last?.revision ?? 'no_stream';
    const event = { type: 'PriceVersionPublished', data } as const;
    const list = newLedgerEvent(stream, event, `${data.version}|${revision}`);
    // A conflict means that another process is publishing the same lists at this moment.
    if ((await ledger.append(stream, revision, [list])).ok) published++;
  }
  return published;
}
