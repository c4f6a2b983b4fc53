/**
 * Brings the warehouse's schema to the newest version: forward only, each step recorded, safe to
 * run again. The tables, columns and views are the public SQL interface (ADR 0001).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { onCluster } from './cluster-schema.ts';
import { migrations } from './migrations.ts';
import type { Warehouse } from './warehouse.ts';

const MIGRATION_TABLE = `CREATE TABLE IF NOT EXISTS tollgate.migration (version UInt32, name String)
     ENGINE = MergeTree ORDER BY version SETTINGS fsync_after_insert = 1`;

/**
 * @param options.cluster the cluster's name: Replicated tables, and Distributed ones over them
 * @returns how many steps were applied
 */
export async function migrate(
  warehouse: Warehouse,
  options: { cluster?: string } = {},
): Promise<number> {
  const run = async (statement: string): Promise<void> => {
    const { cluster } = options;
    const statements = cluster === undefined ? [statement] : onCluster(statement, cluster);
    for (const each of statements) await warehouse.command(each);
  };
  await run('CREATE DATABASE IF NOT EXISTS tollgate');
  await run(MIGRATION_TABLE);
  const rows = await warehouse.query<{ version: number }>('SELECT version FROM tollgate.migration');
  const applied = new Set(rows.map((row) => row.version));
  let count = 0;
  for (const [index, migration] of migrations.entries()) {
    const version = index + 1;
    if (applied.has(version)) continue;
    // Every statement is idempotent: a crash before the record runs the step again.
    for (const statement of migration.statements) await run(statement);
    const line = `${JSON.stringify({ version, name: migration.name })}\n`;
    await warehouse.insertLines('tollgate.migration', line);
    count++;
  }
  return count;
}

const SCHEMA_POLL_MS = 500;

/**
 * For a process that may not make tables: waits until the schema has the newest step.
 *
 * @throws Error saying which process makes the tables, if they are not there in time
 */
export async function waitForSchema(warehouse: Warehouse, timeoutMs: number): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const found = await warehouse
      .query<{ newest: number }>('SELECT max(version) AS newest FROM tollgate.migration')
      .catch(() => []);
    if (Number(found[0]?.newest ?? 0) >= migrations.length) return;
    if (performance.now() > deadlineMs) {
      throw new Error('the warehouse lacks tables: start the billing API, which makes them');
    }
    await sleep(SCHEMA_POLL_MS);
  }
}
