import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { type EventProof, faultInProof } from './event-proof.ts';
import { inclusionBuilder } from './inclusion.ts';
import { leafHash, merkleBuilder } from './merkle.ts';

const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const records = ['a', 'b', 'c', 'd', 'e'].map(utf8);
const leaves = records.map((record) => leafHash(sha256, record));
const tree = merkleBuilder(sha256);
const builder = inclusionBuilder(sha256, 3, leaves.length);
for (const leaf of leaves) {
  tree.add(leaf);
  builder.add(leaf);
}
const body = { id: 'snp_1', leaves: { count: 5, merkle_root: tree.root().toHex() } };
const snapshot = utf8(canonicalJson(body));
const record = records[3] as Uint8Array;
const proof: EventProof = {
  object: 'inclusion_proof',
  snapshot_id: 'snp_1',
  snapshot_hash: sha256(snapshot).toHex(),
  event_id: 'd',
  position: { log: 0, partition: 4, offset: '17' },
  leaf_hash: (leaves[3] as Uint8Array).toHex(),
  leaf_index: 3,
  leaf_count: 5,
  audit_path: builder.path().map((hash) => hash.toHex()),
  merkle_root: tree.root().toHex(),
};

describe('proof of one event (I4)', () => {
  it('holds for the snapshot, with and without the record', () => {
    expect(faultInProof(sha256, { proof, snapshot, body, record })).toBeUndefined();
    expect(faultInProof(sha256, { proof, snapshot, body, record: null })).toBeUndefined();
  });

  it('fails when any byte of the proof, the snapshot or the record is changed', () => {
    const flipped = (hex: string): string => (hex.startsWith('0') ? '1' : '0') + hex.slice(1);
    const fault = (change: Partial<EventProof>) =>
      faultInProof(sha256, { proof: { ...proof, ...change }, snapshot, body, record: null });
    const path = [...proof.audit_path.slice(1), flipped(proof.audit_path[0] as string)];
    expect([
      faultInProof(sha256, { proof, snapshot: utf8(' {}'), body, record }),
      faultInProof(sha256, { proof, snapshot, body, record: utf8('D') }),
      fault({ leaf_hash: flipped(proof.leaf_hash) }),
      fault({ audit_path: path }),
      fault({ audit_path: ['xyz'] }),
      fault({ leaf_index: 2 }),
      fault({ leaf_count: 6 }),
      fault({ snapshot_id: 'snp_2' }),
      fault({ merkle_root: flipped(proof.merkle_root) }),
    ]).toEqual([
      'snapshot_hash_differs',
      'record_differs',
      'path_differs',
      'path_differs',
      'malformed',
      'path_differs',
      'snapshot_differs',
      'snapshot_differs',
      'snapshot_differs',
    ]);
  });
});
