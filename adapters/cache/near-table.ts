/** The table of `near-answers.ts`, in the thread of the embedded store. */
import type { DatabaseSync } from 'node:sqlite';
import { differInAFewWords } from '@tollgate/domain/cache/likeness/lexical-guard.ts';
import type { PurgeScope } from './answer-cache.ts';
import type { CacheLimits } from './cache-limits.ts';
import type { NearAnswer, NearFound, NearQuestion } from './near-answers.ts';

export const NEAR_SCHEMA = `
  CREATE TABLE IF NOT EXISTS near_total (entries INTEGER NOT NULL);
  INSERT INTO near_total SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM near_total);
  CREATE TABLE IF NOT EXISTS near (
    place INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, frame TEXT NOT NULL,
    customer TEXT NOT NULL, model TEXT NOT NULL, purges_seen INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, vector BLOB NOT NULL, words BLOB NOT NULL);
  CREATE INDEX IF NOT EXISTS near_frame ON near (frame, place);
  CREATE INDEX IF NOT EXISTS near_expiry ON near (expires_at);
  CREATE TRIGGER IF NOT EXISTS near_added AFTER INSERT ON near BEGIN
    UPDATE near_total SET entries = entries + 1; END;
  CREATE TRIGGER IF NOT EXISTS near_removed AFTER DELETE ON near BEGIN
    UPDATE near_total SET entries = entries - 1; END;
`;

const FLOAT_BYTES = 4;

export class NearTable {
  readonly #limits: CacheLimits;
  readonly #remove;
  readonly #removeExpired;
  readonly #removeOldest;
  readonly #removeBeyond;
  readonly #insert;
  readonly #total;
  readonly #select;
  readonly #purge;

  constructor(db: DatabaseSync, limits: CacheLimits) {
    this.#limits = limits;
    this.#remove = db.prepare('DELETE FROM near WHERE key = ?');
    this.#removeExpired = db.prepare(
      'DELETE FROM near WHERE place IN (SELECT place FROM near WHERE expires_at <= ? LIMIT ?)',
    );
    this.#removeOldest = db.prepare(
      'DELETE FROM near WHERE place IN (SELECT place FROM near ORDER BY place LIMIT ?)',
    );
    this.#removeBeyond = db.prepare(`DELETE FROM near WHERE frame = ? AND place <= (
      SELECT place FROM near WHERE frame = ? ORDER BY place DESC LIMIT 1 OFFSET ?)`);
    this.#insert = db.prepare(`INSERT INTO near
      (key, frame, customer, model, purges_seen, expires_at, vector, words)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#total = db.prepare('SELECT entries FROM near_total');
    this.#select = db.prepare(
      'SELECT key, vector, words FROM near WHERE frame = ? AND expires_at > ?',
    );
    this.#purge = db.prepare(`DELETE FROM near WHERE purges_seen < ?
      AND (? IS NULL OR customer = ?) AND (? IS NULL OR model = ?)`);
  }

  put(answer: NearAnswer, nowMs: number): void {
    const { key, frame, customerId, model, purgesSeen, ttlMs, vector, words } = answer;
    const { nearMax, nearPerFrameMax, removedAtOnce } = this.#limits;
    this.#remove.run(key);
    this.#removeExpired.run(nowMs, removedAtOnce);
    const of = [key, frame, customerId, model, purgesSeen, nowMs + ttlMs] as const;
    this.#insert.run(...of, bytesOf(vector), bytesOf(words));
    this.#removeBeyond.run(frame, frame, nearPerFrameMax);
    const { entries } = this.#total.get() as { entries: number };
    if (entries > nearMax) this.#removeOldest.run(entries - nearMax);
  }

  find({ frame, vector, words, threshold }: NearQuestion, nowMs: number): NearFound | null {
    let best: NearFound | null = null;
    for (const row of this.#select.iterate(frame, nowMs)) {
      const other = floatsOf(row['vector'] as Uint8Array);
      const similarity = cosine(vector, other);
      if (similarity < threshold || similarity <= (best?.similarity ?? -1)) continue;
      // seam: words-tell-questions-apart
      if (differInAFewWords(words, wordsOf(row['words'] as Uint8Array))) continue;
      best = { key: row['key'] as string, similarity };
    }
    return best;
  }

  purge({ customerId, model }: PurgeScope, revision: number): void {
    this.#purge.run(revision, customerId, customerId, model, model);
  }
}

/** Of vectors of length 1. Those of another model have another length, and are like nothing. */
function cosine(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return -1;
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] as number);
  return sum;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Uint32Array): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** Copied: what comes of the file need not begin where a number may. */
function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer, 0, bytes.length / FLOAT_BYTES);
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(Uint8Array.from(bytes).buffer, 0, bytes.length / FLOAT_BYTES);
}
