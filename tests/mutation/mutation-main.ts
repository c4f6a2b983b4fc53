/**
 * `npm run test:mutation`: tests the tests at large. Makes one small mistake at a time in an area of
 * the product, and asks the area's tests whether they notice.
 */
import { parseArgs } from 'node:util';
import { areas } from './areas.ts';
import { changedLines } from './changed.ts';
import { type AreaReport, runArea } from './run-area.ts';

const USAGE = `Usage: npm run test:mutation -- [options]

Makes one small mistake (a mutant) at a time and runs the tests that reach it. Fails if too many
mutants of an area survive, if tests fail without any mutant, or if the tool contradicts itself.

  --area A,B     ${Object.keys(areas).join(', ')} (default: those with a threshold)
  --changed REV  only lines that differ from REV, in any area
  --only TEXT    only files whose path contains TEXT
  --sample N     N mutants of each area, picked at random
  --seed N       of the sample and of what is checked again (default: 1)
  --recheck N    kills of each area that are shown again, from edited source (default: 10)
  --patience MS  how much longer a run may take than it should (default: 20000)
  --again        forget what earlier runs found
  --quick        only the area's own tests, not those of its users
  --list         name the mutants and stop
`;

const { values } = parseArgs({
  options: {
    area: { type: 'string' },
    changed: { type: 'string' },
    only: { type: 'string', default: '' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    recheck: { type: 'string', default: '10' },
    patience: { type: 'string', default: '20000' },
    again: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const THRESHOLD = Object.keys(areas).filter((name) => (areas[name]?.killedMin ?? 0) > 0);
const names = values.area?.split(',') ?? THRESHOLD;
const unknown = names.filter((name) => areas[name] === undefined);
if (unknown.length > 0) {
  console.error(`--area: ${unknown.join(', ')} is none of ${Object.keys(areas).join(', ')}`);
  process.exit(2);
}

const reports: AreaReport[] = [];
for (const name of names) {
  reports.push(
    await runArea(name, {
      lines: values.changed === undefined ? null : changedLines(values.changed),
      only: values.only,
      sample: values.sample === undefined ? null : Number(values.sample),
      seed: Number(values.seed),
      recheck: Number(values.recheck),
      patienceMs: Number(values.patience),
      again: values.again,
      quick: values.quick,
      listOnly: values.list,
      say: (line) => console.log(line),
    }),
  );
}

const sum = (of: (report: AreaReport) => number) => reports.reduce((n, one) => n + of(one), 0);
for (const { problems } of reports) for (const problem of problems) console.log(problem);
const killed = sum((report) => report.killed);
const survived = sum((report) => report.survived);
const equivalent = sum((report) => report.equivalent);
console.log(`${killed} passed, ${survived} failed, ${equivalent} skipped`);
process.exit(reports.some(({ problems }) => problems.length > 0) ? 1 : 0);
