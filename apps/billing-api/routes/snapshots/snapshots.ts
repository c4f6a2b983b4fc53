/** GET /v1/snapshots, /v1/snapshots/{id}, and proofs that an event is in a snapshot. */
import { type FrozenPeriod, frozenPeriod } from '@tollgate/domain/period/billing.ts';
import { formatInstant } from '@tollgate/domain/period/calendar.ts';
import { eventProof } from '@tollgate/schemas/billing/event-proof.ts';
import {
  billingListQuery,
  proofParams,
  proofQuery,
  type SnapshotSummary,
  snapshotList,
  snapshotParams,
  snapshotView,
} from '@tollgate/schemas/billing/requests.ts';
import type { SnapshotEntry } from '../../closing/billing-index.ts';
import { proofOf } from '../../closing/proof.ts';
import { loadBilling } from '../../closing/streams.ts';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import { pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';

export const listSnapshots = defineRoute({
  operationId: 'listSnapshots',
  method: 'GET',
  path: '/v1/snapshots',
  tag: 'Billing',
  summary: 'List snapshots',
  query: billingListQuery,
  status: 200,
  response: snapshotList,
  errors: [],
  async handler({ query }, { billing }) {
    return pageOf(billing.snapshots(query.customer_id), query, ({ id }) => id, summaryOf);
  },
});

export const getSnapshot = defineRoute({
  operationId: 'getSnapshot',
  method: 'GET',
  path: '/v1/snapshots/{snapshot_id}',
  tag: 'Billing',
  summary: 'Retrieve a snapshot with the exact text that was frozen',
  params: snapshotParams,
  status: 200,
  response: snapshotView,
  errors: ['snapshot_not_found'],
  async handler({ params }, context) {
    const { entry, period } = await load(context, params.snapshot_id);
    return { ...summaryOf(entry), body: period.snapshot.body };
  },
});

export const getProof = defineRoute({
  operationId: 'getInclusionProof',
  method: 'GET',
  path: '/v1/snapshots/{snapshot_id}/proofs/{event_id}',
  tag: 'Billing',
  summary: 'Prove that one event is part of a snapshot',
  description:
    'The audit path of RFC 9162 from the event to the `merkle_root` in the body of the snapshot. ' +
    'With that body, the proof can be checked offline.',
  params: proofParams,
  query: proofQuery,
  status: 200,
  response: eventProof,
  errors: ['snapshot_not_found', 'event_not_in_snapshot', 'event_ambiguous'],
  async handler({ params, query }, context) {
    const { customerId, billing, period } = await load(context, params.snapshot_id);
    const event = { id: params.event_id, source: query.source ?? null };
    const result = await proofOf(context.warehouse, { customerId, billing, period }, event);
    if (!result.ok) throw new ApiProblem(result.code);
    return result.proof;
  },
});

/** Reads the ledger, because the read model does not keep bodies. */
async function load({ billing: index, ledger }: ApiContext, snapshotId: string) {
  const entry = index.snapshot(snapshotId);
  if (entry === undefined) throw new ApiProblem('snapshot_not_found');
  const { customerId, number } = entry;
  const { billing } = await loadBilling(ledger, customerId);
  const period: FrozenPeriod | undefined = frozenPeriod(billing, number);
  if (period === undefined) throw new ApiProblem('snapshot_not_found');
  return { entry, customerId, billing, period };
}

function summaryOf(entry: SnapshotEntry): SnapshotSummary {
  return {
    object: 'snapshot',
    id: entry.id,
    customer_id: entry.customerId,
    period_id: entry.periodId,
    number: entry.number,
    hash: entry.hash,
    frozen_at: formatInstant(entry.frozenAtMs),
  };
}
