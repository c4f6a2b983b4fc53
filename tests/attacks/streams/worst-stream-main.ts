/**
 * `npm run test:worst-stream`: searches for the answers of a provider that cost a proxy the most, then
 * lets a real proxy have them, several at once, next to the calls of an honest tenant.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { LOOP_BLOCKED_MS_MAX } from '../bodies/bounds.ts';
import type { Figures } from '../product/untouched.ts';
import type { LoopBlock } from './loop-watch.ts';
import type { Recipe } from './recipe.ts';
import { type Found, searchWorst } from './search.ts';
import { openWorstHouse } from './worst-stream-run.ts';

const USAGE = `Usage: npm run test:worst-stream -- [options]

Searches for the answers that cost a proxy the most, and lets a proxy have them. Fails if one thing kept
its event loop for more than ${LOOP_BLOCKED_MS_MAX} ms of its processor, or if an honest call failed.

  --tries N      tries of the search (default 400)
  --seed N       of the search (default 1)
  --seconds N    for which a proxy has each of the worst (default 6)
  --json FILE    write what was found to FILE
`;
/** Of each aim of the search. */
const TRIED_ON_A_PROXY = 3;

const { values } = parseArgs({
  options: {
    tries: { type: 'string', default: '400' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '6' },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const [tries, seed] = [Number(values.tries), Number(values.seed)];
const ms = Number(values.seconds) * 1_000;

const inShort = ({ recipe, cost }: Found) =>
  `${cost.worstMs.toFixed(1)} ms in its longest step (${cost.worstStep}), ${cost.msPerMib.toFixed(0)} ms ` +
  `a MiB: ${recipe.name}, ${JSON.stringify({ ...recipe, name: undefined }).slice(0, 300)}`;

function say(what: string, block: LoopBlock, { p50Ms, p99Ms, plainP99Ms }: Figures): void {
  console.log(
    `${what}\n  event loop kept for at most ${block.cpuMs.toFixed(1)} ms of its processor ` +
      `(${block.clockMs.toFixed(0)} ms by the clock); other calls p50 ${p50Ms} ms, p99 ${p99Ms} ms ` +
      `(without the gateway ${plainP99Ms} ms)`,
  );
}

console.log(`seed ${seed}, ${tries} tries`);
const worst = searchWorst(
  seed,
  (tried) => tried < tries,
  (aim, found) => console.log(`  ${aim}: ${inShort(found)}`),
);
const chosen = new Map<string, Recipe>();
for (const [aim, found] of Object.entries(worst.byAim)) {
  console.log(`worst by its ${aim}, of ${worst.tried}: ${found[0] && inShort(found[0])}`);
  for (const { recipe } of found.slice(0, TRIED_ON_A_PROXY))
    chosen.set(JSON.stringify(recipe), recipe);
}
const recipes = [...chosen.values()];
const house = await openWorstHouse(recipes);
let failed = 0;
const results: object[] = [];
try {
  const quiet = await house.quiet(ms);
  say('quiet', quiet.block, quiet.honest);
  for (const index of recipes.keys()) {
    const found = await house.under(index, ms);
    results.push(found);
    say(`${found.recipe}: ${found.answers} answers`, found.block, found.honest);
    const isKept = found.block.cpuMs > LOOP_BLOCKED_MS_MAX;
    if (isKept || found.failures.length > 0) failed++;
    for (const failure of found.failures.slice(0, 3)) console.log(`  FAILED: ${failure}`);
    if (isKept) console.log(`  FAILED: kept for more than ${LOOP_BLOCKED_MS_MAX} ms`);
  }
} finally {
  await house.stop();
}
if (values.json !== undefined)
  writeFileSync(values.json, JSON.stringify({ worst, results }, null, 1));
console.log(`${recipes.length - failed} passed, ${failed} failed, 0 skipped`);
process.exit(failed === 0 && recipes.length > 0 ? 0 : 1);
