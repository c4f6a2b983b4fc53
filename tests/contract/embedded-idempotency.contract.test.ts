/** The IdempotencyStore's contract on the embedded store, and what only a file promises. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteIdempotency } from '@tollgate/adapters/idempotency/sqlite-idempotency.ts';
import { expect, it } from 'vitest';
import { idempotencyContract } from './idempotency.ts';

idempotencyContract('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-keys-'));
  const path = join(folder, 'keys.sqlite');
  return {
    open: async (limits = {}) => openSqliteIdempotency({ path, limits }),
    dispose: async () => rmSync(folder, { recursive: true, force: true }),
  };
});

it('what was claimed and answered outlives the process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-keys-'));
  const path = join(folder, 'keys.sqlite');
  const claim = { owner: 'o', request: 'r', token: 't', leaseMs: 60_000, lifeMs: 60_000 };
  const first = openSqliteIdempotency({ path });
  await first.claim({ ...claim, id: 'a' });
  await first.claim({ ...claim, id: 'b' });
  await first.finish('a', 't', Buffer.from('x'));
  await first.close();
  const second = openSqliteIdempotency({ path });
  const found = [
    await second.claim({ ...claim, id: 'a' }),
    await second.claim({ ...claim, id: 'b' }),
  ];
  expect(found.map(({ kind }) => kind)).toEqual(['answered', 'running']);
  await second.close();
  rmSync(folder, { recursive: true });
});

it('a file that cannot be opened fails what is asked', async () => {
  const store = openSqliteIdempotency({ path: join(tmpdir(), 'no', 'such', 'folder', 'keys') });
  await expect(store.forget('a', 't')).rejects.toThrow();
});
