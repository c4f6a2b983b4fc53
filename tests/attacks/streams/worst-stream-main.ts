/**
 * `npm run test:worst-stream`: searches for the answers of a provider that cost a proxy the most, then
 * lets a real proxy have them, several at once, next to the calls of an honest tenant. It ends by itself,
 * however slow the machine is: the search at its time, each answer at its own.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { LOOP_BLOCKED_MS_MAX } from '../bodies/bounds.ts';
import type { Recipe } from './recipe.ts';
import { type Found, searchWorst, type Worst } from './search.ts';
import { openWorstHouse, type UnderWorst } from './worst-stream-run.ts';

const USAGE = `Usage: npm run test:worst-stream -- [options]

Searches for the answers that cost a proxy the most, and lets a proxy have them. Fails if one thing kept
its event loop for more than ${LOOP_BLOCKED_MS_MAX} ms of its processor, or if an honest call failed. Takes
five minutes.

  --search-seconds N   the search ends then (default 210)
  --tries N            or after so many tries (default: no bound but the time)
  --seed N             of the search (default 1)
  --seconds N          for which a proxy has each of the worst (default 5)
  --json FILE          write what was found to FILE
`;
/** Of each aim of the search; they come once more in single bytes. */
const TRIED_ON_A_PROXY = 2;
const SINGLE_BYTES = 1;
/** Between two lines of progress, ms. */
const PROGRESS_MS = 15_000;

const { values } = parseArgs({
  options: {
    'search-seconds': { type: 'string', default: '210' },
    tries: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '5' },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const [tries, seed] = [Number(values.tries), Number(values.seed)];
const searchMs = Number(values['search-seconds']) * 1_000;
const ms = Number(values.seconds) * 1_000;

const inShort = ({ recipe, cost }: Found) =>
  `${cost.worstMs.toFixed(1)} ms in its longest step (${cost.worstStep}), ${cost.msPerMib.toFixed(0)} ms ` +
  `a MiB: ${recipe.name}, ${JSON.stringify({ ...recipe, name: undefined }).slice(0, 300)}`;

function search(): Worst {
  const startedAtMs = performance.now();
  let saidAtMs = startedAtMs;
  const best = new Map<string, Found>();
  const goesOn = (tried: number) => {
    const nowMs = performance.now();
    if (nowMs - saidAtMs > PROGRESS_MS) {
      saidAtMs = nowMs;
      const worst = [...best].map(
        ([aim, { recipe, cost }]) =>
          `${aim} ${cost.worstMs.toFixed(1)} ms, ${cost.msPerMib.toFixed(0)} ms a MiB (${recipe.name})`,
      );
      const seconds = Math.round((nowMs - startedAtMs) / 1_000);
      console.log(`  ${seconds} s, ${tried} tries: ${worst.join('; ')}`);
    }
    return tried < tries && nowMs - startedAtMs < searchMs;
  };
  return searchWorst(seed, goesOn, (aim, found) => best.set(aim, found));
}

function chosenOf(worst: Worst): Recipe[] {
  const chosen = new Map<string, Recipe>();
  const add = (recipe: Recipe) => chosen.set(JSON.stringify({ ...recipe, name: '' }), recipe);
  for (const found of Object.values(worst.byAim)) {
    for (const { recipe } of found.slice(0, TRIED_ON_A_PROXY)) add(recipe);
    const first = found[0]?.recipe;
    if (first === undefined) continue;
    add({ ...first, name: `${first.name}, in single bytes`, chunkBytes: SINGLE_BYTES });
  }
  return [...chosen.values()];
}

function tableOf(rows: readonly UnderWorst[]): string {
  const head = ['answer', 'MiB', 'loop kept, ms', 'by the clock', 'p50', 'p99', 'p99 without', ''];
  const cells = rows.map(({ recipe, mib, block, honest, failures }) => [
    recipe,
    mib.toFixed(1),
    block.cpuMs.toFixed(1),
    block.clockMs.toFixed(0),
    ...[honest.p50Ms, honest.p99Ms, honest.plainP99Ms].map(String),
    block.cpuMs > LOOP_BLOCKED_MS_MAX || failures.length > 0 ? 'FAILED' : 'passed',
  ]);
  const widths = head.map((name, at) =>
    Math.max(name.length, ...cells.map((row) => row[at]?.length ?? 0)),
  );
  const lineOf = (row: readonly string[]) =>
    row.map((cell, at) =>
      at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0),
    );
  return [head, ...cells].map((row) => lineOf(row).join('  ')).join('\n');
}

console.log(`seed ${seed}, ${searchMs / 1_000} s of search`);
const worst = search();
for (const [aim, [first]] of Object.entries(worst.byAim)) {
  console.log(`worst by its ${aim}, of ${worst.tried}: ${first && inShort(first)}`);
}
const recipes = chosenOf(worst);
const house = await openWorstHouse(recipes);
const rows: UnderWorst[] = [];
try {
  rows.push(await house.quiet(ms));
  for (const index of recipes.keys()) rows.push(await house.under(index, ms));
} finally {
  await house.stop();
}
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ worst, rows }, null, 1));
console.log(`\n${tableOf(rows)}\n`);
console.log(
  `The loop in ms of its processor, at most ${LOOP_BLOCKED_MS_MAX}; p50 and p99 in ms, of other calls.`,
);
for (const { recipe, failures } of rows) {
  for (const failure of failures.slice(0, 3)) console.log(`FAILED: ${recipe}: ${failure}`);
}
const failed = rows.filter(
  ({ block, failures }) => block.cpuMs > LOOP_BLOCKED_MS_MAX || failures.length > 0,
).length;
console.log(`${rows.length - failed} passed, ${failed} failed, 0 skipped`);
process.exit(failed === 0 && rows.length > 1 ? 0 : 1);
