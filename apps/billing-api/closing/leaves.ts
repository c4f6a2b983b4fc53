/**
 * Streams the leaf hashes of a snapshot's rows in order of (log, partition, offset), page by page,
 * so that a root over any number of events takes bounded memory (docs/design.md, The snapshot).
 */
import { sha256, toHex } from '@tollgate/adapters/digest/sha256.ts';
import { type Leaf, pageOfLeaves } from '@tollgate/adapters/warehouse/queries/leaves.ts';
import type { UsageSet } from '@tollgate/adapters/warehouse/queries/usage-set.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { merkleBuilder } from '@tollgate/domain/proof/merkle.ts';

/** @param rows in one page */
export async function* leafHashes(
  warehouse: Warehouse,
  set: UsageSet,
  rows: number,
): AsyncGenerator<Uint8Array> {
  let after: Leaf | undefined;
  while (true) {
    const page: Leaf[] = await pageOfLeaves(warehouse, set, { after, rows });
    for (const { leaf } of page) yield Buffer.from(leaf, 'hex');
    if (page.length < rows) return;
    after = page.at(-1);
  }
}

/** `merkleRoot` in lower-case hex. */
export async function rootOfLeaves(
  warehouse: Warehouse,
  set: UsageSet,
  pageRows: number,
): Promise<{ count: number; merkleRoot: string }> {
  const builder = merkleBuilder(sha256);
  let count = 0;
  for await (const leaf of leafHashes(warehouse, set, pageRows)) {
    builder.add(leaf);
    count += 1;
  }
  return { count, merkleRoot: toHex(builder.root()) };
}
