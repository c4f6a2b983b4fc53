/**
 * `npm run test:chaos`: kills and stops the product's processes at named points while real SDK
 * calls run, and then audits the product from the simulator's own bill. Ends with the totals; fails
 * if a figure is wrong or a point was not reached often enough.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Armory } from './armory.ts';
import { runScenarios, type ScenarioReport, scenarioNames } from './distributed/scenarios.ts';
import { type FaultRecord, FaultRunner, isGood, planFaults } from './faults.ts';
import { Load, MODELS } from './load.ts';
import { openHouse } from './platform.ts';
import { FENCE, points } from './points.ts';
import { ROUTED_MODELS } from './routed.ts';
import { soak } from './soak.ts';
import { judgeRunning, judgeStores } from './verdict.ts';

const USAGE = `Usage: npm run test:chaos -- [options]

Kills (SIGKILL) and stops (SIGSTOP 3 s, SIGCONT) proxies and the core at named points under load.

  --kills N        at least this many SIGKILLs (default 60)
  --stops N        this many SIGSTOPs (default 10)
  --per-point N    how often each named point is reached (default 3)
  --proxies N      proxy processes (default 3)
  --engines E      embedded (default) or distributed: on npm run stack
  --projectors N   projector processes on distributed engines (default 2)
  --routes         calls go by routes of two candidates, at two providers that fail in turn
  --concurrency N  calls in flight (default 24)
  --seed N         order of the faults (default: from the date)
  --soak MINUTES   instead: a share of the peak load, a random fault every 20 s; handles, memory,
                   threads and lag must be flat
  --rate SHARE     of the peak, for --soak (default 0.5)
  --json FILE      write every fault and every figure to FILE
  --scenarios A,B  distributed only: which of points, kills, broker, storm, fence, outages, leader
                   (default: all, about 35 minutes). points is the plan of --kills and --stops
  --keep           keep the data folder
`;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '60' },
    stops: { type: 'string', default: '10' },
    'per-point': { type: 'string', default: '3' },
    proxies: { type: 'string', default: '3' },
    engines: { type: 'string', default: 'embedded' },
    projectors: { type: 'string', default: '2' },
    routes: { type: 'boolean', default: false },
    concurrency: { type: 'string', default: '24' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 86_400_000)) },
    soak: { type: 'string' },
    rate: { type: 'string', default: '0.5' },
    json: { type: 'string' },
    scenarios: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

/** A small generator (mulberry32), so that a seed repeats a plan. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const distributed = values.engines === 'distributed';
const scenarios = distributed ? (values.scenarios?.split(',') ?? scenarioNames) : ['points'];
for (const name of scenarios) {
  if (scenarioNames.includes(name)) continue;
  console.error(`--scenarios: ${name} is none of ${scenarioNames.join(', ')}`);
  process.exit(2);
}

/** @returns the points that were not reached often enough with enough calls in flight */
function shortfalls(records: readonly FaultRecord[], perPoint: number): string[] {
  return points.flatMap(({ name, what }) => {
    const good = records.filter((record) => record.point === name && isGood(record));
    if (good.length >= perPoint) return [];
    return [`${name} (${what}): ${good.length} of ${perPoint} with enough calls in flight`];
  });
}

const startMs = Date.now() - 1_000;
const folder = mkdtempSync(join(tmpdir(), 'tollgate-chaos-'));
const say = (line: string) => console.log(line);
const random = seeded(Number(values.seed));
const perPoint = Number(values['per-point']);
const armory = new Armory(folder);
// Half an hour of scenarios: the same number in flight, but slower calls, so that fewer have to
// be audited.
const tokenPaceMs = distributed && values.soak === undefined ? 20 : 2;
const house = await openHouse(folder, {
  proxies: Number(values.proxies),
  projectors: Number(values.projectors),
  distributed,
  // A reasoner's longest answer has some 560 tokens.
  routeTimeoutMs: values.routes ? 5_000 + 600 * tokenPaceMs : null,
});
const load = new Load(
  house.platform.proxyUrl,
  house.customers.flatMap(({ keys }) => keys),
  tokenPaceMs,
  values.routes ? ROUTED_MODELS : MODELS,
);
const runner = new FaultRunner(house, armory, load, random);
const concurrency = Number(values.concurrency);
let reports: ScenarioReport[] = [];

/** Runs every requested scenario. @returns what was not reached often enough, or went wrong */
async function carryOut(): Promise<string[]> {
  load.start(concurrency);
  const missing = scenarios.includes('points') ? await carryOutPlan() : [];
  const { engines } = house;
  if (engines === null) return missing;
  const stage = { house, engines, load, concurrency, armory, runner, random, perPoint, say };
  reports = await runScenarios(scenarios, stage);
  return [...missing, ...reports.flatMap((report) => report.missing)];
}

/** Carries out every fault of the plan. @returns what was not reached often enough */
async function carryOutPlan(): Promise<string[]> {
  const plan = planFaults(Number(values.kills), Number(values.stops), perPoint, random);
  say(`${plan.length} faults planned`);
  for (const [index, fault] of plan.entries()) {
    await runner.run(fault);
    const last = runner.records.at(-1) as FaultRecord;
    const { completed, failed, refused, aborted } = load.tally;
    console.error(
      `${index + 1}/${plan.length} ${last.signal} at ${last.point}: ` +
        `${last.reached_at === null ? 'NOT REACHED' : `${last.calls_in_flight} in flight`}; ` +
        `${completed} completed, ${failed} failed, ${refused} refused, ${aborted} given up`,
    );
  }
  const { kills, stops } = reachedFaults();
  const missing = shortfalls(runner.records, perPoint);
  if (kills < Number(values.kills)) missing.push(`${kills} kills of ${values.kills}`);
  if (stops < Number(values.stops)) missing.push(`${stops} stops of ${values.stops}`);
  return missing.map((what) => `Not reached: ${what}`);
}

function reachedFaults(): { kills: number; stops: number } {
  const reached = runner.records.filter(({ reached_at }) => reached_at !== null);
  const kills = reached.filter(({ signal }) => signal === 'SIGKILL').length;
  return { kills, stops: reached.filter(({ signal }) => signal === 'SIGSTOP').length };
}

say(`Seed ${values.seed}; data in ${folder}`);
try {
  house.failing?.fail(Number(values.seed));
  const soaked =
    values.soak === undefined
      ? null
      : await soak({
          ...{ house, load, runner, random, say },
          minutes: Number(values.soak),
          share: Number(values.rate),
          concurrency,
        });
  const faulty = soaked?.faulty ?? (await carryOut());
  await load.stop();
  await house.failing?.heal();
  const figures = await judgeRunning(house, load, startMs, say);
  await house.platform.stop();
  const stored = await judgeStores(house, say);
  await house.engines?.stop();
  if (values.json !== undefined) {
    const seconds = (Date.now() - startMs) / 1000;
    const { seed } = values;
    const result = {
      ...{ seed, seconds, tally: load.tally, figures, stored },
      ...{ scenarios: reports, soak: soaked },
    };
    writeFileSync(values.json, JSON.stringify({ ...result, faults: runner.records }, null, 1));
  }
  for (const line of faulty) console.error(line);
  const { kills, stops } = reachedFaults();
  const names = new Set([...points, FENCE].map(({ name }) => name));
  const good = runner.records.filter((record) => isGood(record) && names.has(record.point));
  const reached = new Set(good.map(({ point }) => point));
  say(`${kills} kills, ${stops} stops, ${reached.size} points, ${load.tally.completed} calls`);
  const planned = scenarios.includes('points') ? points.length : 0;
  const checks = soaked?.trends.filter(({ flat }) => flat !== null).length;
  const passed = (checks ?? planned + reports.length) - faulty.length;
  say(`${Math.max(0, passed)} passed, ${faulty.length} failed, 0 skipped`);
  if (!values.keep && faulty.length === 0) rmSync(folder, { recursive: true, force: true });
  process.exit(faulty.length === 0 ? 0 : 1);
} catch (error) {
  console.error(error);
  console.error(`The data stays in ${folder}`);
  say('0 passed, 1 failed, 0 skipped');
  await house.platform.stop();
  await house.engines?.stop();
  process.exit(1);
}
