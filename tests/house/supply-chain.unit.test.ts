import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type LockedPackage, type Lockfile, supplyChainFindings } from './supply-chain.ts';

const integrity = `sha512-${'A'.repeat(86)}==`;
const of = (entry: LockedPackage, path = 'node_modules/p') =>
  supplyChainFindings({ packages: { '': {}, [path]: { integrity, license: 'MIT', ...entry } } });

describe('what npm ci installs', () => {
  it('is verified, package by package, and may be handed on', () => {
    const path = new URL('../../package-lock.json', import.meta.url);
    const lockfile = JSON.parse(readFileSync(path, 'utf8')) as Lockfile;
    expect(Object.keys(lockfile.packages).length).toBeGreaterThan(300);
    expect(supplyChainFindings(lockfile)).toEqual([]);
  });

  it('has a hash that is whole and strong', () => {
    expect(of({})).toEqual([]);
    for (const weak of ['', 'sha1-abc=', 'sha512-short==']) {
      expect(of({ integrity: weak })).toEqual(['node_modules/p: has no SHA-512 to verify']);
    }
    expect(of({ integrity: '' }, 'apps/x/node_modules/p')).toHaveLength(1);
    expect(of({ link: true, integrity: '' })).toEqual([]);
  });

  it('has a licence that is known and allowed, at least one where there is a choice', () => {
    const faults = (license: string, dev = false) => of({ license, dev }).length;
    expect(
      ['MIT', 'GPL-3.0 OR MIT', '(BSD-3-Clause AND Apache-2.0)'].map((l) => faults(l)),
    ).toEqual([...[0, 0, 0]]);
    expect(['GPL-3.0', 'MIT AND GPL-3.0', 'SEE LICENSE', 'MPL-2.0'].map((l) => faults(l))).toEqual([
      ...[1, 1, 1, 1],
    ]);
    expect(faults('MPL-2.0', true)).toBe(0);
    const { license: _, ...unknown } = { integrity, license: '' };
    expect(supplyChainFindings({ packages: { 'node_modules/q': unknown } })).toEqual([
      'node_modules/q: licence unknown',
    ]);
  });

  it('comes from the registry', () => {
    expect(of({ resolved: 'https://registry.npmjs.org/p/-/p-1.tgz' })).toEqual([]);
    expect(of({ resolved: 'git+ssh://git@github.com/a/p.git' })).toHaveLength(1);
  });
});
