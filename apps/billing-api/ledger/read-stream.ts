/** One whole ledger stream, page by page. For streams that are short by nature. */
import type { Ledger, LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';

/** Events in order, from `fromRevision`. */
export async function readStream(
  ledger: Ledger,
  stream: string,
  pageEvents: number,
  fromRevision = 0n,
): Promise<LedgerEvent[]> {
  const events: LedgerEvent[] = [];
  let next = fromRevision;
  for (;;) {
    const page = await ledger.read(stream, { fromRevision: next, limit: pageEvents });
    events.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < pageEvents) return events;
    next = last.revision + 1n;
  }
}
