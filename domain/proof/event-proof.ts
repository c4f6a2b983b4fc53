/**
 * The proof that one event is part of a snapshot, and the check of it. The check needs the
 * snapshot's bytes and nothing else: no log, no warehouse and no trust in us (I4, docs/design.md,
 * The snapshot).
 */
import { verifyInclusion } from './inclusion.ts';
import { leafHash, type Sha256 } from './merkle.ts';

/** Hashes are lower-case hex. */
export type EventProof = {
  object: 'inclusion_proof';
  snapshot_id: string;
  /** SHA-256 over the snapshot's body; an invoice names the same. */
  snapshot_hash: string;
  event_id: string;
  position: { log: number; partition: number; offset: string };
  /** SHA-256(0x00 ‖ the exact bytes of the event's log record). */
  leaf_hash: string;
  /** 0-based place among the snapshot's leaves. */
  leaf_index: number;
  leaf_count: number;
  /** Sibling hashes from the leaf up to the root. */
  audit_path: string[];
  merkle_root: string;
};

export type ProofFault =
  /** These bytes are not the snapshot that the proof names. */
  | 'snapshot_hash_differs'
  /** The proof's id, root or number of leaves is not the snapshot's. */
  | 'snapshot_differs'
  /** The record's bytes are not those of the leaf. */
  | 'record_differs'
  /** A hash is not hexadecimal text. */
  | 'malformed'
  /** The path does not lead from the leaf to the root. */
  | 'path_differs';

export type ProofInput = {
  proof: EventProof;
  /** The exact UTF-8 bytes of the snapshot's body. */
  snapshot: Uint8Array;
  /** What the body says, parsed from the same bytes. */
  body: { id: string; leaves: { count: number; merkle_root: string } };
  /** The exact bytes of the event's log record, if the caller has them. */
  record: Uint8Array | null;
};

/** Undefined if the proof holds. */
export function faultInProof(sha256: Sha256, input: ProofInput): ProofFault | undefined {
  const { proof, body, record } = input;
  if (sha256(input.snapshot).toHex() !== proof.snapshot_hash) return 'snapshot_hash_differs';
  const { count, merkle_root: root } = body.leaves;
  const same =
    body.id === proof.snapshot_id && count === proof.leaf_count && root === proof.merkle_root;
  if (!same) return 'snapshot_differs';
  if (record !== null && leafHash(sha256, record).toHex() !== proof.leaf_hash) {
    return 'record_differs';
  }
  const hashes = [proof.leaf_hash, proof.merkle_root, ...proof.audit_path];
  if (!hashes.every((hash) => /^[0-9a-f]{64}$/.test(hash))) return 'malformed';
  const holds = verifyInclusion(sha256, {
    leaf: Uint8Array.fromHex(proof.leaf_hash),
    index: proof.leaf_index,
    count: proof.leaf_count,
    path: proof.audit_path.map((hash) => Uint8Array.fromHex(hash)),
    root: Uint8Array.fromHex(proof.merkle_root),
  });
  return holds ? undefined : 'path_differs';
}
