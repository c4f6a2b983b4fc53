/**
 * Freezes a closing period into its snapshot, and issues the snapshot's invoice (docs/design.md,
 * The snapshot). Everything here follows from the ledger and from the log below the cut that
 * `PeriodClosing` names, so a retry, a resumed run and a second closer all write the same bytes
 * (I4, I5).
 */

import { sha256Hex, sha256Text } from '@tollgate/adapters/digest/sha256.ts';
import { AppendTooLarge, type Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import type { UsageSet } from '@tollgate/adapters/warehouse/queries/usage-set.ts';
import { unresolvedInSet } from '@tollgate/adapters/warehouse/queries/usage-sums.ts';
import { makeId } from '@tollgate/domain/ids/ids.ts';
import { invoiceBody, invoiceIdOf } from '@tollgate/domain/invoice/invoice.ts';
import {
  type Billing,
  type ClosingPeriod,
  type FrozenPeriod,
  frozenPeriod,
  periodEnds,
} from '@tollgate/domain/period/billing.ts';
import { decideFreeze } from '@tollgate/domain/period/decide.ts';
import {
  billingStreams,
  type InvoiceIssued,
  invoiceStreams,
} from '@tollgate/domain/period/period-events.ts';
import { type SnapshotBody, snapshotBody } from '@tollgate/domain/period/snapshot.ts';
import { canonicalJson } from '@tollgate/domain/proof/canonical-json.ts';
import { snapshotBody as snapshotSchema } from '@tollgate/schemas/billing/snapshot.ts';
import { type ClosingDeps, limitsOf } from './closing-deps.ts';
import { ClosingError } from './closing-error.ts';
import { assertCountedOnce } from './cut.ts';
import { rootOfLeaves } from './leaves.ts';
import { type LoadedBilling, loadInvoice } from './streams.ts';
import { usageSums } from './usage-sums.ts';

/** The rows of one period's snapshot. */
export function usageSetOf(
  customerId: string,
  period: Pick<ClosingPeriod, 'endMs' | 'logs'>,
  previous: FrozenPeriod | undefined,
): UsageSet {
  const { endMs, logs } = period;
  return {
    customerId,
    endMs,
    logs,
    previous: previous && { endMs: previous.endMs, logs: previous.logs },
  };
}

/**
 * Appends `SnapshotFrozen`, unless another closer was first: the caller reads the stream again and
 * goes on from what it finds. The projector must have applied the cut.
 *
 * @throws ClosingError event_counted_twice, leaf_count_differs, snapshot_too_large
 */
export async function freeze(
  deps: Pick<ClosingDeps, 'ledger' | 'warehouse' | 'closingLimits'>,
  customerId: string,
  { billing, revision }: LoadedBilling,
  period: ClosingPeriod,
): Promise<void> {
  const content = await workOutSnapshot(deps, customerId, billing, period);
  const body = canonicalJson(content);
  const hash = sha256Hex(body);
  const command = { periodId: period.id, snapshotId: content.id, body, hash };
  const decision = decideFreeze(billing, command);
  if (!decision.ok) throw new Error(`${period.id}: ${decision.refusal.code}`);
  const stream = billingStreams.of(customerId);
  // Frozen is permanent, so a snapshot that no invoice can be made from must not be frozen.
  snapshotSchema.parse(content);
  // seam: snapshot-event-id
  const frozen = newLedgerEvent(stream, decision.event, `${content.id}|${hash}`);
  try {
    // seam: snapshot-frozen-no-invoice
    await deps.ledger.append(stream, revision, [frozen]);
  } catch (cause) {
    if (!(cause instanceof AppendTooLarge)) throw cause;
    throw new ClosingError('snapshot_too_large', cause.message);
  }
}

/** Makes the period's snapshot from the warehouse and from the periods before it. */
export async function workOutSnapshot(
  deps: Pick<ClosingDeps, 'warehouse' | 'closingLimits'>,
  customerId: string,
  billing: Billing,
  period: ClosingPeriod | FrozenPeriod,
): Promise<SnapshotBody> {
  const { warehouse } = deps;
  const limits = limitsOf(deps);
  const previous = frozenPeriod(billing, period.number - 1);
  const set = usageSetOf(customerId, period, previous);
  await assertCountedOnce(warehouse, customerId, period.logs);
  const endsMs = periodEnds(billing, period.number, period.endMs);
  const sums = await usageSums(warehouse, set, endsMs, limits);
  const leaves = await rootOfLeaves(warehouse, set, limits.leafPageRows);
  const content = snapshotBody({
    snapshotId: snapshotIdOf(period),
    customerId,
    period,
    previous,
    sums,
    markupPpmOf: (number) => markupPpmOf(billing, number),
    unresolved: await unresolvedInSet(warehouse, set, limits.unresolvedIdsMax),
    leaves,
  });
  if (content.totals.events !== leaves.count) {
    const text = `${content.totals.events} events in lines, ${leaves.count} leaves`;
    throw new ClosingError('leaf_count_differs', `${period.id}: ${text}`);
  }
  return content;
}

/**
 * Derived from the period, so that every closer gets the same id; ids sort by the periods' ends.
 */
function snapshotIdOf(period: ClosingPeriod | FrozenPeriod): string {
  return makeId('snp', period.endMs, sha256Text(`snapshot:${period.id}`));
}

function markupPpmOf(billing: Billing, number: number): number {
  const period = frozenPeriod(billing, number);
  if (period === undefined) throw new Error(`period ${number} is not frozen`);
  return period.markupPpm;
}

/**
 * Issues the invoice of a frozen period, only once, however many callers ask.
 *
 * @throws ClosingError invoice_differs
 */
export async function issueInvoice(ledger: Ledger, { snapshot }: FrozenPeriod): Promise<string> {
  const invoiceId = invoiceIdOf(snapshot.id);
  const issued = await loadInvoice(ledger, invoiceId);
  if (issued === undefined) await appendInvoice(ledger, invoiceId, snapshot);
  else if (issued.snapshot_hash !== snapshot.hash) {
    throw new ClosingError('invoice_differs', `${invoiceId} is of another snapshot`);
  }
  return invoiceId;
}

async function appendInvoice(
  ledger: Ledger,
  invoiceId: string,
  snapshot: FrozenPeriod['snapshot'],
): Promise<void> {
  const content = invoiceBody(snapshotSchema.parse(JSON.parse(snapshot.body)), snapshot.hash);
  const body = canonicalJson(content);
  const data: InvoiceIssued['data'] = {
    invoice_id: invoiceId,
    customer_id: content.customer_id,
    snapshot_id: snapshot.id,
    snapshot_hash: snapshot.hash,
    body,
    hash: sha256Hex(body),
  };
  const stream = invoiceStreams.of(invoiceId);
  const subject = `${invoiceId}|${data.hash}`;
  const issued = newLedgerEvent(stream, { type: 'InvoiceIssued', data }, subject);
  const result = await ledger.append(stream, 'no_stream', [issued]);
  if (result.ok) return;
  const other = await loadInvoice(ledger, invoiceId);
  if (other?.hash !== data.hash) {
    throw new ClosingError('invoice_differs', `${invoiceId} was issued with another body`);
  }
}
