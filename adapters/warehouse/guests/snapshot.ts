/**
 * What guests may read, as it is at one moment: hard links of the parts of the tables behind the public
 * views, made by the engine that writes them (`FREEZE`), and statements with which another engine reads
 * them where they are. Parts are never changed, so nothing is copied.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Row } from '../warehouse.ts';

/**
 * In this order: a roll-up is written before the seam that makes views read it, and raw rows before both
 * (I5: queries/roll-up.ts). So a seam in the snapshot never lacks its roll-ups.
 */
const TABLES = ['seam', 'rollup_15m', 'raw_usage'];

export type SnapshotSource = {
  /** The folder of the engine that writes. */
  path: string;
  query<T extends Row>(sql: string, params: Record<string, unknown>): Promise<T[]>;
  freeze(statement: string): Promise<void>;
};

type Definition = { name: string; uuid: string; create: string };

const shadows = (path: string) => join(path, 'shadow');

/** @returns the folder below which an engine may have the disks of snapshots */
export const disksFolder = (path: string) => `${shadows(path)}/`;

export async function removeSnapshot(path: string, name: string): Promise<void> {
  await rm(join(shadows(path), name), { recursive: true, force: true });
}

/** What lets go of a snapshot: its tables may not be open while it is replaced. */
export const LET_GO: readonly string[] = ['DROP DATABASE IF EXISTS tollgate SYNC'];

/**
 * @param name letters, digits and _; no engine has its tables open
 * @returns statements for the engine that reads
 */
export async function takeSnapshot(source: SnapshotSource, name: string): Promise<string[]> {
  await removeSnapshot(source.path, name);
  const definitions = await source.query<Definition>(
    `SELECT name, toString(uuid) AS uuid, create_table_query AS create FROM system.tables
     WHERE database = 'tollgate' AND (engine = 'View' OR name IN {names:Array(String)})`,
    { names: TABLES },
  );
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  const tables = TABLES.flatMap((table) => byName.get(table) ?? []);
  for (const table of tables) {
    await source.freeze(`ALTER TABLE tollgate.${table.name} FREEZE WITH NAME '${name}'`);
  }
  const views = definitions.filter((definition) => !TABLES.includes(definition.name));
  const disk = `disk(type = 'local', path = '${join(shadows(source.path), name)}/')`;
  return [
    'CREATE DATABASE tollgate',
    ...tables.map((table) => `${attaching(table)}, disk = ${disk}`),
    ...tables.map((table) => `SYSTEM STOP MERGES tollgate.${table.name}`),
    ...views.map(attaching),
  ];
}

/** With its id, which is also the name of its folder; without a look at what it reads. */
function attaching({ name, uuid, create }: Definition): string {
  return create.replace(
    /^CREATE (TABLE|VIEW) \S+/,
    (_, kind) => `ATTACH ${kind} tollgate.${name} UUID '${uuid}'`,
  );
}
