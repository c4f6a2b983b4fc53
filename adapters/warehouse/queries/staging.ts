/**
 * The staging tables of one projector: rows of a batch, and the keys whose counted rows it looks for.
 * They are in memory: what is staged is gone when the engine is.
 */
import { eventColumnsSql, positionColumnsSql } from '../event-columns.ts';
import type { Warehouse } from '../warehouse.ts';

/** Names of tables. */
export type Stage = { rows: string; keys: string };

/** @param name unique among the projectors of this warehouse; letters, digits and _ */
export function stageOf(name: string, slot: number): Stage {
  return {
    rows: `tollgate.stage_${name}_${slot}`,
    keys: `tollgate.stage_keys_${name}_${slot}`,
  };
}

export async function createStage(warehouse: Warehouse, { rows, keys }: Stage): Promise<void> {
  await warehouse.command(
    `CREATE TABLE ${rows} (${positionColumnsSql}, leaf_hex String, ${eventColumnsSql})
     ENGINE = Memory`,
  );
  await warehouse.command(`CREATE TABLE ${keys} (id_key UInt128) ENGINE = Memory`);
}

export async function dropStage(warehouse: Warehouse, { rows, keys }: Stage): Promise<void> {
  await warehouse.command(`DROP TABLE IF EXISTS ${rows}`);
  await warehouse.command(`DROP TABLE IF EXISTS ${keys}`);
}

export async function clearStage(warehouse: Warehouse, { rows, keys }: Stage): Promise<void> {
  await warehouse.command(`TRUNCATE TABLE ${rows}`);
  await warehouse.command(`TRUNCATE TABLE ${keys}`);
}

/**
 * @param lines one JSON object a line, with the columns of the stage
 * @throws WarehouseError if the engine cannot read a row: none is staged
 */
export function stageRows(
  warehouse: Warehouse,
  stage: Stage,
  lines: Iterable<Uint8Array>,
): Promise<void> {
  return warehouse.loadLines(stage.rows, lines);
}

/** A counted row, as what comes after it is decided by. */
export type CountedRow = {
  /** SHA-256 of the record, lower-case hex. */
  leafHex: string;
  /** A resolution may still state what this attempt cost. */
  resolvable: boolean;
};

/** The counted rows that have one of these keys, by key. The stage is clear. */
export async function countedRows(
  warehouse: Warehouse,
  { keys: table }: Stage,
  keys: ReadonlySet<string>,
): Promise<Map<string, CountedRow>> {
  if (keys.size === 0) return new Map();
  const lines = [...keys].map((key) => `{"id_key":"${key}"}\n`).join('');
  await warehouse.loadLines(table, lines);
  // seam: dedupe-lookup
  const rows = await warehouse.query<{ key: string; leaf: string; resolvable: number }>(
    `SELECT toString(id_key) AS key, lower(hex(leaf_hash)) AS leaf,
       toUInt8(type = 'attempt' AND (isNull(cost) OR usage_source = 'estimated')) AS resolvable
     FROM tollgate.raw_usage
     WHERE disposition = 'counted' AND id_key IN (SELECT id_key FROM ${table})`,
  );
  return new Map(
    rows.map(({ key, leaf, resolvable }) => [key, { leafHex: leaf, resolvable: resolvable === 1 }]),
  );
}

/**
 * Drops staging tables that a killed projector left on a server. A live projector that made its
 * tables so long ago finds them gone, treats its batch as torn, and makes the tables again.
 */
export async function dropForgottenStages(warehouse: Warehouse): Promise<void> {
  const rows = await warehouse.query<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = 'tollgate' AND startsWith(name, 'stage_')
       AND metadata_modification_time < now() - INTERVAL 1 DAY`,
  );
  for (const { name } of rows) {
    await warehouse.command(`DROP TABLE IF EXISTS tollgate.\`${name}\``);
  }
}
