/**
 * One proxy of this tree against one of an earlier tree, under the same load and upstream.
 *
 * A process keeps what its start gave it (which code was compiled with which types, where memory lies):
 * between starts of the same two trees the ratio of their rates moved from 0.8 to 1.1
 * (bench/results/parent-2026-11-30T124047.json). So both are started again in each round, and the figure
 * is the median over the pairs of all rounds, shown with the medians of the rounds.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openParent } from '../harness/parent.ts';
import { start, usageOf } from '../harness/process.ts';
import { report } from '../harness/results.ts';
import { median, rounded } from '../harness/stats.ts';
import { load, run } from '../harness/wrk.ts';
import { chatBody } from './body.ts';
import { createKey, type Prepared, prepareTollgate, startProxyOn } from './tollgate.ts';

export const parentBenchUsage = `  parent REV-or-DIR [--starts 6] [--pairs 3] [--seconds 3] [--connections 1,32,64]
      One proxy of this tree against one of an earlier tree. Both are started again --starts times, and
      loaded in turn, --pairs times per start and number of connections: ratio of the rates, and of the
      main thread's time per call (above 1: this tree is better). Needs wrk and Go.
`;

const WARM_UP_SECONDS = 8;
const ROOT = join(import.meta.dirname, '../..');

type Side = { name: 'now' | 'then'; root: string; prepared: Prepared<string> };
type Pair = { start: number; connections: number; now: Sample; then: Sample };
type Sample = { rps: number; p99Ms: number; mainUsPerCall: number; cpuUsPerCall: number };
type Plan = { starts: number; pairs: number; seconds: number; connections: readonly number[] };

export async function benchParent(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      starts: { type: 'string', default: '6' },
      pairs: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '3' },
      connections: { type: 'string', default: '1,32,64' },
    },
  });
  const [where] = positionals;
  if (where === undefined) throw new Error('which tree? npm run bench -- parent REV-or-DIR');
  const plan: Plan = {
    starts: Number(values.starts),
    pairs: Number(values.pairs),
    seconds: Number(values.seconds),
    connections: values.connections.split(',').map(Number),
  };
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  const parent = openParent(where, folder);
  try {
    const pairs = await measure(folder, parent.root, plan);
    const options = { ...plan, parent: parent.commit };
    report('parent', options, pairs, summarize(pairs, plan), undefined);
  } finally {
    parent.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, parentRoot: string, plan: Plan): Promise<Pair[]> {
  const binary = join(folder, 'upstream');
  const source = join(import.meta.dirname, '../upstream');
  await run('go', ['build', '-o', binary, '.'], process.env, source);
  const upstream = await start({ name: 'upstream', command: binary, args: [] });
  try {
    const prepared = (name: string, root: string) =>
      prepareTollgate(join(folder, name), upstream.ready['url'] ?? '', root, createKey);
    const sides: Side[] = [
      { name: 'now', root: ROOT, prepared: await prepared('now', ROOT) },
      { name: 'then', root: parentRoot, prepared: await prepared('then', parentRoot) },
    ];
    const pairs: Pair[] = [];
    for (let at = 1; at <= plan.starts; at++) {
      // The order alternates, so that none always follows the other.
      pairs.push(...(await oneStart(at, at % 2 === 1 ? sides : sides.toReversed(), plan)));
    }
    return pairs;
  } finally {
    await upstream.stop();
  }
}

async function oneStart(at: number, sides: readonly Side[], plan: Plan): Promise<Pair[]> {
  const proxies: { name: Side['name']; pid: number; take: Take; stop: () => Promise<void> }[] = [];
  try {
    for (const { name, root, prepared } of sides) {
      const subject = await startProxyOn(prepared, { root, nodeArgs: [] }, '0');
      const { ready, pid } = subject;
      const take = takerOn(ready['url'] ?? '', prepared.made, pid);
      proxies.push({ name, pid, take, stop: () => subject.stop() });
      await take(32, WARM_UP_SECONDS);
    }
    const pairs: Pair[] = [];
    for (const connections of plan.connections) {
      for (let pair = 0; pair < plan.pairs; pair++) {
        const taken: Partial<Record<Side['name'], Sample>> = {};
        for (const { name, take } of pair % 2 === 0 ? proxies : proxies.toReversed()) {
          taken[name] = await take(connections, plan.seconds);
        }
        const { now, then } = taken as Record<Side['name'], Sample>;
        pairs.push({ start: at, connections, now, then });
      }
      const own = pairs.filter((pair) => pair.connections === connections);
      console.error(`start ${at} c=${connections}: ${line(own)}`);
    }
    return pairs;
  } finally {
    for (const { stop } of proxies) await stop();
  }
}

type Take = (connections: number, seconds: number) => Promise<Sample>;

function takerOn(url: string, secret: string, pid: number): Take {
  const headers = { authorization: `Bearer ${secret}` };
  return async (connections, seconds) => {
    const before = usageOf(pid);
    const target = { url: `${url}/v1/chat/completions`, connections, seconds };
    const { rps, p99Ms, requests } = await load({ ...target, body: chatBody, headers });
    const after = usageOf(pid);
    return {
      rps,
      p99Ms,
      mainUsPerCall: (after.mainUs - before.mainUs) / requests,
      cpuUsPerCall: ((after.cpuS - before.cpuS) * 1e6) / requests,
    };
  };
}

const rates = ({ now, then }: Pair) => now.rps / then.rps;
const mainThread = ({ now, then }: Pair) => then.mainUsPerCall / now.mainUsPerCall;

function line(pairs: readonly Pair[]): string {
  const of = (side: Side['name'], field: keyof Sample) =>
    Math.round(median(pairs.map((pair) => pair[side][field])));
  const ratio = (of: (pair: Pair) => number) => rounded(median(pairs.map(of)));
  return (
    `${of('now', 'rps')}/s against ${of('then', 'rps')}/s, ratio ${ratio(rates)}; ` +
    `main thread ${of('now', 'mainUsPerCall')} against ${of('then', 'mainUsPerCall')} µs/call, ` +
    `ratio ${ratio(mainThread)}`
  );
}

function summarize(pairs: readonly Pair[], plan: Plan): Record<string, number> {
  const summary: Record<string, number> = {};
  for (const connections of plan.connections) {
    const own = pairs.filter((pair) => pair.connections === connections);
    console.log(`c=${connections}, ${own.length} pairs: ${line(own)}`);
    summary[`parent_ratio_c${connections}`] = median(own.map(rates));
    summary[`parent_main_us_ratio_c${connections}`] = median(own.map(mainThread));
    const byStart = Array.from({ length: plan.starts }, (_, at) =>
      median(own.filter((pair) => pair.start === at + 1).map(rates)),
    );
    summary[`parent_ratio_least_start_c${connections}`] = Math.min(...byStart);
    summary[`parent_ratio_most_start_c${connections}`] = Math.max(...byStart);
  }
  return summary;
}
