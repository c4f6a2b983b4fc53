/**
 * Opens a store's file with the settings that durability rests on (docs/design.md, The shape,
 * Processes and files).
 */
import { DatabaseSync } from 'node:sqlite';

/** Several processes write one file. If a wait is longer than this, one of them is stuck. */
const BUSY_TIMEOUT_MS = 10_000;

export function openDatabase(path: string, schema: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;');
  db.exec(`BEGIN IMMEDIATE; ${schema} COMMIT;`);
  return db;
}
