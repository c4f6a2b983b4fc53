import { DatabaseSync } from 'node:sqlite';
import { beforeEach, expect, it } from 'vitest';
import { ANSWER_SCHEMA, type AnswerHead, AnswerTable } from './answer-table.ts';
import { cacheLimits } from './cache-limits.ts';
import { KnownKeys, keyNumber } from './known-keys.ts';

const ENTRIES_MAX = 50;
let db: DatabaseSync;
beforeEach(() => {
  db = new DatabaseSync(':memory:');
  db.exec(ANSWER_SCHEMA);
});

function open() {
  const known = new KnownKeys(KnownKeys.memory(ENTRIES_MAX));
  const table = new AnswerTable(db, { ...cacheLimits, entriesMax: ENTRIES_MAX }, known);
  const put = (...keys: string[]) => {
    const heads = keys.map((key): AnswerHead => [key, 'cus_a', 'm', -1, 1_000, key.length]);
    table.put(heads, Buffer.from(keys.join('')), 0);
  };
  const found = (key: string, nowMs = 0) => {
    const row = table.get(key, nowMs);
    return row === null ? null : Buffer.from(row.values).toString();
  };
  return { put, found, knows: (key: string) => known.mayHave(keyNumber(key)) };
}

const count = (table: string) => db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'];

it('knows every key that is in the file, and of those that have gone hardly any', () => {
  const { put, found, knows } = open();
  const keys = Array.from({ length: 400 }, (_, at) => `key ${at}`);
  for (let at = 0; at < keys.length; at += 8) put(...keys.slice(at, at + 8));
  const there = keys.slice(-ENTRIES_MAX);
  expect(there.map((key) => found(key))).toEqual(there);
  expect(there.every(knows)).toBe(true);
  // Twice as many as there may be are remembered.
  expect(keys.filter(knows).length).toBeLessThan(4 * ENTRIES_MAX);
  expect([count('entry'), count('entry_value')]).toEqual([ENTRIES_MAX, ENTRIES_MAX]);
});

it('one that is opened knows what is there, and one that is stored again has one entry', () => {
  open().put('a', 'b');
  const { put, found, knows } = open();
  expect([knows('a'), knows('c'), found('b'), found('b', 1_000)]).toEqual([true, false, 'b', null]);
  put('a', 'c');
  expect([count('entry'), count('entry_value')]).toEqual([3, 3]);
});

it('a place that another process has given to another key holds nothing of the first', () => {
  const { put, found } = open();
  put('a');
  db.exec("UPDATE entry SET key = 'b'");
  expect([found('a'), found('b')]).toEqual([null, null]);
});
