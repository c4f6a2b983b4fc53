import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  addAdminToken,
  adminTokenWasShown,
  namedAdminTokens,
  removeAdminToken,
  replaceUnseenAdminToken,
  resetAdminToken,
} from './admin-tokens.ts';
import { openSecrets } from './file-secrets.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-tokens-'));
  path = join(folder, 'secrets.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const CREATED = { created_at: '2026-11-01T00:00:00Z', expires_at: null };
const works = (...tokens: string[]) => {
  const { isAdminToken } = openSecrets(path);
  return tokens.map((token) => isAdminToken(token));
};

describe('the admin token', () => {
  it('that nobody has seen is replaced by the next start; one that was shown stays', () => {
    const lost = openSecrets(path).newAdminToken ?? '';
    const shown = replaceUnseenAdminToken(path) ?? '';
    expect(works(lost, shown)).toEqual([false, true]);
    adminTokenWasShown(path);
    expect(replaceUnseenAdminToken(path)).toBeNull();
    expect(works(shown)).toEqual([true]);
  });

  it('can be reset: the old one no longer works, and keys are digested as before', () => {
    const { newAdminToken, digestKey } = openSecrets(path);
    const token = resetAdminToken(path);
    expect(works(newAdminToken ?? '', token)).toEqual([false, true]);
    expect(openSecrets(path).digestKey('tg_live_x')).toEqual(digestKey('tg_live_x'));
    expect([statSync(path).mode & 0o777, readdirSync(folder)]).toEqual([0o600, ['secrets.json']]);
    expect(readFileSync(path, 'utf8')).not.toContain(token);
  });

  it('there may be more by name, until they expire or are removed', () => {
    const first = openSecrets(path).newAdminToken ?? '';
    const ci = addAdminToken(path, { name: 'ci', ...CREATED }) ?? '';
    const past = { ...CREATED, expires_at: '2026-11-02T00:00:00Z' };
    const old = addAdminToken(path, { name: 'old', ...past }) ?? '';
    expect(works(first, ci, old)).toEqual([true, true, false]);
    expect(addAdminToken(path, { name: 'ci', ...CREATED })).toBeNull();
    expect(namedAdminTokens(path).map(({ name }) => name)).toEqual(['ci', 'old']);
    expect([removeAdminToken(path, 'ci'), removeAdminToken(path, 'ci')]).toEqual([true, false]);
    expect(works(first, ci)).toEqual([true, false]);
  });

  it('a change reaches a process that runs', async () => {
    const { isAdminToken, newAdminToken } = openSecrets(path);
    const token = resetAdminToken(path);
    await sleep(1_100);
    expect([isAdminToken(newAdminToken ?? ''), isAdminToken(token)]).toEqual([false, true]);
  });
});
