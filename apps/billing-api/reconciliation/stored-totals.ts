/** A provider's totals in the ledger: chunk by chunk, the comparison last. */
import { providerTotalsEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { ExpectedRevision } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { readEvents } from '@tollgate/adapters/ledger/read-stream.ts';
import { formatDecimal, parseDecimal } from '@tollgate/domain/money/money.ts';
import type {
  ProviderTotalsEvent,
  StoredTotalsRow,
  TotalsComparison,
} from '@tollgate/domain/reconciliation/totals/totals-events.ts';
import type { TotalsRow } from '@tollgate/domain/reconciliation/totals/totals-row.ts';
import type { ApiContext } from '../context.ts';
import { ApiProblem } from '../http/errors.ts';

const PLACES = 18;

export const decimal18 = (atto: bigint) => formatDecimal(atto, PLACES);
export const attoOf18 = (text: string) => parseDecimal(text, PLACES);

export async function storeTotals(
  { ledger, limits, directory }: ApiContext,
  compared: TotalsComparison,
  rows: readonly TotalsRow[],
): Promise<void> {
  const { totals_id } = compared;
  const stream = providerTotalsEvents.of(totals_id);
  const size = limits.totalsChunkRows;
  const events: ProviderTotalsEvent[] = [];
  for (let chunk = 0; chunk < compared.chunks; chunk++) {
    const part = rows.slice(chunk * size, (chunk + 1) * size).map(stored);
    events.push({ type: 'TotalsRows', data: { totals_id, chunk, rows: part } });
  }
  events.push({ type: 'TotalsCompared', data: compared });
  let expected: ExpectedRevision = 'no_stream';
  for (const [index, event] of events.entries()) {
    const result = await ledger.append(stream, expected, [
      newLedgerEvent(stream, event, String(index)),
    ]);
    if (!result.ok) throw new ApiProblem('concurrent_change');
    expected = result.revision;
  }
  if (expected === 'no_stream') return;
  await directory.sees(stream, expected, limits.readYourWritesMs);
}

export async function storedRows({ ledger }: ApiContext, totalsId: string): Promise<TotalsRow[]> {
  const rows: TotalsRow[] = [];
  const stream = providerTotalsEvents.of(totalsId);
  for await (const { event } of readEvents(ledger, providerTotalsEvents, stream)) {
    if (event.type === 'TotalsRows') rows.push(...event.data.rows.map(restored));
  }
  return rows;
}

function stored({ amount, amountOf, identities, ...row }: TotalsRow): StoredTotalsRow {
  return {
    ...{ ...row, identities: [...identities], amount_of: amountOf },
    quantities: { ...row.quantities },
    amount: amount === null ? null : decimal18(amount),
  };
}

function restored({ amount, amount_of, ...row }: StoredTotalsRow): TotalsRow {
  const amountAtto = amount === null ? null : attoOf18(amount);
  return { ...row, amount: amountAtto, amountOf: amount_of };
}
