/**
 * What enforcement costs: one proxy, under the same load with keys that have no budget, one, or four
 * and a rate limit on their path. The rounds are interleaved in one run, so a slow minute of the machine
 * falls on all of them; ratios are taken within a round first. Then many budgets at once (`crowd.ts`).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '@tollgate/adapters/config/load-config.ts';
import { openLedger } from '@tollgate/adapters/stores/open-ledger.ts';
import { type Subject, start, usageOf } from '../harness/process.ts';
import { report } from '../harness/results.ts';
import { median, rounded } from '../harness/stats.ts';
import { type Load, load, run } from '../harness/wrk.ts';
import { chatBody } from '../proxy/body.ts';
import { type Crowd, crowdSummary, measureCrowd } from './crowd.ts';
import { type Path, startPaths, windowEvents } from './paths.ts';

export const budgetsBenchUsage = `  budgets [--rounds 5] [--seconds 10] [--connections 64] [--profile DIR] [--compare FILE]
          [--budgets 10000] [--calls-per-second 1000] [--crowd-seconds 30]
      Closed loop through one proxy with no budget, one, and four budgets and a rate limit on the path:
      calls per second, what a call costs on the main thread, events that the ledger gets. Then many
      budgets under a load by Zipf's law: what first calls wait, alone and in the crowd. Needs wrk and Go.
`;

const WARM_UP_SECONDS = 10;
type Sample = Load & { round: number; mainUsPerCall: number };
type Measured = { path: Path; samples: Sample[]; calls: number };

export async function benchBudgets(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '10' },
      connections: { type: 'string', default: '64' },
      budgets: { type: 'string', default: '10000' },
      'calls-per-second': { type: 'string', default: '1000' },
      'crowd-seconds': { type: 'string', default: '30' },
      profile: { type: 'string' },
      compare: { type: 'string' },
    },
  });
  const options = {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    connections: Number(values.connections),
  };
  const crowdOptions = {
    budgets: Number(values.budgets),
    callsPerSecond: Number(values['calls-per-second']),
    seconds: Number(values['crowd-seconds']),
  };
  const profile =
    values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
  const paths = await measurePaths(options, profile);
  const crowd = await measureCrowd(crowdOptions);
  const summary = { ...pathSummary(paths), ...crowdSummary(crowd) };
  console.table(summary);
  const raw = {
    paths: paths.map(({ path, ...more }) => ({ name: path.name, ...more })),
    ...thinned(crowd),
  };
  report('budgets', { ...options, crowd: crowdOptions }, raw, summary, values.compare);
}

type Options = { rounds: number; seconds: number; connections: number };

async function measurePaths(
  options: Options,
  nodeArgs: readonly string[],
): Promise<(Measured & { events: number })[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  const subjects: Subject[] = [];
  try {
    const binary = join(folder, 'upstream');
    const source = join(import.meta.dirname, '../upstream');
    await run('go', ['build', '-o', binary, '.'], process.env, source);
    const upstream = await start({ name: 'upstream', command: binary, args: [] });
    subjects.push(upstream);
    const upstreamUrl = upstream.ready['url'] ?? '';
    const { proxy, paths, config } = await startPaths(
      join(folder, 'tollgate'),
      upstreamUrl,
      nodeArgs,
    );
    subjects.push(proxy);
    const measured = await measure(proxy, paths, options);
    // All slices go back.
    await proxy.stop();
    const settings = loadConfig(config);
    const quiet = { warn: () => undefined };
    const stores = { config: settings, data: settings.data, clientId: 'bench', logger: quiet };
    const ledger = await openLedger(stores);
    const all: (Measured & { events: number })[] = [];
    for (const one of measured) {
      let events = 0;
      for (const id of one.path.budgetIds) events += await windowEvents(ledger, id);
      all.push({ ...one, events });
    }
    await ledger.close();
    return all;
  } finally {
    for (const subject of subjects.toReversed()) await subject.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  proxy: Subject,
  paths: readonly Path[],
  { rounds, seconds, connections }: Options,
): Promise<Measured[]> {
  const all = paths.map((path): Measured => ({ path, samples: [], calls: 0 }));
  const one = async (measured: Measured, durationS: number) => {
    const headers = { authorization: `Bearer ${measured.path.secret}` };
    const url = `${proxy.ready['url']}/v1/chat/completions`;
    const result = await load({ url, connections, seconds: durationS, body: chatBody, headers });
    measured.calls += result.requests;
    return result;
  };
  for (const measured of all) await one(measured, WARM_UP_SECONDS);
  for (let round = 1; round <= rounds; round++) {
    // The order alternates, so that none always follows the same one.
    for (const measured of round % 2 === 1 ? all : all.toReversed()) {
      const before = usageOf(proxy.pid).mainUs;
      const result = await one(measured, seconds);
      const mainUsPerCall = (usageOf(proxy.pid).mainUs - before) / result.requests;
      measured.samples.push({ ...result, round, mainUsPerCall });
      console.error(
        `round ${round} ${measured.path.name}: ${Math.round(result.rps)}/s p50 ` +
          `${rounded(result.p50Ms)} p99 ${rounded(result.p99Ms)} ms, main thread ` +
          `${rounded(mainUsPerCall)} µs/call`,
      );
    }
  }
  return all;
}

function pathSummary(all: readonly (Measured & { events: number })[]): Record<string, number> {
  const [none, one, four] = all as [
    Measured,
    Measured & { events: number },
    Measured & { events: number },
  ];
  const medianOf = ({ samples }: Measured, field: keyof Sample) =>
    median(samples.map((sample) => sample[field]));
  const ratio = ({ samples }: Measured) =>
    median(samples.map(({ rps, round }) => rps / (none.samples[round - 1] as Sample).rps));
  const perThousand = ({ calls, events }: Measured & { events: number }) =>
    (events / calls) * 1_000;
  return {
    rps_no_budget: medianOf(none, 'rps'),
    rps_one_budget: medianOf(one, 'rps'),
    rps_four_budgets_and_rate: medianOf(four, 'rps'),
    ratio_one_budget: ratio(one),
    ratio_four_budgets_and_rate: ratio(four),
    p99_ms_no_budget: medianOf(none, 'p99Ms'),
    p99_ms_four_budgets_and_rate: medianOf(four, 'p99Ms'),
    main_us_no_budget: medianOf(none, 'mainUsPerCall'),
    main_us_four_budgets_and_rate: medianOf(four, 'mainUsPerCall'),
    appends_per_1000_calls_one_budget: perThousand(one),
    appends_per_1000_calls_four_budgets: perThousand(four),
  };
}

/** Every tenth figure: the file stays small, and percentiles can be worked out again. */
function thinned({ aloneMs, coldMs, waitMs, calls, appends }: Crowd) {
  const tenth = (values: readonly number[]) =>
    values
      .toSorted((a, b) => a - b)
      .filter((_, index) => index % 10 === 0)
      .map((ms) => rounded(ms));
  return {
    crowd: { calls, appends, alone: tenth(aloneMs), cold: tenth(coldMs), wait: tenth(waitMs) },
  };
}
