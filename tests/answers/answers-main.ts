/** `npm run test:answers`: every case of an answer with what comes of it, and very many answers. */
import { parseArgs } from 'node:util';
import { checkAnswers } from './generated/check.ts';
import { linesOf, playCases } from './table.ts';

const { values } = parseArgs({
  options: {
    answers: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
  },
});
const rows = await playCases();
const wrongRows = rows.filter(({ observed, expected }) => observed !== expected);
console.log(linesOf(rows).join('\n'));
const startedAt = process.cpuUsage();
const report = checkAnswers(Number(values.answers), Number(values.seed), (done) => {
  if (done > 0 && done % 50_000 === 0) console.error(`${done} answers`);
});
const { user, system } = process.cpuUsage(startedAt);
const cpuSeconds = Math.round((user + system) / 1e5) / 10;
console.log(JSON.stringify({ ...report, cpuSeconds }, null, 2));
const failed = wrongRows.length + (report.wrong.length > 0 ? 1 : 0);
console.log(`${rows.length + 1 - failed} passed, ${failed} failed, 0 skipped`);
process.exit(failed > 0 ? 1 : 0);
