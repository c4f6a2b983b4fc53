import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSecrets } from './file-secrets.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-secrets-'));
  path = join(folder, 'deep', 'secrets.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the secrets file', () => {
  it('gives the admin token in clear text to the start that made it, and to no other (I12)', () => {
    const first = openSecrets(path);
    const second = openSecrets(path);
    const token = first.newAdminToken as string;

    expect(token).toMatch(/^tgadm_[\w-]{43}$/);
    expect(second.newAdminToken).toBeNull();
    expect(readFileSync(path, 'utf8')).not.toContain(token);
    expect([second.isAdminToken(token), second.isAdminToken(`${token}x`)]).toEqual([true, false]);
    expect(second.isAdminToken('')).toBe(false);
  });

  it('can be read only by its owner, and is refused otherwise', () => {
    openSecrets(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o640);
    expect(() => openSecrets(path)).toThrow(/others can read it/);
  });

  it('digests a key alike in every process, and differently in every installation', () => {
    const ours = openSecrets(path).digestKey('tg_live_x');
    expect(openSecrets(path).digestKey('tg_live_x', 1)).toEqual(ours);
    expect(openSecrets(join(folder, 'other.json')).digestKey('tg_live_x').hash).not.toBe(ours.hash);
    expect(ours).toEqual({ hash: expect.stringMatching(/^[0-9a-f]{64}$/), pepper_version: 1 });
  });

  it('knows no pepper that is not in the file', () => {
    expect(() => openSecrets(path).digestKey('tg_live_x', 2)).toThrow(/no pepper 2/);
  });

  it('derives the same bytes for the same label', () => {
    const bytes = openSecrets(path).deriveBytes('a', 40);
    expect(openSecrets(path).deriveBytes('a', 40)).toEqual(bytes);
    expect(openSecrets(path).deriveBytes('b', 40)).not.toEqual(bytes);
    expect(bytes).toHaveLength(40);
  });

  it('does not quote a broken file in its error (I12)', () => {
    openSecrets(path);
    writeFileSync(path, '{"peppers": "s3cret"}', { mode: 0o600 });
    expect(() => openSecrets(path)).toThrow(/^((?!s3cret).)*$/);
  });
});
