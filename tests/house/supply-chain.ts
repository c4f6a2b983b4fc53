/**
 * What may be installed: every package of the lockfile has the hash that `npm ci` compares with what
 * it was given, and a licence that lets us hand the product on. Pure.
 */

export type LockedPackage = {
  version?: string;
  integrity?: string;
  resolved?: string;
  license?: string;
  link?: boolean;
  dev?: boolean;
};

export type Lockfile = { packages: Readonly<Record<string, LockedPackage>> };

const PERMISSIVE = new Set([
  ...['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0'],
  ...['Unlicense', 'CC0-1.0', 'Python-2.0'],
  // Of fonts: they may be handed on, and be in documents, as long as they are not sold alone.
  'OFL-1.1',
]);
/** Changes of its own files have to be shown; it is a tool of ours, and no part of the product. */
const OF_TOOLS = new Set(['MPL-2.0']);

/** State their licence in a form of before SPDX, which npm leaves out of the lockfile: MIT. */
const STATED_OTHERWISE = new Set([
  ...['node_modules/ssh2', 'node_modules/buildcheck', 'node_modules/cpu-features'],
  'node_modules/png-js',
]);

const HASH = /^sha512-[A-Za-z0-9+/]{86}==$/;

/** @returns one line for each fault, in the order of the lockfile */
export function supplyChainFindings({ packages }: Lockfile): string[] {
  return Object.entries(packages).flatMap(([path, entry]) => {
    if (!path.includes('node_modules/') || entry.link === true) return [];
    const findings: string[] = [];
    // seam: package-has-its-hash
    if (!HASH.test(entry.integrity ?? '')) findings.push(`${path}: has no SHA-512 to verify`);
    if (!mayBeUsed(path, entry)) findings.push(`${path}: licence ${entry.license ?? 'unknown'}`);
    if (entry.resolved !== undefined && !isOfRegistry(entry.resolved)) {
      findings.push(`${path}: comes from ${entry.resolved}`);
    }
    return findings;
  });
}

function mayBeUsed(path: string, { license, dev }: LockedPackage): boolean {
  if (license === undefined) return STATED_OTHERWISE.has(path);
  const isAllowed = (name: string) => PERMISSIVE.has(name) || (dev === true && OF_TOOLS.has(name));
  const choices = license.replace(/^\(|\)$/g, '').split(' OR ');
  return choices.some((choice) => choice.split(' AND ').every(isAllowed));
}

/** What npm itself writes; anything else would bypass the registry's own signatures. */
function isOfRegistry(resolved: string): boolean {
  return resolved.startsWith('https://registry.npmjs.org/');
}
