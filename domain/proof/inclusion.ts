/**
 * Inclusion proofs (RFC 9162 §2.1.3): that a leaf is at a given place of the tree with a given
 * root. Built from the stream of all leaves in O(log n) memory; verified from the proof alone.
 */
import { type MerkleBuilder, merkleBuilder, nodeHash, type Sha256 } from './merkle.ts';

/** Leaves `[from, to)` whose subtree is a sibling on the way from the leaf to the root. */
type Sibling = { from: number; to: number };

export type InclusionBuilder = {
  /** Every leaf hash of the tree, in order. */
  add(leaf: Uint8Array): void;
  /** Sibling hashes from the leaf up to the root. */
  path(): Uint8Array[];
};

/** @throws RangeError unless 0 <= index < count, both safe integers */
export function inclusionBuilder(sha256: Sha256, index: number, count: number): InclusionBuilder {
  const siblings = siblingsOf(index, count).map((range) => ({
    ...range,
    builder: merkleBuilder(sha256),
  }));
  const inOrder = siblings.toSorted((a, b) => a.from - b.from);
  let next = 0;
  let current = 0;
  return {
    add(leaf) {
      while (current < inOrder.length && next >= (inOrder[current] as Sibling).to) current += 1;
      const sibling = inOrder[current] as (Sibling & { builder: MerkleBuilder }) | undefined;
      if (sibling !== undefined && next >= sibling.from) sibling.builder.add(leaf);
      next += 1;
    },
    path() {
      if (next !== count) throw new RangeError(`${next} leaves were added, ${count} expected`);
      return siblings.map(({ builder }) => builder.root());
    },
  };
}

/** PATH(m, D[n]) of RFC 9162 §2.1.3.1 as ranges of leaves, nearest to the leaf first. */
function siblingsOf(index: number, count: number): Sibling[] {
  if (!Number.isSafeInteger(count) || !(index >= 0 && index < count)) {
    throw new RangeError(`no leaf ${index} in a tree of ${count}`);
  }
  const fromRoot: Sibling[] = [];
  let from = 0;
  let to = count;
  while (to - from > 1) {
    const split = from + largestPowerOfTwoBelow(to - from);
    if (index < split) {
      fromRoot.push({ from: split, to });
      to = split;
    } else {
      fromRoot.push({ from, to: split });
      from = split;
    }
  }
  return fromRoot.reverse();
}

function largestPowerOfTwoBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

export type InclusionProof = {
  leaf: Uint8Array;
  /** 0-based place of the leaf. */
  index: number;
  /** Number of leaves in the tree. */
  count: number;
  path: readonly Uint8Array[];
  root: Uint8Array;
};

/** RFC 9162 §2.1.3.2: true only if the leaf is at `index` of the tree of `count` leaves. */
export function verifyInclusion(sha256: Sha256, proof: InclusionProof): boolean {
  const { index, count } = proof;
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(count)) return false;
  if (index < 0 || index >= count) return false;
  let at = index;
  let last = count - 1;
  let hash = proof.leaf;
  for (const sibling of proof.path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sha256, sibling, hash);
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(sha256, hash, sibling);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && sameBytes(hash, proof.root);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
