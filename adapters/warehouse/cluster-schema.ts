/**
 * The schema on a cluster: each statement of `migrations/` in its cluster form. The files are never
 * edited for it. The form of a step that was released never changes either: a test holds it to its
 * digest (cluster-schema.unit.test.ts).
 *
 * NOT RUN ANYWHERE YET: Replicated engines need a keeper, which the embedded engine does not have. The
 * tests pin this text and let the engine parse it, no more (docs/warehouse.md says what must be tried
 * on a real cluster first).
 *
 * The large tables are spread over the shards by customer, so that all versions of a roll-up are in one
 * shard. The small tables that decide (fence, seam, dirty marks, migrations) are on every node in full,
 * so that a statement reads them on the node that it runs on (design §9).
 */

/** Where the rows of a table are on a cluster. */
const PLACES: Readonly<Record<string, 'sharded' | 'everywhere'>> = {
  raw_usage: 'sharded',
  rollup_15m: 'sharded',
  dirty_bucket: 'everywhere',
  fence: 'everywhere',
  seam: 'everywhere',
  migration: 'everywhere',
};

const SHARDING_KEY = 'cityHash64(customer_id)';

const TABLE = /^\s*CREATE TABLE IF NOT EXISTS tollgate\.(?<name>\w+) /;
const VIEW = /^\s*CREATE (?:OR REPLACE VIEW|VIEW IF NOT EXISTS) tollgate\.\w+ AS\b/;
const SETTING = /^ALTER TABLE tollgate\.(?<name>\w+) (?=MODIFY SETTING )/;
const COLUMN = /^ALTER TABLE tollgate\.(?<name>\w+) (?=ADD COLUMN IF NOT EXISTS )/;
const ENGINE = /\bENGINE = (?<engine>\w*MergeTree)(?:\((?<version>\w+)\))?(?=\s)/g;

/**
 * A fence that one projector has written must be seen by every other, so writes of it are linearised
 * over the replicas. The reading half is `select_sequential_consistency`, which the users' profile sets.
 */
export const FENCE_TABLE = 'tollgate.fence';
export const FENCE_INSERT_SETTINGS = "insert_quorum = 'auto', insert_quorum_parallel = 0";

/**
 * Settings of every user of ours on a cluster (deploy/clickhouse/users.sql). They change what the
 * statements mean, and are in no statement's text, because that is the same embedded.
 */
export const CLUSTER_SETTINGS: Readonly<Record<string, string>> = {
  // An INSERT into a Distributed table is done when the shards have it, not when it is queued.
  distributed_foreground_insert: '1',
  // Acknowledged rows are on a majority of the replicas.
  insert_quorum: 'auto',
  // Staging tables are on one node: their rows are sent along, not looked for on the shards.
  prefer_global_in_and_join: '1',
  select_sequential_consistency: '1',
};

/**
 * @param cluster its name in the servers' configuration, which also has the macros {shard}, {replica}
 * @throws Error for a statement that has no cluster form yet
 */
export function onCluster(statement: string, cluster: string): string[] {
  if (!/^[\w-]+$/.test(cluster)) throw new Error(`${cluster} is no name of a cluster`);
  if (statement === 'CREATE DATABASE IF NOT EXISTS tollgate') {
    return [`${statement} ON CLUSTER '${cluster}'`];
  }
  if (VIEW.test(statement)) {
    return [statement.replace(VIEW, (head) => head.replace(/ AS$/, ` ON CLUSTER '${cluster}' AS`))];
  }
  const altered = SETTING.exec(statement)?.groups?.['name'] ?? '';
  if (PLACES[altered] !== undefined) {
    const table = PLACES[altered] === 'sharded' ? `${altered}_local` : altered;
    return [statement.replace(SETTING, `ALTER TABLE tollgate.${table} ON CLUSTER '${cluster}' `)];
  }
  const extended = COLUMN.exec(statement)?.groups?.['name'] ?? '';
  if (PLACES[extended] !== undefined) {
    // First where the rows are: what is asked of all shards must be on each of them.
    const tables = PLACES[extended] === 'sharded' ? [`${extended}_local`, extended] : [extended];
    return tables.map((table) =>
      statement.replace(COLUMN, `ALTER TABLE tollgate.${table} ON CLUSTER '${cluster}' `),
    );
  }
  const name = TABLE.exec(statement)?.groups?.['name'] ?? '';
  const place = PLACES[name];
  if (place === undefined || statement.match(ENGINE)?.length !== 1) {
    throw new Error(`no cluster form of: ${statement.trim().slice(0, 100)}`);
  }
  if (place === 'everywhere') {
    return [replicated(statement, { name, cluster, shard: 'all', replica: '{shard}-{replica}' })];
  }
  const local = `${name}_local`;
  return [
    replicated(statement, { name: local, cluster, shard: '{shard}', replica: '{replica}' }),
    `CREATE TABLE IF NOT EXISTS tollgate.${name} ON CLUSTER '${cluster}' AS tollgate.${local}
     ENGINE = Distributed('${cluster}', 'tollgate', '${local}', ${SHARDING_KEY})`,
  ];
}

function replicated(
  statement: string,
  to: { name: string; cluster: string; shard: string; replica: string },
): string {
  const path = `/clickhouse/tables/${to.shard}/tollgate/${to.name}`;
  // The same block again is a write like any other, as embedded: the fence and the read-back decide.
  const settings = 'SETTINGS replicated_deduplication_window = 0, ';
  return statement
    .replace(TABLE, `CREATE TABLE IF NOT EXISTS tollgate.${to.name} ON CLUSTER '${to.cluster}' `)
    .replace(ENGINE, (_, engine: string, version: string | undefined) => {
      const more = version === undefined ? '' : `, ${version}`;
      return `ENGINE = Replicated${engine}('${path}', '${to.replica}'${more})`;
    })
    .replace('SETTINGS ', settings);
}
