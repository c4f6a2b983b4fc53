/**
 * The SQLite file of payloads; only threads use it. Proxies write, the billing API reads and deletes.
 * What is deleted is overwritten: an erased text is not left in free pages.
 */
import type { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '../sqlite/open-database.ts';
import type { Payload, PayloadFacts, PayloadLimits, PayloadQuery } from './payloads.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS total (bytes INTEGER NOT NULL);
  INSERT INTO total SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM total);
  CREATE TABLE IF NOT EXISTS payload (
    place INTEGER PRIMARY KEY AUTOINCREMENT, call_id TEXT NOT NULL UNIQUE, customer TEXT NOT NULL,
    key_id TEXT NOT NULL, time_ms INTEGER NOT NULL, facts TEXT NOT NULL, bodies TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS payload_customer ON payload (customer);
  CREATE INDEX IF NOT EXISTS payload_time ON payload (time_ms);
  CREATE TABLE IF NOT EXISTS purged (customer TEXT PRIMARY KEY, until_ms INTEGER NOT NULL);
  CREATE TRIGGER IF NOT EXISTS payload_added AFTER INSERT ON payload BEGIN
    UPDATE total SET bytes = bytes + length(NEW.bodies); END;
  CREATE TRIGGER IF NOT EXISTS payload_removed AFTER DELETE ON payload BEGIN
    UPDATE total SET bytes = bytes - length(OLD.bodies); END;
`;

/** Rows that one statement deletes at most. */
const REMOVED_AT_ONCE = 64;

type Bodies = Pick<Payload, 'request' | 'answer'>;

export class PayloadFile {
  readonly db: DatabaseSync;
  readonly #limits: PayloadLimits;

  constructor(path: string, limits: PayloadLimits) {
    this.db = openDatabase(path, SCHEMA);
    // What a power cut takes is a text less; nothing is billed by it.
    this.db.exec('PRAGMA synchronous=OFF; PRAGMA secure_delete=ON;');
    this.#limits = limits;
  }

  /** In a transaction of its own. */
  putAll(payloads: readonly Payload[], nowMs: number): void {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      for (const payload of payloads) this.#put(payload);
      this.expire(nowMs);
      this.db.exec('COMMIT');
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
  }

  #put({ request, answer, ...facts }: Payload): void {
    const { callId, customerId, keyId, timeMs } = facts;
    const purged = this.db.prepare('SELECT until_ms FROM purged WHERE customer = ?');
    const until = purged.get(customerId)?.['until_ms'] as number | undefined;
    // seam: purged-payload-does-not-come-back
    if (until !== undefined && timeMs <= until) return;
    const bodies: Bodies = { request, answer };
    this.db
      .prepare(
        `INSERT OR IGNORE INTO payload (call_id, customer, key_id, time_ms, facts, bodies)
          VALUES (?, ?, ?, ?, ?, ?)`,
      )
      .run(callId, customerId, keyId, timeMs, JSON.stringify(facts), JSON.stringify(bodies));
  }

  /** Deletes what is too old, and the oldest of what is too much. */
  expire(nowMs: number): void {
    // seam: payloads-are-kept-for-a-time
    this.db.prepare('DELETE FROM payload WHERE time_ms <= ?').run(this.#oldest(nowMs));
    const total = this.db.prepare('SELECT bytes FROM total');
    const removeOldest = this.db.prepare(
      `DELETE FROM payload WHERE place IN (SELECT place FROM payload ORDER BY place LIMIT ?)`,
    );
    while (Number(total.get()?.['bytes']) > this.#limits.bytesMax) {
      if (removeOldest.run(REMOVED_AT_ONCE).changes === 0) return;
    }
  }

  list({ customerId, keyId, after, limit }: PayloadQuery, nowMs: number): PayloadFacts[] | null {
    const place = this.db.prepare('SELECT place FROM payload WHERE call_id = ?');
    const before = after === null ? null : (place.get(after)?.['place'] ?? undefined);
    if (before === undefined) return null;
    const found = this.db
      .prepare(
        `SELECT facts FROM payload WHERE time_ms > ? AND (? IS NULL OR place < ?)
          AND (? IS NULL OR customer = ?) AND (? IS NULL OR key_id = ?)
          ORDER BY place DESC LIMIT ?`,
      )
      .all(...[this.#oldest(nowMs), before, before, customerId, customerId, keyId, keyId], limit);
    return found.map(({ facts }) => JSON.parse(String(facts)) as PayloadFacts);
  }

  get(callId: string, nowMs: number): Payload | null {
    const row = this.db
      .prepare('SELECT facts, bodies FROM payload WHERE call_id = ? AND time_ms > ?')
      .get(callId, this.#oldest(nowMs));
    if (row === undefined) return null;
    const facts = JSON.parse(String(row['facts'])) as PayloadFacts;
    return { ...facts, ...(JSON.parse(String(row['bodies'])) as Bodies) };
  }

  purge(customerId: string, nowMs: number): number {
    this.db
      .prepare('INSERT OR REPLACE INTO purged (customer, until_ms) VALUES (?, ?)')
      .run(customerId, nowMs);
    return Number(
      this.db.prepare('DELETE FROM payload WHERE customer = ?').run(customerId).changes,
    );
  }

  /** What was deleted is not left in the file of what was written last, either. */
  settle(): void {
    this.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  #oldest(nowMs: number): number {
    return nowMs - this.#limits.retentionMs;
  }
}
