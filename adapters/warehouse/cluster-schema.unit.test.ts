import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { onCluster } from './cluster-schema.ts';
import { migrations } from './migrations.ts';

const statements = migrations.flatMap((step) => step.statements);
const inFull = statements.flatMap((statement) => onCluster(statement, 'main'));
const made = inFull.filter((text) => !text.startsWith('ALTER'));
const engineOf = (text: string) => /ENGINE = \w+\([^)]*\)?\)?/.exec(text)?.[0];

describe('the schema of the warehouse', () => {
  it('the cluster form of a step that was released never changes either', () => {
    const digests = migrations.map(({ statements: texts }) => {
      const forms = texts.flatMap((statement) => onCluster(statement, 'main'));
      return createHash('sha256').update(forms.join('\n;\n')).digest('hex');
    });
    expect(digests).toEqual([
      'b528980ac01a9fc55cc93c6108bb37f4e95f4eac9c65cd65702f584ccf6fa6e0',
      '6ba2aa36e99bc6f02e1f7e37455a6158487a53539f9efb19fa74cf9f0cb07731',
      '510169d8e9582e0b78988beeae1b4ae7a4f9a0aac967261cfd7bfa59199eb08a',
      'bd51fafaa81eb02ad4886e3fc5b537a965ae14b357b53a43b6a6a61a73f2ec6a',
      'b69fcb70f5a94204026519639c2b24c4126802136fd3fd2beb23cd3b84204521',
      '55e2f25573b60dc2b0af672fc6d20cd70b081ce84429a9ec13cc9564fe83312c',
      '1112a9cd76cc7f1097c646927eaf341bdc68f4b41a77efa83dc80ef02073e57f',
      '3110766eb197f578aa85e9c4df666df3632098033cd4bb3ba19194fa5452b921',
      'e7569851df815edde649bae54aa241b0b809f918dba91e6612f1ba11dec5c127',
      '908eadfb115ada2d12bb646ceac21388ab468f9975032926b4cdcd5d7b37bd97',
      '1bec1f99fe8f1a4b96fb0f476b096475f7697faada16da919a3e7735510a1953',
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

  it('on a cluster, fence, seam and dirty marks are on every node in full', () => {
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
    const plain = statements.filter((text) => !text.startsWith('ALTER'));
    expect(made).toHaveLength(plain.length + 2);
    expect(local.every((text) => text.includes('replicated_deduplication_window = 0, fsync'))).toBe(
      true,
    );
  });

  it('on a cluster, a setting of a table is that of its part on every node', () => {
    expect(
      inFull.filter((text) => text.includes('MODIFY SETTING')).map((text) => text.split(' MOD')[0]),
    ).toEqual([
      "ALTER TABLE tollgate.raw_usage_local ON CLUSTER 'main'",
      "ALTER TABLE tollgate.rollup_15m_local ON CLUSTER 'main'",
      "ALTER TABLE tollgate.dirty_bucket ON CLUSTER 'main'",
    ]);
  });

  it('on a cluster, a column is added where the rows are, and then to the table over them', () => {
    const added = (table: string) =>
      onCluster(`ALTER TABLE tollgate.${table} ADD COLUMN IF NOT EXISTS x Int64`, 'main');
    expect([...added('raw_usage'), ...added('seam')]).toEqual([
      "ALTER TABLE tollgate.raw_usage_local ON CLUSTER 'main' ADD COLUMN IF NOT EXISTS x Int64",
      "ALTER TABLE tollgate.raw_usage ON CLUSTER 'main' ADD COLUMN IF NOT EXISTS x Int64",
      "ALTER TABLE tollgate.seam ON CLUSTER 'main' ADD COLUMN IF NOT EXISTS x Int64",
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
