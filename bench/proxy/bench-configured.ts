/**
 * What routes, a cache and metrics cost a call that they do nothing for: the same proxy without them, with
 * them and not used, with calls by a route, and with such that look for an answer in the cache, find none, and store
 * theirs. All are interleaved in one run, started again in each round (bench-parent.ts says why), and so is one of an earlier tree.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openParent } from '../harness/parent.ts';
import { type Subject, start, usageOf } from '../harness/process.ts';
import { report } from '../harness/results.ts';
import { median, rounded } from '../harness/stats.ts';
import { load, run } from '../harness/wrk.ts';
import { chatBody } from './body.ts';
import { CACHED_ROUTE, CONFIGURED, ROUTE } from './configured.ts';
import { createKey, type Prepared, prepareTollgate, startProxyOn } from './tollgate.ts';

export const configuredBenchUsage = `  configured [--parent REV-or-DIR] [--starts 4] [--pairs 3] [--seconds 3] [--connections 1,32,64]
             [--profile DIR]
      One proxy without routes and cache, one with both (its metrics are read every second): calls that use
      neither, calls by a route, and calls by a route that miss the cache; --parent adds one of an earlier tree without them.
      Ratio of the rates and of the main thread's time per call to each of the two without (above 1:
      better than that). Needs wrk and Go.
`;

const WARM_UP_SECONDS = 6;
const METRICS_EVERY_MS = 1_000;
const ROOT = join(import.meta.dirname, '../..');
/** In the text of each call there is another number in its place. */
const WORD = 'weather';

type Name = 'plain' | 'unused' | 'routed' | 'missed' | 'parent';
type Sample = { rps: number; p50Ms: number; p99Ms: number; mainUsPerCall: number };
/** What was measured right after each other. */
type Turn = { start: number; connections: number } & Partial<Record<Name, Sample>>;
type Plan = {
  starts: number;
  pairs: number;
  seconds: number;
  connections: readonly number[];
  nodeArgs: readonly string[];
};
type Side = { root: string; prepared: Prepared<string>; calls: [Name, string][] };

export async function benchConfigured(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      parent: { type: 'string' },
      starts: { type: 'string', default: '4' },
      pairs: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '3' },
      connections: { type: 'string', default: '1,32,64' },
      profile: { type: 'string' },
    },
  });
  const plan: Plan = {
    starts: Number(values.starts),
    pairs: Number(values.pairs),
    seconds: Number(values.seconds),
    connections: values.connections.split(',').map(Number),
    nodeArgs:
      values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`],
  };
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  const parent = values.parent === undefined ? null : openParent(values.parent, folder);
  try {
    const turns = await measure(folder, parent?.root ?? null, plan);
    const options = { ...plan, parent: parent?.commit ?? null };
    report('configured', options, turns, summarize(turns, plan), undefined);
  } finally {
    parent?.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, parentRoot: string | null, plan: Plan): Promise<Turn[]> {
  const binary = join(folder, 'upstream');
  const source = join(import.meta.dirname, '../upstream');
  await run('go', ['build', '-o', binary, '.'], process.env, source);
  const upstream = await start({ name: 'upstream', command: binary, args: [] });
  try {
    const prepared = (name: string, root: string, more: object) =>
      prepareTollgate(join(folder, name), upstream.ready['url'] ?? '', root, createKey, more);
    const calling = (model: string) => JSON.stringify({ ...JSON.parse(chatBody), model });
    const sides: Side[] = [
      { root: ROOT, prepared: await prepared('plain', ROOT, {}), calls: [['plain', chatBody]] },
      {
        root: ROOT,
        prepared: await prepared('configured', ROOT, CONFIGURED),
        calls: [
          ['unused', chatBody],
          ['routed', calling(ROUTE)],
          ['missed', calling(CACHED_ROUTE)],
        ],
      },
    ];
    if (parentRoot !== null) {
      const earlier = await prepared('parent', parentRoot, {});
      sides.push({ root: parentRoot, prepared: earlier, calls: [['parent', chatBody]] });
    }
    const turns: Turn[] = [];
    for (let at = 1; at <= plan.starts; at++) {
      // The order alternates, so that none always follows the same one.
      turns.push(...(await oneStart(at, at % 2 === 1 ? sides : sides.toReversed(), plan)));
    }
    return turns;
  } finally {
    await upstream.stop();
  }
}

async function oneStart(at: number, sides: readonly Side[], plan: Plan): Promise<Turn[]> {
  const subjects: Subject[] = [];
  const takes: [Name, Take][] = [];
  const scrapes: NodeJS.Timeout[] = [];
  try {
    for (const { root, prepared, calls } of sides) {
      const subject = await startProxyOn(prepared, { root, nodeArgs: plan.nodeArgs }, '0');
      subjects.push(subject);
      if (calls.length > 1) scrapes.push(readMetrics(subject));
      for (const [name, body] of calls) {
        const take = takerOn(subject, prepared.made, body);
        takes.push([name, take]);
        await take(32, WARM_UP_SECONDS);
      }
    }
    const turns: Turn[] = [];
    for (const connections of plan.connections) {
      for (let pair = 0; pair < plan.pairs; pair++) {
        const turn: Turn = { start: at, connections };
        for (const [name, take] of pair % 2 === 0 ? takes : takes.toReversed()) {
          turn[name] = await take(connections, plan.seconds);
        }
        turns.push(turn);
      }
      const own = turns.filter((turn) => turn.connections === connections);
      console.error(`start ${at} c=${connections}: ${line(own)}`);
    }
    return turns;
  } finally {
    for (const scrape of scrapes) clearInterval(scrape);
    for (const subject of subjects) await subject.stop();
  }
}

/** As a Prometheus does, only more often. */
function readMetrics({ ready }: Subject): NodeJS.Timeout {
  return setInterval(async () => {
    const answer = await fetch(`${ready['url']}/metrics`);
    if (!answer.ok) throw new Error(`/metrics answers ${answer.status}`);
    await answer.arrayBuffer();
  }, METRICS_EVERY_MS);
}

type Take = (connections: number, seconds: number) => Promise<Sample>;

function takerOn({ ready, pid }: Subject, secret: string, body: string): Take {
  const headers = { authorization: `Bearer ${secret}` };
  const url = `${ready['url']}/v1/chat/completions`;
  return async (connections, seconds) => {
    const before = usageOf(pid);
    const target = { url, connections, seconds, body, headers, unique: WORD };
    const { requests, ...taken } = await load(target);
    return { ...taken, mainUsPerCall: (usageOf(pid).mainUs - before.mainUs) / requests };
  };
}

/** Of one to another one within each turn; above 1: the first is better. */
function ratios(turns: readonly Turn[], name: Name, to: Name) {
  const both = turns.flatMap((turn) => {
    const [one, other] = [turn[name], turn[to]];
    return one === undefined || other === undefined ? [] : [{ one, other }];
  });
  return {
    rate: median(both.map(({ one, other }) => one.rps / other.rps)),
    main: median(both.map(({ one, other }) => other.mainUsPerCall / one.mainUsPerCall)),
  };
}

const NAMES: readonly Name[] = ['plain', 'unused', 'routed', 'missed', 'parent'];

function line(turns: readonly Turn[]): string {
  const parts = NAMES.flatMap((name) => {
    const own = turns.flatMap((turn) => turn[name] ?? []);
    if (own.length === 0) return [];
    const of = (field: keyof Sample) => median(own.map((sample) => sample[field]));
    const { rate, main } = ratios(turns, name, 'plain');
    const ratio = name === 'plain' ? '' : `, ratio ${rounded(rate)}, of main ${rounded(main)}`;
    return [`${name} ${Math.round(of('rps'))}/s, ${rounded(of('mainUsPerCall'))} µs/call${ratio}`];
  });
  return parts.join('; ');
}

function summarize(turns: readonly Turn[], plan: Plan): Record<string, number> {
  const summary: Record<string, number> = {};
  for (const connections of plan.connections) {
    const own = turns.filter((turn) => turn.connections === connections);
    console.log(`c=${connections}, ${own.length} turns: ${line(own)}`);
    for (const to of ['plain', 'parent'] as const) {
      if (own.every((turn) => turn[to] === undefined)) continue;
      for (const name of ['plain', 'unused', 'routed', 'missed'] as const) {
        if (name === to) continue;
        const { rate, main } = ratios(own, name, to);
        summary[`${name}_to_${to}_c${connections}`] = rate;
        summary[`${name}_to_${to}_main_us_c${connections}`] = main;
      }
    }
  }
  return summary;
}
