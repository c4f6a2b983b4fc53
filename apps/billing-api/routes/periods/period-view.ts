/** A period as the API shows it. */
import { invoiceIdOf } from '@tollgate/domain/invoice/invoice.ts';
import type { Period } from '@tollgate/domain/period/billing.ts';
import { formatInstant } from '@tollgate/domain/period/calendar.ts';
import type { PeriodView } from '@tollgate/schemas/billing/requests.ts';
import { loadBilling } from '../../closing/streams.ts';
import type { ApiContext } from '../../context.ts';

export function viewPeriod(customerId: string, period: Period): PeriodView {
  const snapshotId = period.status === 'frozen' ? period.snapshot.id : null;
  return {
    object: 'period',
    id: period.id,
    customer_id: customerId,
    number: period.number,
    start: formatInstant(period.startMs),
    end: formatInstant(period.endMs),
    time_zone: period.timeZone,
    anchor_day: period.anchorDay,
    currency: period.currency,
    status: period.status === 'frozen' ? 'closed' : period.status,
    cut_id: period.status === 'open' ? null : period.cutId,
    snapshot_id: snapshotId,
    invoice_id: snapshotId === null ? null : invoiceIdOf(snapshotId),
  };
}

/** Waits, within a bound, until lists and look-ups show what a command has written. */
export async function awaitReadModel(
  { billing: index, ledger, limits }: ApiContext,
  customerId: string,
): Promise<void> {
  const { billing, revision } = await loadBilling(ledger, customerId);
  if (revision === 'no_stream') return;
  await index.seesBilling(customerId, revision, limits.readYourWritesMs);
  const last = billing.periods.findLast(({ status }) => status === 'frozen');
  if (last?.status !== 'frozen') return;
  await index.seesInvoice(invoiceIdOf(last.snapshot.id), limits.readYourWritesMs);
}
