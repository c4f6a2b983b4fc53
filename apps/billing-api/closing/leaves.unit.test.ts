/** The root and the lines of a usage set at the bounds of their pages and sizes, without an engine. */
import { sha256, toHex } from '@tollgate/adapters/digest/sha256.ts';
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import { merkleBuilder } from '@tollgate/domain/proof/merkle.ts';
import { beforeEach, expect, it } from 'vitest';
import { closingLimits } from './closing-limits.ts';
import { leafHashes, rootOfLeaves } from './leaves.ts';
import { JANUARY } from './testing/january.ts';
import { leafOf, MemoryUsage } from './testing/memory-usage.ts';
import { assertLinesFit, usageSums } from './usage-sums.ts';

const endMs = parseInstant('2026-02-01T00:00:00.000Z');
const set = {
  customerId: 'cus_a',
  endMs,
  logs: [{ log: 0, ends: ['3', '1'] }],
  previous: undefined,
};

let usage: MemoryUsage;
beforeEach(() => {
  usage = new MemoryUsage();
  for (const [index, partition] of [1, 0, 0, 0].entries()) {
    usage.use('cus_a', JANUARY, { partition, keyId: `key_${index % 3}` });
  }
  usage.project();
});

it('gives every leaf in order of position, whatever the size of a page (I5)', async () => {
  const inOrder = [...usage.rows]
    .sort((a, b) => a.partition - b.partition || a.offset - b.offset)
    .map((row) => leafOf(row).leaf);
  const tree = merkleBuilder(sha256);
  for (const leaf of inOrder) tree.add(Buffer.from(leaf, 'hex'));
  for (const pageRows of [1, 2, 3, 4, 5]) {
    const leaves: string[] = [];
    for await (const leaf of leafHashes(usage.warehouse, set, pageRows)) {
      leaves.push(toHex(leaf));
      expect(leaves.length).toBeLessThanOrEqual(4);
    }
    expect(leaves).toEqual(inOrder);
    expect(await rootOfLeaves(usage.warehouse, set, pageRows)).toEqual({
      count: 4,
      merkleRoot: toHex(tree.root()),
    });
  }
});

it('asks for no page after one that was not full', async () => {
  await rootOfLeaves(usage.warehouse, set, 3);
  expect(usage.warehouse.done).toHaveLength(2);
});

it('gives as many lines as a snapshot may have, and not one more', async () => {
  const lines = (snapshotLinesMax: number) =>
    usageSums(usage.warehouse, set, [endMs], { ...closingLimits, snapshotLinesMax });
  expect(await lines(3)).toHaveLength(3);
  await expect(lines(2)).rejects.toMatchObject({
    code: 'snapshot_too_large',
    message: 'more than 2 lines',
  });
});

it('lets a period begin to close with as many lines as fit into one append', async () => {
  const check = (snapshotLinesMax: number, appendBytesMax: number) =>
    assertLinesFit(usage.warehouse, set, [endMs], {
      ...closingLimits,
      snapshotLinesMax,
      appendBytesMax,
    });
  const bytes = 3 * closingLimits.snapshotLineBytes;
  await expect(check(3, bytes)).resolves.toBeUndefined();
  for (const refused of [check(2, bytes), check(3, bytes - 1)]) {
    await expect(refused).rejects.toMatchObject({
      code: 'snapshot_too_large',
      message: 'more than 2 lines',
    });
  }
});
