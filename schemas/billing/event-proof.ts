/** The only definition of an inclusion proof on the wire (docs/design.md, The snapshot). */
import type { EventProof } from '@tollgate/domain/proof/event-proof.ts';
import { z } from 'zod';
import { objectId, shortName } from '../names/names.ts';
import { sha256Hex } from './snapshot.ts';

const count = z.int().min(0);

export const eventProof = z.strictObject({
  object: z.literal('inclusion_proof'),
  snapshot_id: objectId,
  snapshot_hash: sha256Hex,
  event_id: shortName,
  position: z.strictObject({ log: count, partition: count, offset: z.string().regex(/^\d+$/) }),
  leaf_hash: sha256Hex,
  leaf_index: count,
  leaf_count: z.int().min(1),
  audit_path: z.array(sha256Hex).max(64),
  merkle_root: sha256Hex,
}) satisfies z.ZodType<EventProof>;
