/** The AnswerCache's contract on the embedded store, and what only its file promises. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { AnswerCache } from '@tollgate/adapters/cache/answer-cache.ts';
import type { NearAnswer, NearAnswers } from '@tollgate/adapters/cache/near-answers.ts';
import { openSqliteCache } from '@tollgate/adapters/cache/sqlite-cache.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerCacheContract } from './answer-cache.ts';

const warnings: string[] = [];
const logger = { warn: (_: object, message: string) => void warnings.push(message) };

answerCacheContract('embedded', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-cache-'));
  return {
    open: (limits = {}) =>
      openSqliteCache({ path: join(folder, 'answers.sqlite'), limits, logger }),
    dispose: async () => rmSync(folder, { recursive: true, force: true }),
  };
});

it('a file that is damaged begins again: a cache is no reason not to start', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-cache-'));
  const path = join(folder, 'answers.sqlite');
  writeFileSync(path, 'no database');
  const cache = await openSqliteCache({ path, logger });
  const answer = { key: 'k', customerId: 'c', model: 'm', purgesSeen: -1, ttlMs: 1_000 };
  await cache.put({ ...answer, value: Buffer.from('v') });
  expect(Buffer.from((await cache.get('k')) ?? []).toString()).toBe('v');
  expect(warnings).toEqual(['the file of cached answers cannot be read: it begins again']);
  await cache.close();
  rmSync(folder, { recursive: true, force: true });
});

it('nothing of a file of an earlier release is left in it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-cache-'));
  const path = join(folder, 'answers.sqlite');
  const db = new DatabaseSync(path);
  db.exec(`CREATE TABLE total (entries, bytes); INSERT INTO total VALUES (1, 6);
    CREATE TABLE answer (key TEXT, value BLOB); INSERT INTO answer VALUES ('k', 'secret of old')`);
  db.close();
  const cache = await openSqliteCache({ path, logger });
  expect(await cache.get('k')).toBeNull();
  await cache.close();
  expect(readFileSync(path).includes('secret of old')).toBe(false);
  rmSync(folder, { recursive: true, force: true });
});

it('a purge reaches what is on its way to the file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-cache-'));
  const path = join(folder, 'answers.sqlite');
  const cache = await openSqliteCache({ path, logger });
  const of = { customerId: 'c', model: 'm', purgesSeen: -1, ttlMs: 60_000 };
  const put = (key: string) => cache.put({ ...of, key, value: Buffer.from('v') });
  await put('first');
  const written = put('second');
  expect(await cache.purge({ customerId: 'c', model: null }, 0)).toBe(2);
  await written;
  expect(await cache.get('second')).toBeNull();
  await cache.close();
  rmSync(folder, { recursive: true, force: true });
});

it('what the file did not have is taken for missing for a moment, and what this process stored is not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-cache-'));
  const path = join(folder, 'answers.sqlite');
  const [one, other] = [
    await openSqliteCache({ path, logger, limits: { absentMs: 3_600_000 } }),
    await openSqliteCache({ path, logger }),
  ];
  const of = { customerId: 'c', model: 'm', purgesSeen: -1, ttlMs: 60_000 };
  await other.put({ ...of, key: 'theirs', value: Buffer.from('v') });
  // No promise: nobody was asked.
  expect(one.get('theirs')).toBeNull();
  await one.put({ ...of, key: 'own', value: Buffer.from('v') });
  expect([await one.get('own'), await one.get('theirs')]).not.toContain(null);
  await Promise.all([one.close(), other.close()]);
  rmSync(folder, { recursive: true, force: true });
});

describe('questions by what they mean', () => {
  let folder: string;
  let cache: AnswerCache;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tollgate-near-'));
    cache = await open();
  });
  afterEach(async () => {
    await cache.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const open = (limits = {}) => openSqliteCache({ path: join(folder, 'a.sqlite'), limits, logger });
  const near = () => cache.near as NearAnswers;
  const words = Uint32Array.of(1, 2, 3);
  const put = (key: string, vector: number[], more: Partial<NearAnswer> = {}) => {
    const of = {
      customerId: 'cus_a',
      model: 'm',
      purgesSeen: -1,
      ttlMs: 60_000,
      frame: 'f',
      words,
    };
    return near().put({ ...of, key, vector: Float32Array.from(vector), ...more });
  };
  const find = async (vector: number[], threshold = 0.9, frame = 'f', of = words) => {
    const question = { frame, vector: Float32Array.from(vector), words: of, threshold };
    return (await near().find(question))?.key ?? null;
  };

  it('are found by the nearest one above the threshold, of the same frame and length', async () => {
    await put('far', [0, 1]);
    await put('near', [0.8, 0.6]);
    await put('other frame', [1, 0], { frame: 'g' });
    await put('other model', [1, 0, 0]);
    expect([await find([1, 0], 0.7), await find([1, 0]), await find([1, 0], 0.9, 'g')]).toEqual([
      ...['near', null, 'other frame'],
    ]);
    await put('nearer', [0.96, 0.28]);
    expect(await find([1, 0], 0.7)).toBe('nearer');
  });

  it('that words tell apart are not found, however near they are', async () => {
    await put('k', [1, 0], { words: Uint32Array.of(1, 2, 4) });
    expect(await find([1, 0])).toBeNull();
    await put('same', [0.99, 0.14]);
    expect(await find([1, 0])).toBe('same');
  });

  it('survive a restart, and end with their time', async () => {
    await put('k', [1, 0]);
    await put('late', [1, 0], { frame: 'h', ttlMs: 0 });
    await cache.close();
    cache = await open();
    expect([await find([1, 0]), await find([1, 0], 0.9, 'h')]).toEqual(['k', null]);
  });

  it('are removed by a purge of their customer or their model', async () => {
    await put('a', [1, 0]);
    await put('b', [1, 0], { customerId: 'cus_b', frame: 'g' });
    await put('n', [1, 0], { model: 'n', frame: 'h' });
    await put('later', [1, 0], { purgesSeen: 7, frame: 'i' });
    await cache.purge({ customerId: 'cus_a', model: 'm' }, 7);
    const left = () => Promise.all(['f', 'g', 'h', 'i'].map((frame) => find([1, 0], 0.9, frame)));
    expect(await left()).toEqual([null, 'b', 'n', 'later']);
    await cache.purge({ customerId: null, model: 'n' }, 7);
    expect(await left()).toEqual([null, 'b', null, 'later']);
  });

  it('are bounded, by frame and in all: the oldest go first', async () => {
    await cache.close();
    cache = await open({ nearPerFrameMax: 2, nearMax: 3, vectorLengthMax: 2 });
    await put('first', [1, 0]);
    await put('second', [0, 1]);
    await put('third', [-1, 0]);
    expect([await find([1, 0]), await find([0, 1]), await find([-1, 0])]).toEqual([
      ...[null, 'second', 'third'],
    ]);
    await put('g', [1, 0], { frame: 'g' });
    await put('h', [1, 0], { frame: 'h' });
    await put('too long', [1, 0, 0], { frame: 'i' });
    expect([await find([0, 1]), await find([-1, 0]), await find([1, 0, 0], 0.9, 'i')]).toEqual([
      ...[null, 'third', null],
    ]);
  });
});
