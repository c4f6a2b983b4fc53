/** `npm run test:sim`: many histories of proxies and budgets, each from its seed alone. */
import { parseArgs } from 'node:util';
import { checkDecider } from './decider.ts';
import { runSeeds, summaryOf } from './run-seeds.ts';

const USAGE = `Usage: npm run test:sim -- [--seeds 1000] [--from 1] [--tell] [--sequences 0]

Simulates histories of 1 to 8 proxies that share budgets, with crashes, stops, clock steps and a bad
network, and checks in each of them that no budget is exceeded and that all of it is settled exactly.

  --seeds N      how many histories
  --from SEED    the seed of the first one; the others follow it
  --tell         what happened in the end of each history
  --sequences N  how many sequences of commands the decider of grants is tried with before
`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    tell: { type: 'boolean', default: false },
    sequences: { type: 'string', default: '0' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const sequences = Number(values.sequences);
if (sequences > 0) {
  const startedAtMs = performance.now();
  checkDecider(sequences);
  const seconds = Math.round((performance.now() - startedAtMs) / 1000);
  console.log(`${sequences} sequences of commands passed, ${seconds} s`);
}
const result = await runSeeds({
  from: Number(values.from),
  count: Number(values.seeds),
  failuresMax: 5,
  tells: values.tell,
  say: (line) => console.log(line),
});
console.log(JSON.stringify(result.figures));
console.log(summaryOf(result));
process.exit(result.failures.length === 0 ? 0 : 1);
