/** The contract of owners on the embedded store, and what only a file promises. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStoredObjects } from '@tollgate/adapters/stored-objects/sqlite-stored-objects.ts';
import { expect, it } from 'vitest';
import { storedObjectsContract } from './stored-objects.ts';

storedObjectsContract('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-stored-'));
  const path = join(folder, 'stored.sqlite');
  return {
    open: async (limits = {}) => openSqliteStoredObjects({ path, limits }),
    dispose: async () => rmSync(folder, { recursive: true, force: true }),
  };
});

it('who owns what outlives the process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-stored-'));
  const path = join(folder, 'stored.sqlite');
  const first = openSqliteStoredObjects({ path });
  await first.keep(['resp_1'], { owner: 'a', provider: 'p' });
  await first.close();
  const second = openSqliteStoredObjects({ path });
  expect(await second.find(['resp_1'])).toEqual([{ owner: 'a', provider: 'p' }]);
  await second.close();
  rmSync(folder, { recursive: true });
});

it('a file that cannot be opened fails what is asked', async () => {
  const store = openSqliteStoredObjects({ path: join(tmpdir(), 'no', 'such', 'folder', 'stored') });
  await expect(store.find(['a'])).rejects.toThrow();
});
