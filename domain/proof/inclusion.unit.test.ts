import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { verifyInclusion } from './inclusion.ts';
import { leafHash, merkleBuilder } from './merkle.ts';

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());
const [left, right] = ['a', 'b'].map((text) => leafHash(sha256, Buffer.from(text))) as [
  Uint8Array,
  Uint8Array,
];
function rootOf(...leaves: Uint8Array[]): Uint8Array {
  const tree = merkleBuilder(sha256);
  for (const leaf of leaves) tree.add(leaf);
  return tree.root();
}
const proof = { leaf: left, index: 0, count: 2, path: [right], root: rootOf(left, right) };

it('a proof holds for its own place in its own tree', () => {
  expect(verifyInclusion(sha256, proof)).toBe(true);
});

it.each([
  ['an index between two leaves', { ...proof, index: 0.5 }],
  ['an index that is no number', { ...proof, index: Number.NaN }],
  ['a count between two sizes', { ...proof, count: 2.5 }],
  ['an endless tree', { ...proof, count: Number.POSITIVE_INFINITY }],
  ['an index before the first leaf', { ...proof, index: -1 }],
  ['an index after the last leaf', { ...proof, index: 2 }],
  ['a path that is too short', { ...proof, path: [] }],
  // The root of two leaves cannot be that of a tree of one, however it is calculated.
  ['a path that is too long', { leaf: right, index: 0, count: 1, path: [left], root: proof.root }],
])('a proof with %s does not hold', (_, wrong) => {
  expect(verifyInclusion(sha256, wrong)).toBe(false);
});
