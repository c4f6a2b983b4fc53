/**
 * The answers' tables, in the thread of the embedded store. What is written is written behind what is there,
 * many answers at once: only ends of trees are touched. So no index finds an answer by its key, but a table in
 * memory that holds each key's place, read from the file when it is opened, and from there on from what other
 * processes have added. It may say that there is an answer where there is none any more: each says itself
 * which one it is.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { PurgeScope } from './answer-cache.ts';
import type { CacheLimits } from './cache-limits.ts';
import { type KnownKeys, keyNumber } from './known-keys.ts';

/** Of an answer that is to be stored, without its value: they follow each other. */
export type AnswerHead = [
  ...[key: string, customerId: string, model: string, purgesSeen: number],
  ...[expiresAtMs: number, bytes: number],
];

/** `values`: the name by which its bytes move between threads. */
export type CacheFound = { values: Uint8Array<ArrayBuffer>; expiresAtMs: number };

/** `next`: the place of the next entry, ever higher, so that what comes is always behind what was seen. */
export const ANSWER_SCHEMA = `
  CREATE TABLE IF NOT EXISTS sums (
    entries INTEGER NOT NULL, bytes INTEGER NOT NULL, next INTEGER NOT NULL);
  INSERT INTO sums SELECT 0, 0, 1 WHERE NOT EXISTS (SELECT 1 FROM sums);
  CREATE TABLE IF NOT EXISTS entry (
    place INTEGER PRIMARY KEY, key TEXT NOT NULL, customer TEXT NOT NULL, model TEXT NOT NULL,
    purges_seen INTEGER NOT NULL, expires_at INTEGER NOT NULL, bytes INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS entry_expiry ON entry (expires_at);
  CREATE TABLE IF NOT EXISTS entry_value (place INTEGER PRIMARY KEY, value BLOB NOT NULL);
`;
/** Of files of earlier releases: what they hold is asked for again. */
export const EARLIER_SCHEMA = 'DROP TABLE IF EXISTS answer; DROP TABLE IF EXISTS total;';

/** Keys that are known, in proportion to entries that there may be, before those that are gone are forgotten. */
const KNOWN_PER_ENTRY = 2;

type Sums = { entries: number; bytes: number; next: number };
type Removed = { place: number; key: string; bytes: number };

export class AnswerTable {
  readonly #limits: CacheLimits;
  readonly #known: KnownKeys;
  readonly #sql: Readonly<Record<keyof ReturnType<typeof prepared>, StatementSync>>;
  /** By the number of a key. */
  readonly #places = new Map<number, number>();
  /** Place of the last entry that was read from the file: what others add is behind it. */
  #readTo = 0;
  /** Keys since they were last read again. */
  #added = 0;
  /** Of the file, as this connection sees it: another one when another connection has changed something. */
  #version: unknown = null;

  constructor(db: DatabaseSync, limits: CacheLimits, known: KnownKeys) {
    this.#limits = limits;
    this.#known = known;
    this.#sql = prepared(db);
    this.look();
  }

  /** Learns what other processes have stored. */
  look(): void {
    const { version, after } = this.#sql;
    const now = version.get()?.['data_version'];
    if (now === this.#version) return;
    for (const { place, key } of after.iterate(this.#readTo) as Iterable<Removed>) {
      this.#add(key, place);
      this.#readTo = place;
    }
    this.#version = now;
  }

  get(key: string, nowMs: number): CacheFound | null {
    const place = this.#places.get(keyNumber(key));
    if (place === undefined) return null;
    const row = this.#sql.select.get(place, key, nowMs);
    if (row === undefined) return null;
    const values = row['value'] as Uint8Array<ArrayBuffer>;
    return { values, expiresAtMs: Number(row['expires_at']) };
  }

  /** In a transaction. @param values of all of them, one after the other */
  put(heads: readonly AnswerHead[], values: Uint8Array, nowMs: number): void {
    this.look();
    const { insert, insertValue, removeOne, removeExpired } = this.#sql;
    const { removedAtOnce } = this.#limits;
    const sums = this.#sums();
    let at = 0;
    for (const [key, customerId, model, purgesSeen, expiresAtMs, bytes] of heads) {
      const earlier = this.#places.get(keyNumber(key));
      // One that is stored again is young.
      if (earlier !== undefined) this.#forget(removeOne.all(earlier, key), sums);
      const place = sums.next++;
      insert.run(place, key, customerId, model, purgesSeen, expiresAtMs, bytes);
      insertValue.run(place, values.subarray(at, at + bytes));
      at += bytes;
      sums.entries++;
      sums.bytes += bytes;
      this.#add(key, place);
    }
    // As many as come at least, so that they do not grow in number.
    const most = Math.max(removedAtOnce, heads.length);
    this.#forget(removeExpired.all(nowMs, most), sums);
    this.#makeRoom(sums);
    this.#keep(sums);
    this.#forgetWhatIsGone();
  }

  /** In a transaction. @returns how many it removed */
  purge({ customerId, model }: PurgeScope, revision: number): number {
    const sums = this.#sums();
    const rows = this.#sql.purge.all(revision, customerId, customerId, model, model);
    this.#forget(rows, sums);
    this.#keep(sums);
    return rows.length;
  }

  #makeRoom(sums: Sums): void {
    const { entriesMax, bytesMax, removedAtOnce } = this.#limits;
    while (sums.entries > entriesMax || (sums.bytes > bytesMax && sums.entries > 0)) {
      // Of bytes nobody knows how many entries they are.
      const excess = Math.max(1, sums.entries - entriesMax);
      this.#forget(this.#sql.removeOldest.all(Math.min(removedAtOnce, excess)), sums);
    }
  }

  #forget(rows: readonly object[], sums: Sums): void {
    for (const { place, key, bytes } of rows as readonly Removed[]) {
      this.#sql.removeValue.run(place);
      sums.entries--;
      sums.bytes -= bytes;
      const number = keyNumber(key);
      if (this.#places.get(number) === place) this.#places.delete(number);
    }
  }

  #add(key: string, place: number): void {
    const number = keyNumber(key);
    this.#places.set(number, place);
    this.#known.add(number);
    this.#added++;
  }

  /** What was removed is still known, and what others have removed still has a place. */
  #forgetWhatIsGone(): void {
    if (this.#added <= KNOWN_PER_ENTRY * this.#limits.entriesMax) return;
    this.#added = 0;
    this.#places.clear();
    for (const { place, key } of this.#sql.after.iterate(0) as Iterable<Removed>) {
      this.#places.set(keyNumber(key), place);
    }
    this.#known.replace(this.#places.keys());
  }

  #sums(): Sums {
    return { ...this.#sql.sums.get() } as Sums;
  }

  #keep({ entries, bytes, next }: Sums): void {
    this.#sql.keep.run(entries, bytes, next);
  }
}

const REMOVED = 'RETURNING place, key, bytes';

function prepared(db: DatabaseSync) {
  const removing = (which: string) => db.prepare(`DELETE FROM entry WHERE ${which} ${REMOVED}`);
  const some = (which: string) => removing(`place IN (SELECT place FROM entry ${which} LIMIT ?)`);
  return {
    version: db.prepare('PRAGMA data_version'),
    after: db.prepare('SELECT place, key FROM entry WHERE place > ? ORDER BY place'),
    select: db.prepare(`SELECT value, expires_at FROM entry JOIN entry_value USING (place)
      WHERE place = ? AND key = ? AND expires_at > ?`),
    insert: db.prepare('INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)'),
    insertValue: db.prepare('INSERT INTO entry_value VALUES (?, ?)'),
    removeOne: removing('place = ? AND key = ?'),
    removeExpired: some('WHERE expires_at <= ?'),
    removeOldest: some('ORDER BY place'),
    removeValue: db.prepare('DELETE FROM entry_value WHERE place = ?'),
    purge: removing('purges_seen < ? AND (? IS NULL OR customer = ?) AND (? IS NULL OR model = ?)'),
    sums: db.prepare('SELECT entries, bytes, next FROM sums'),
    keep: db.prepare('UPDATE sums SET entries = ?, bytes = ?, next = ?'),
  };
}
