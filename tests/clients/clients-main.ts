/** `npm run test:clients`: every client of the matrix, its row, and the provider's bill. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openClientHouse } from './house.ts';
import { jsClients } from './js-clients.ts';
import { PYTHON_SCRIPTS, pythonWithClients, seenInPython } from './python-clients.ts';
import { DOCUMENT, documentOf, rowOf, type Seen, seenOf } from './table.ts';

const { values } = parseArgs({
  options: { write: { type: 'boolean', default: false } },
});
const startedAtMs = performance.now();
const house = await openClientHouse();
const seen: Seen[] = [];
const add = (row: Seen) => {
  seen.push(row);
  console.log(rowOf(row));
};
for (const client of jsClients) add(await seenOf(client, house.gate));
const found = pythonWithClients();
if ('missing' in found) console.error(`NOT TESTED: clients of Python. ${found.missing}`);
else {
  for (const script of PYTHON_SCRIPTS) {
    for (const row of await seenInPython(found.python, script, house.gate)) add(row);
  }
}
const figures = await house.figures();
await house.close();
const failed = seen.flatMap(({ cells }) => Object.values(cells)).filter((cell) => cell !== 'yes');
if (values.write) writeFileSync(DOCUMENT, documentOf(seen));
const seconds = Math.round((performance.now() - startedAtMs) / 1000);
const isBilled = figures.events === figures.billed;
console.log(
  `${figures.calls} calls, billed ${figures.billed}, events ${figures.events}; ${seconds} s`,
);
const isGood = failed.length === 0 && isBilled;
const skipped = 'missing' in found ? PYTHON_SCRIPTS.length : 0;
console.log(
  `${seen.length} passed, ${isGood ? 0 : Math.max(1, failed.length)} failed, ${skipped} skipped`,
);
process.exit(isGood ? 0 : 1);
