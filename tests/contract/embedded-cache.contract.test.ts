/** The AnswerCache's contract on the embedded store, and what only its file promises. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteCache } from '@tollgate/adapters/cache/sqlite-cache.ts';
import { expect, it } from 'vitest';
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
