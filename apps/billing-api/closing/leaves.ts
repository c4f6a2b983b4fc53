/**
 * Streams the leaf hashes of a snapshot's rows in order of (log, partition, offset), page by page, so
 * that a root over any number of events takes bounded memory (design §10.4).
 */

import { sha256, toHex } from '@tollgate/adapters/digest/sha256.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { merkleBuilder } from '@tollgate/domain/proof/merkle.ts';
import { closingLimits } from './closing-limits.ts';
import { type UsageSet, usageSetSql } from './usage-set.ts';

/** `offset_text`: 64 bits do not fit a JSON number. */
export type Position = { log: number; partition: number; offset_text: string };

type LeafRow = Position & { leaf: string };

export async function* leafHashes(warehouse: Warehouse, set: UsageSet): AsyncGenerator<Uint8Array> {
  const { where, params } = usageSetSql(set);
  let after: Position | undefined;
  while (true) {
    const page: LeafRow[] = await warehouse.query<LeafRow>(
      `SELECT log, partition, toString(\`offset\`) AS offset_text, lower(hex(leaf_hash)) AS leaf
       FROM tollgate.raw_usage WHERE ${where} ${after === undefined ? '' : `AND ${AFTER_SQL}`}
       ORDER BY log, partition, \`offset\`
       LIMIT {page_rows:UInt32}`,
      { ...params, ...afterParams(after), page_rows: closingLimits.leafPageRows },
    );
    for (const row of page) yield Buffer.from(row.leaf, 'hex');
    if (page.length < closingLimits.leafPageRows) return;
    after = page.at(-1);
  }
}

const AFTER_SQL =
  '(log, partition, `offset`) > ' +
  '({after_log:UInt32}, {after_partition:UInt32}, {after_offset:UInt64})';

function afterParams(after: Position | undefined): Record<string, unknown> {
  if (after === undefined) return {};
  const { log, partition, offset_text } = after;
  return { after_log: log, after_partition: partition, after_offset: BigInt(offset_text) };
}

/** `merkleRoot` in lower-case hex. */
export async function rootOfLeaves(
  warehouse: Warehouse,
  set: UsageSet,
): Promise<{ count: number; merkleRoot: string }> {
  const builder = merkleBuilder(sha256);
  let count = 0;
  for await (const leaf of leafHashes(warehouse, set)) {
    builder.add(leaf);
    count += 1;
  }
  return { count, merkleRoot: toHex(builder.root()) };
}
