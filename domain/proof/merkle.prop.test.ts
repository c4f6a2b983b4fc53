import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inclusionBuilder, verifyInclusion } from './inclusion.ts';
import { leafHash, merkleBuilder, nodeHash } from './merkle.ts';

const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The recursive definition of RFC 9162 §2.1.1, to compare with. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return leaves[0] as Uint8Array;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(sha256, naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)));
}

/** The recursive definition of RFC 9162 §2.1.3.1. */
function naivePath(index: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...naivePath(index, left), naiveRoot(right)]
    : [...naivePath(index - split, right), naiveRoot(left)];
}

function leavesOf(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) =>
    leafHash(sha256, new TextEncoder().encode(`record ${i}`)),
  );
}

function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  const builder = merkleBuilder(sha256);
  for (const leaf of leaves) builder.add(leaf);
  return builder.root();
}

function proofOf(index: number, leaves: readonly Uint8Array[]) {
  const builder = inclusionBuilder(sha256, index, leaves.length);
  for (const leaf of leaves) builder.add(leaf);
  const leaf = leaves[index] as Uint8Array;
  return { leaf, index, count: leaves.length, path: builder.path(), root: rootOf(leaves) };
}

const tree = fc
  .integer({ min: 1, max: 200 })
  .chain((count) => fc.record({ count: fc.constant(count), index: fc.nat(count - 1) }));

describe('Merkle tree of a snapshot (I4)', () => {
  it('the root of no events is SHA-256 of nothing', () => {
    expect(hex(rootOf([]))).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  it('agrees with the known roots of the RFC 6962 reference implementation', () => {
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657'];
    inputs.push('606162636465666768696a6b6c6d6e6f');
    const leaves = inputs.map((input) => leafHash(sha256, Buffer.from(input, 'hex')));
    expect(hex(rootOf(leaves.slice(0, 1)))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
    expect(hex(rootOf(leaves.slice(0, 3)))).toBe(
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    );
    expect(hex(rootOf(leaves))).toBe(
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    );
  });

  it('the streamed root is the recursive one, for every number of leaves to 70', () => {
    const builder = merkleBuilder(sha256);
    const leaves = leavesOf(70);
    leaves.forEach((leaf, i) => {
      builder.add(leaf);
      expect(hex(builder.root())).toBe(hex(naiveRoot(leaves.slice(0, i + 1))));
    });
  });

  it('every proof is the recursive one and verifies', () => {
    fc.assert(
      fc.property(tree, ({ count, index }) => {
        const leaves = leavesOf(count);
        const proof = proofOf(index, leaves);
        expect(proof.path.map(hex)).toEqual(naivePath(index, leaves).map(hex));
        expect(verifyInclusion(sha256, proof)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('no proof verifies with a flipped bit, another place or another size', () => {
    fc.assert(
      fc.property(tree, fc.nat(), fc.nat(255), ({ count, index }, pick, bit) => {
        const proof = proofOf(index, leavesOf(count));
        const flip = (bytes: Uint8Array): Uint8Array =>
          bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
        const other = pick % count;
        expect(verifyInclusion(sha256, { ...proof, leaf: flip(proof.leaf) })).toBe(false);
        expect(verifyInclusion(sha256, { ...proof, root: flip(proof.root) })).toBe(false);
        expect(verifyInclusion(sha256, { ...proof, count: index })).toBe(false);
        expect(verifyInclusion(sha256, { ...proof, path: [...proof.path, proof.leaf] })).toBe(
          false,
        );
        if (other !== index) {
          expect(verifyInclusion(sha256, { ...proof, index: other })).toBe(false);
        }
        if (proof.path.length > 0) {
          const at = pick % proof.path.length;
          const path = proof.path.map((hash, i) => (i === at ? flip(hash) : hash));
          expect(verifyInclusion(sha256, { ...proof, path })).toBe(false);
          expect(verifyInclusion(sha256, { ...proof, path: path.slice(1) })).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a place outside the tree and a stream of the wrong length', () => {
    expect(() => inclusionBuilder(sha256, 3, 3)).toThrow(RangeError);
    expect(() => inclusionBuilder(sha256, -1, 3)).toThrow(RangeError);
    expect(() => inclusionBuilder(sha256, 0, 0)).toThrow(RangeError);
    expect(() => inclusionBuilder(sha256, 0, 2).path()).toThrow(RangeError);
  });
});
