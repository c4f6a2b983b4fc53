/** Runs the rules of this folder over the repository; `npm run check` calls it. */
import { fileURLToPath } from 'node:url';
import { checkDomainPurity } from './domain-purity.ts';
import { checkLayers } from './layers.ts';
import { readSourceTree } from './source-tree.ts';
import { checkTraps } from './traps.ts';

const modules = readSourceTree(fileURLToPath(new URL('../..', import.meta.url)));
const findings = [...checkLayers(modules), ...checkDomainPurity(modules), ...checkTraps(modules)];
for (const { path, line, rule, message } of findings) {
  console.error(`${path}:${line} [${rule}] ${message}`);
}
console.log(`house rules: ${modules.length} files, ${findings.length} findings`);
process.exitCode = findings.length > 0 ? 1 : 0;
