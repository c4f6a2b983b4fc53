/**
 * Runs the rules of this folder over the repository, or over the folder that is named:
 * `npm run check:layers [-- FOLDER]`.
 */
import { fileURLToPath } from 'node:url';
import { checkSeams } from '../seams/seam-rules.ts';
import { seamUses } from '../seams/uses.ts';
import { checkDialectFields } from './dialect-fields.ts';
import { checkDomainPurity } from './domain-purity.ts';
import { checkLayers } from './layers.ts';
import { readSourceTree } from './source-tree.ts';
import { checkSqlRoom } from './sql-room.ts';
import { checkTestNames } from './test-names.ts';
import { checkTraps } from './traps.ts';

const modules = readSourceTree(process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url)));
const rules = [
  checkLayers,
  checkDialectFields,
  checkSqlRoom,
  checkDomainPurity,
  checkTraps,
  checkTestNames,
];
const findings = [...rules.flatMap((rule) => rule(modules)), ...checkSeams(modules, seamUses)];
for (const { path, line, rule, message } of findings) {
  console.error(`${path}:${line} [${rule}] ${message}`);
}
console.log(`${modules.length} files, ${findings.length} findings`);
process.exitCode = findings.length > 0 ? 1 : 0;
