/**
 * Freezes a closing period into its snapshot, and issues the snapshot's invoice (docs/design.md,
 * The snapshot). Everything here follows from the ledger and from the log below the cut that
 * `PeriodClosing` names, so a retry, a resumed run and a second closer all write the same bytes
 * (I4, I5).
 */

import { sha256Hex, sha256Text } from '@tollgate/adapters/digest/sha256.ts';
import {
  AppendTooLarge,
  appendBytes,
  type Ledger,
  type NewLedgerEvent,
} from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import type { UsageSet } from '@tollgate/adapters/warehouse/queries/usage-set.ts';
import { historyInSet, unresolvedInSet } from '@tollgate/adapters/warehouse/queries/usage-sums.ts';
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
import { InexactInteger } from '@tollgate/domain/period/exact-integer.ts';
import {
  billingStreams,
  type InvoiceIssued,
  invoiceStreams,
} from '@tollgate/domain/period/period-events.ts';
import {
  CURRENT_SNAPSHOT_VERSION,
  type SnapshotBody,
  type SnapshotInput,
  type SnapshotVersion,
  snapshotBody,
  type UsageSum,
} from '@tollgate/domain/period/snapshot.ts';
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
 * @throws ClosingError event_counted_twice, leaf_count_differs, snapshot_too_large,
 *   amount_too_large
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
  // seam: invoice-before-freezing
  // Frozen is permanent, so a snapshot that no invoice can be made from must not be frozen.
  assertFits(deps.ledger, await invoiceIssued(snapshotSchema.parse(content), hash));
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

/**
 * Asked before a period begins to close, once its cut is projected: a period that is closing can no
 * longer be closed in parts.
 *
 * @throws ClosingError snapshot_too_large, amount_too_large
 */
export async function assertBillable(
  deps: Pick<ClosingDeps, 'ledger' | 'warehouse' | 'closingLimits'>,
  customerId: string,
  billing: Billing,
  period: ClosingPeriod,
): Promise<void> {
  const version = CURRENT_SNAPSHOT_VERSION;
  const { sums } = await usageOf(deps, customerId, billing, period, version);
  const nothing = {
    ...{ unresolved: { count: 0, event_ids: [] }, leaves: { count: 0, merkleRoot: '' } },
    history: null,
  };
  const content = await exactly(() =>
    bodyOf({ customerId, billing, period, sums, ...nothing }, version),
  );
  assertFits(deps.ledger, await invoiceIssued(content, sha256Hex('')));
}

/**
 * Makes the period's snapshot from the warehouse and from the periods before it.
 *
 * @param version of one that is frozen: its own
 */
export async function workOutSnapshot(
  deps: Pick<ClosingDeps, 'warehouse' | 'closingLimits'>,
  customerId: string,
  billing: Billing,
  period: ClosingPeriod | FrozenPeriod,
  version: SnapshotVersion = CURRENT_SNAPSHOT_VERSION,
): Promise<SnapshotBody> {
  const { warehouse } = deps;
  const limits = limitsOf(deps);
  await assertCountedOnce(warehouse, customerId, period.logs);
  const { set, sums } = await usageOf(deps, customerId, billing, period, version);
  const leaves = await rootOfLeaves(warehouse, set, limits.leafPageRows);
  const unresolved = await unresolvedInSet(warehouse, set, limits.unresolvedIdsMax, version);
  const history = await historyInSet(warehouse, set);
  const content = await exactly(() =>
    bodyOf({ customerId, billing, period, sums, unresolved, leaves, history }, version),
  );
  if (content.totals.events !== leaves.count) {
    const text = `${content.totals.events} events in lines, ${leaves.count} leaves`;
    throw new ClosingError('leaf_count_differs', `${period.id}: ${text}`);
  }
  return content;
}

async function usageOf(
  deps: Pick<ClosingDeps, 'warehouse' | 'closingLimits'>,
  customerId: string,
  billing: Billing,
  period: ClosingPeriod | FrozenPeriod,
  version: SnapshotVersion,
): Promise<{ set: UsageSet; sums: UsageSum[] }> {
  const set = usageSetOf(customerId, period, frozenPeriod(billing, period.number - 1));
  const endsMs = periodEnds(billing, period.number, period.endMs);
  const sums = await exactly(() => usageSums(deps.warehouse, set, endsMs, limitsOf(deps), version));
  return { set, sums };
}

type Content = Pick<
  SnapshotInput,
  'customerId' | 'period' | 'sums' | 'unresolved' | 'leaves' | 'history'
>;

function bodyOf(
  { billing, ...content }: Content & { billing: Billing },
  version: SnapshotVersion,
): SnapshotBody {
  const facts = {
    snapshotId: snapshotIdOf(content.period),
    previous: frozenPeriod(billing, content.period.number - 1),
    markupPpmOf: (number: number) => frozenAt(billing, number).markupPpm,
    exchangeRateOf: (number: number) => frozenAt(billing, number).exchangeRate,
  };
  return snapshotBody({ ...content, ...facts }, version);
}

/** A number that is not exact is a matter of what is billed, not a failure of the service. */
async function exactly<T>(make: () => T | Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (cause) {
    if (!(cause instanceof InexactInteger)) throw cause;
    throw new ClosingError('amount_too_large', cause.message);
  }
}

function assertFits(ledger: Ledger, { event }: { event: NewLedgerEvent }): void {
  const bytes = appendBytes([event]);
  if (bytes <= ledger.appendBytesMax) return;
  throw new ClosingError('snapshot_too_large', `an invoice of ${bytes} bytes`);
}

/**
 * Derived from the period, so that every closer gets the same id; ids sort by the periods' ends.
 */
function snapshotIdOf(period: ClosingPeriod | FrozenPeriod): string {
  return makeId('snp', period.endMs, sha256Text(`snapshot:${period.id}`));
}

function frozenAt(billing: Billing, number: number): FrozenPeriod {
  const period = frozenPeriod(billing, number);
  if (period === undefined) throw new Error(`period ${number} is not frozen`);
  return period;
}

/**
 * Issues the invoice of a frozen period, only once, however many callers ask.
 *
 * @throws ClosingError invoice_differs, amount_too_large
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

/** The invoice of a snapshot, as it is appended. @throws ClosingError amount_too_large */
async function invoiceIssued(snapshot: SnapshotBody, snapshotHash: string) {
  const content = await exactly(() => invoiceBody(snapshot, snapshotHash));
  const body = canonicalJson(content);
  const data: InvoiceIssued['data'] = {
    invoice_id: content.id,
    customer_id: content.customer_id,
    snapshot_id: snapshot.id,
    snapshot_hash: snapshotHash,
    body,
    hash: sha256Hex(body),
  };
  const stream = invoiceStreams.of(content.id);
  const subject = `${content.id}|${data.hash}`;
  const event = newLedgerEvent(stream, { type: 'InvoiceIssued', data }, subject);
  return { stream, event, hash: data.hash };
}

async function appendInvoice(
  ledger: Ledger,
  invoiceId: string,
  snapshot: FrozenPeriod['snapshot'],
): Promise<void> {
  const content = snapshotSchema.parse(JSON.parse(snapshot.body));
  const { stream, event, hash } = await invoiceIssued(content, snapshot.hash);
  const result = await ledger.append(stream, 'no_stream', [event]);
  if (result.ok) return;
  const other = await loadInvoice(ledger, invoiceId);
  if (other?.hash !== hash) {
    throw new ClosingError('invoice_differs', `${invoiceId} was issued with another body`);
  }
}
