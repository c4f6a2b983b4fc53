/**
 * Merkle tree of a snapshot's events (RFC 9162 §2.1). Its root is in the snapshot, so the snapshot
 * alone is enough to prove that an event is part of it (I4). A leaf hash is SHA-256(0x00 ‖ the
 * exact bytes of the log record) and is stored with the event; a node is SHA-256(0x01 ‖ left ‖
 * right); the tree of no leaves is SHA-256 of nothing.
 *
 * Leaves are streamed: memory is O(log n) whatever the number of events.
 */

export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** @param record the exact bytes of the log record's value */
export function leafHash(sha256: Sha256, record: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + record.length);
  input.set(record, 1);
  return sha256(input);
}

export function nodeHash(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + left.length + right.length);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 1 + left.length);
  return sha256(input);
}

export type MerkleBuilder = {
  /** Leaf hashes in order. */
  add(leaf: Uint8Array): void;
  /** Of the leaves added so far; more may follow. */
  root(): Uint8Array;
};

/** Roots of perfect subtrees, largest first: one for each bit that is set in the number of leaves. */
export function merkleBuilder(sha256: Sha256): MerkleBuilder {
  const subtrees: Uint8Array[] = [];
  let leaves = 0;
  return {
    add(leaf) {
      let hash = leaf;
      // Each trailing one-bit of the old count is a finished subtree of the same size to pair with.
      for (let rest = leaves; rest % 2 === 1; rest = Math.floor(rest / 2)) {
        hash = nodeHash(sha256, subtrees.pop() as Uint8Array, hash);
      }
      subtrees.push(hash);
      leaves += 1;
    },
    root() {
      const last = subtrees.at(-1);
      if (last === undefined) return sha256(new Uint8Array(0));
      return subtrees
        .slice(0, -1)
        .reduceRight((right, left) => nodeHash(sha256, left, right), last);
    },
  };
}
