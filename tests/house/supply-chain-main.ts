/** `npm run check:supply-chain`: hashes and licences of everything that `npm ci` installs. */
import { readFileSync } from 'node:fs';
import { type Lockfile, supplyChainFindings } from './supply-chain.ts';

const path = new URL('../../package-lock.json', import.meta.url);
const lockfile = JSON.parse(readFileSync(path, 'utf8')) as Lockfile;
const findings = supplyChainFindings(lockfile);
for (const finding of findings) console.log(finding);
console.log(`${Object.keys(lockfile.packages).length} packages, ${findings.length} findings`);
process.exitCode = findings.length > 0 ? 1 : 0;
