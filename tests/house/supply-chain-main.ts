/**
 * `npm run check:supply-chain`: hashes and licences of everything that `npm ci` installs. Takes the path
 * of a lockfile; default: ours.
 */
import { readFileSync } from 'node:fs';
import { type Lockfile, supplyChainFindings } from './supply-chain.ts';

const [path = new URL('../../package-lock.json', import.meta.url)] = process.argv.slice(2);
const lockfile = JSON.parse(readFileSync(path, 'utf8')) as Lockfile;
const findings = supplyChainFindings(lockfile);
for (const finding of findings) console.log(finding);
const count = Object.keys(lockfile.packages).length;
console.log(`${count} packages, ${findings.length} findings`);
process.exitCode = findings.length > 0 ? 1 : 0;
