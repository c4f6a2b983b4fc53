import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { onCluster } from './cluster-schema.ts';
import { migrations } from './migrations.ts';

const statements = migrations.flatMap((step) => step.statements);
const inFull = statements.flatMap((statement) => onCluster(statement, 'main'));
const made = inFull.filter((text) => !text.startsWith('ALTER'));
const engineOf = (text: string) => /ENGINE = \w+\([^)]*\)?\)?/.exec(text)?.[0];

describe('the schema of the warehouse', () => {
  it('a step that was released is never edited: warehouses that have taken it would differ', () => {
    const digests = migrations.map(({ name, statements: texts }) => [
      name,
      createHash('sha256').update(texts.join('\n;\n')).digest('hex'),
    ]);
    expect(digests).toEqual([
      [
        'raw rows, roll-ups, fence, seam and the public views',
        '3a6e1f25e754d9f99a87414c2407bacdb17896105cfa381e3fefe46235288df0',
      ],
      [
        'parts up to 200 MB in one file each',
        '86379f11363939bf97dfafd5d67e128233d466c4b7d73603234ae29710da929f',
      ],
    ]);
  });

  it('on a cluster, what is read by customer is sharded by customer over replicated tables', () => {
    const raw = made.filter((text) => /tollgate\.(raw_usage|rollup_15m)(_local)? ON/.test(text));
    expect(raw.map(engineOf)).toEqual([
      "ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/tollgate/raw_usage_local', '{replica}')",
      "ENGINE = Distributed('main', 'tollgate', 'raw_usage_local', cityHash64(customer_id))",
      "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/tollgate/rollup_15m_local', '{replica}', version)",
      "ENGINE = Distributed('main', 'tollgate', 'rollup_15m_local', cityHash64(customer_id))",
    ]);
  });

  it('on a cluster, fence, seam and dirty marks stand whole on every node', () => {
    const small = made.filter((text) => /tollgate\.(fence|seam|dirty_bucket) ON/.test(text));
    expect(small.map(engineOf)).toEqual([
      "ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/all/tollgate/dirty_bucket', '{shard}-{replica}')",
      "ENGINE = ReplicatedMergeTree('/clickhouse/tables/all/tollgate/fence', '{shard}-{replica}')",
      "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/all/tollgate/seam', '{shard}-{replica}', seam)",
    ]);
  });

  it('on a cluster, every statement is for all of it, and no block is dropped as a repetition', () => {
    const local = inFull.filter((text) => text.includes('ENGINE = Replicated'));
    expect(inFull.every((text) => text.includes("ON CLUSTER 'main'"))).toBe(true);
    expect(inFull).toHaveLength(statements.length + 2);
    expect(local.every((text) => text.includes('replicated_deduplication_window = 0, fsync'))).toBe(
      true,
    );
  });

  it('on a cluster, a setting of a table is that of its part on every node', () => {
    expect(
      inFull.filter((text) => text.startsWith('ALTER')).map((text) => text.split(' MOD')[0]),
    ).toEqual([
      "ALTER TABLE tollgate.raw_usage_local ON CLUSTER 'main'",
      "ALTER TABLE tollgate.rollup_15m_local ON CLUSTER 'main'",
      "ALTER TABLE tollgate.dirty_bucket ON CLUSTER 'main'",
    ]);
  });

  it('a statement without a cluster form is refused, and so is a name that is none', () => {
    expect(() => onCluster('ALTER TABLE tollgate.fence ADD COLUMN x Int8', 'main')).toThrow(
      'ALTER',
    );
    expect(() => onCluster('CREATE TABLE IF NOT EXISTS tollgate.new (x Int8)', 'main')).toThrow();
    expect(() => onCluster(statements[0] ?? '', "x'; DROP")).toThrow('no name of a cluster');
  });
});
