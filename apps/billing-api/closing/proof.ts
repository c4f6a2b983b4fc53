/**
 * Builds the inclusion proof of one event in a frozen snapshot (docs/design.md, The snapshot, I4).
 */
import { sha256, toHex } from '@tollgate/adapters/digest/sha256.ts';
import { countLeavesBefore, leavesOfEvent } from '@tollgate/adapters/warehouse/queries/leaves.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { type Billing, type FrozenPeriod, frozenPeriod } from '@tollgate/domain/period/billing.ts';
import { type EventProof, faultInProof } from '@tollgate/domain/proof/event-proof.ts';
import { inclusionBuilder } from '@tollgate/domain/proof/inclusion.ts';
import { snapshotBody } from '@tollgate/schemas/billing/snapshot.ts';
import { closingLimits } from './closing-limits.ts';
import { usageSetOf } from './freeze.ts';
import { leafHashes } from './leaves.ts';

export type ProofResult =
  | { ok: true; proof: EventProof }
  /** `event_ambiguous`: collectors may share an id; name the `source` as well. */
  | { ok: false; code: 'event_not_in_snapshot' | 'event_ambiguous' };

/** @param event `source` null: any */
export async function proofOf(
  warehouse: Warehouse,
  where: { customerId: string; billing: Billing; period: FrozenPeriod },
  event: { id: string; source: string | null },
  { leafPageRows } = closingLimits,
): Promise<ProofResult> {
  const { period, billing, customerId } = where;
  const set = usageSetOf(customerId, period, frozenPeriod(billing, period.number - 1));
  const [found, other] = await leavesOfEvent(warehouse, set, event);
  if (found === undefined) return { ok: false, code: 'event_not_in_snapshot' };
  if (other !== undefined) return { ok: false, code: 'event_ambiguous' };
  const body = snapshotBody.parse(JSON.parse(period.snapshot.body));
  const { count, merkle_root } = body.leaves;
  const index = await countLeavesBefore(warehouse, set, found);
  const builder = inclusionBuilder(sha256, index, count);
  for await (const leaf of leafHashes(warehouse, set, leafPageRows)) builder.add(leaf);
  const proof: EventProof = {
    object: 'inclusion_proof',
    snapshot_id: period.snapshot.id,
    snapshot_hash: period.snapshot.hash,
    event_id: event.id,
    position: { log: found.log, partition: found.partition, offset: found.offset_text },
    leaf_hash: found.leaf,
    leaf_index: index,
    leaf_count: count,
    audit_path: builder.path().map(toHex),
    merkle_root,
  };
  // A proof that fails means that the warehouse no longer shows what was frozen.
  const snapshot = Buffer.from(period.snapshot.body, 'utf8');
  const fault = faultInProof(sha256, { proof, snapshot, body, record: null });
  if (fault !== undefined) throw new Error(`proof of ${event.id} in ${period.id}: ${fault}`);
  return { ok: true, proof };
}
