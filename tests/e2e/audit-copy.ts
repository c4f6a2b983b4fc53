/**
 * A copy of stores that a test may change behind the product's back, and what an audit finds in it.
 */
import { cpSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { dataFolder } from '@tollgate/adapters/config/data-folder.ts';
import { runAudit } from '@tollgate/audit/audit.ts';
import type { Difference } from '@tollgate/audit/differences.ts';
import { type OpenStores, openStores } from '@tollgate/cli/stores.ts';

/** A row of the log's records, in the words of the stores that have it. */
export type RowPlace = {
  /** Finds it in the warehouse. */
  sql: string;
  /** Of the record, as an audit names it. */
  place: string;
  /** In the log's own table. */
  position: number;
  /** Of its dead letter, as an audit names it. */
  short: string;
};

export type EventPlace = { position: number; stream: string; revision: number };

export class AuditCopy {
  readonly stores: OpenStores;
  readonly #data: string;
  /** Rows and streams that were changed already, so that no two changes meet in one. */
  readonly #taken = new Set<string>();

  private constructor(data: string, stores: OpenStores) {
    this.#data = data;
    this.stores = stores;
  }

  static async open(base: string, data: string): Promise<AuditCopy> {
    cpSync(base, data, { recursive: true });
    return new AuditCopy(data, await openStores(data));
  }

  async close(): Promise<void> {
    await this.stores.close();
    rmSync(this.#data, { recursive: true, force: true });
  }

  async findings(): Promise<Difference[]> {
    return (await runAudit(this.stores)).differences;
  }

  /** Changes one row of a SQLite file. */
  tamper(file: 'log' | 'ledger', sql: string): void {
    const db = new DatabaseSync(dataFolder(this.#data)[file], { timeout: 5_000 });
    const { changes } = db.prepare(sql).run();
    db.close();
    if (Number(changes) !== 1) throw new Error(`${changes} rows were changed by ${sql}`);
  }

  async mutate(sql: string): Promise<void> {
    await this.stores.warehouse.command(
      `ALTER TABLE tollgate.raw_usage ${sql} SETTINGS mutations_sync = 2`,
    );
  }

  /** Turns an event of a budget into one without an effect. */
  silence({ position }: EventPlace): void {
    this.tamper(
      'ledger',
      `UPDATE event SET type = 'LeaseRecallRequested',
         data = '{"instance_id":"ins_x","amount":"0.000000000000"}' WHERE position = ${position}`,
    );
  }

  /** Another row in every call. */
  async somePlace(where = "disposition = 'counted' AND type = 'attempt'"): Promise<RowPlace> {
    const { warehouse } = this.stores;
    const [row] = await warehouse.query<{ partition: number; at: string; id: string }>(
      `SELECT partition, toString(\`offset\`) AS at, id FROM tollgate.raw_usage
       WHERE (${where}) AND id NOT IN {taken:Array(String)}
       ORDER BY partition, \`offset\` LIMIT 1`,
      { taken: [...this.#taken] },
    );
    if (row === undefined) throw new Error(`no row where ${where}`);
    this.#taken.add(row.id);
    return {
      sql: `partition = ${row.partition} AND \`offset\` = ${row.at}`,
      place: `0/${row.partition}/${row.at}`,
      position: row.partition * 2 ** 44 + Number(row.at),
      short: `${row.partition}/${row.at}`,
    };
  }

  /** An event of the ledger, read by SQLite, of another stream in every call. */
  ledgerEvent(where: string): EventPlace {
    const db = new DatabaseSync(dataFolder(this.#data).ledger, { readOnly: true });
    const row = db
      .prepare(
        `SELECT position, stream, revision FROM event
         WHERE (${where}) AND stream NOT IN (SELECT value FROM json_each(?)) LIMIT 1`,
      )
      .get(JSON.stringify([...this.#taken]));
    db.close();
    if (row === undefined) throw new Error(`no event where ${where}`);
    this.#taken.add(String(row['stream']));
    return {
      position: Number(row['position']),
      stream: String(row['stream']),
      revision: Number(row['revision']),
    };
  }
}
