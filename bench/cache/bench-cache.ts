/**
 * What a hit of the cache takes, next to a bare relay to a provider, and next to what the same proxy does
 * with calls that it has to send. All of them are interleaved in one run; ratios are taken within a round.
 *
 * A relay's answer takes as long as its provider's. So the relay is measured twice: to an upstream that
 * answers at once, which no provider does, and to one that takes as long as a provider at its fastest. A hit is
 * durable before it leaves (I9): it takes what a write to this disk takes, which no relay does.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fsyncP50Ms } from '../harness/machine.ts';
import { type Subject, start, usageOf } from '../harness/process.ts';
import { report } from '../harness/results.ts';
import { median, rounded } from '../harness/stats.ts';
import { type Load, load, run } from '../harness/wrk.ts';
import { chatBody } from '../proxy/body.ts';
import { createKey, prepareTollgate, startProxyOn } from '../proxy/tollgate.ts';

export const cacheBenchUsage = `  cache [--rounds 3] [--seconds 8] [--delay-ms 300] [--connections 1,32,64]
      Closed loop: hits, misses and calls without a cache of one proxy, and a bare relay to an upstream
      that answers at once and to one that takes --delay-ms. Hit over relay (latency), hits over misses
      (rate). Needs wrk and Go.
`;

const ROOT = join(import.meta.dirname, '../..');
const WARM_UP_SECONDS = 6;
/** In the text of a call that is made once there is a number in its place. */
const WORD = 'weather';
const RULE = { models: ['bench-small'], ttl_seconds: 3_600 };

type Target = {
  name: 'relay' | 'relay-delayed' | 'hit' | 'miss' | 'uncached';
  url: string;
  headers: Record<string, string>;
  unique?: string;
  /** Of the proxy. */
  pid?: number;
};
type Sample = Load & { round: number; connections: number; mainUsPerCall: number };
type Samples = Map<Target['name'], Sample[]>;

export async function benchCache(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '8' },
      'delay-ms': { type: 'string', default: '300' },
      connections: { type: 'string', default: '1,32,64' },
    },
  });
  const plan = {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    delayMs: Number(values['delay-ms']),
    connections: values.connections.split(',').map(Number),
  };
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  const fsyncMs = fsyncP50Ms(folder);
  const subjects: Subject[] = [];
  try {
    const targets = await startAll(folder, plan.delayMs, subjects);
    const samples = await measure(targets, plan);
    const summary = { ...summarize(samples, plan.connections), fsync_p50_ms: fsyncMs };
    report('cache', plan, Object.fromEntries(samples), summary, undefined);
  } finally {
    for (const subject of subjects.toReversed()) await subject.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startAll(folder: string, delayMs: number, subjects: Subject[]): Promise<Target[]> {
  const keep = (subject: Subject): string => {
    subjects.push(subject);
    return subject.ready['url'] ?? '';
  };
  const binary = join(folder, 'upstream');
  const source = join(import.meta.dirname, '../upstream');
  await run('go', ['build', '-o', binary, '.'], process.env, source);
  const upstream = async (delay: number) =>
    keep(await start({ name: 'upstream', command: binary, args: ['-delay', `${delay}ms`] }));
  const relayMain = join(import.meta.dirname, '../relay/main.ts');
  const relay = async (to: string) =>
    keep(await start({ name: 'relay', command: process.execPath, args: [relayMain, to] }));
  const fast = await upstream(0);
  const more = { cache: { rules: [RULE] } };
  const prepared = await prepareTollgate(join(folder, 'tollgate'), fast, ROOT, createKey, more);
  const proxy = await startProxyOn(prepared, { root: ROOT, nodeArgs: [] }, '0');
  const url = keep(proxy);
  const authorization = `Bearer ${prepared.made}`;
  const { pid } = proxy;
  return [
    { name: 'relay', url: await relay(fast), headers: {} },
    { name: 'relay-delayed', url: await relay(await upstream(delayMs)), headers: {} },
    { name: 'hit', url, headers: { authorization }, pid },
    { name: 'miss', url, headers: { authorization }, unique: WORD, pid },
    { name: 'uncached', url, headers: { authorization, 'cache-control': 'no-store' }, pid },
  ];
}

async function measure(
  targets: readonly Target[],
  plan: { rounds: number; seconds: number; connections: readonly number[] },
): Promise<Samples> {
  const samples: Samples = new Map(targets.map(({ name }) => [name, []]));
  for (const target of targets) await take(target, 32, WARM_UP_SECONDS);
  for (let round = 1; round <= plan.rounds; round++) {
    for (const connections of plan.connections) {
      for (const target of targets) {
        const taken = await take(target, connections, plan.seconds);
        samples.get(target.name)?.push({ ...taken, round, connections });
        const { name } = target;
        console.error(`round ${round} c=${connections} ${name}: ${line(taken)}`);
      }
    }
  }
  return samples;
}

async function take(
  { url, headers, unique, pid }: Target,
  connections: number,
  seconds: number,
): Promise<Load & { mainUsPerCall: number }> {
  const before = pid === undefined ? null : usageOf(pid);
  const target = { url: `${url}/v1/chat/completions`, connections, seconds, body: chatBody };
  const taken = await load({ ...target, headers, ...(unique === undefined ? {} : { unique }) });
  const mainUs = before === null ? 0 : usageOf(pid as number).mainUs - before.mainUs;
  return { ...taken, mainUsPerCall: mainUs / taken.requests };
}

function line({ rps, p50Ms, p99Ms, mainUsPerCall }: Load & { mainUsPerCall: number }): string {
  const main = mainUsPerCall === 0 ? '' : `, main thread ${rounded(mainUsPerCall)} µs/call`;
  return `${rounded(rps)}/s, p50 ${rounded(p50Ms)} ms, p99 ${rounded(p99Ms)} ms${main}`;
}

function summarize(samples: Samples, connections: readonly number[]): Record<string, number> {
  const summary: Record<string, number> = {};
  for (const c of connections) {
    const of = (name: Target['name']) =>
      (samples.get(name) ?? []).filter((sample) => sample.connections === c);
    const ratio = (a: Target['name'], b: Target['name'], field: 'p50Ms' | 'rps') =>
      median(of(a).map((sample, at) => sample[field] / (of(b)[at]?.[field] ?? Number.NaN)));
    for (const name of samples.keys()) {
      summary[`${name}_p50_ms_c${c}`] = median(of(name).map(({ p50Ms }) => p50Ms));
    }
    summary[`hit_over_relay_delayed_c${c}`] = ratio('hit', 'relay-delayed', 'p50Ms');
    summary[`hit_over_relay_c${c}`] = ratio('hit', 'relay', 'p50Ms');
    summary[`hits_over_misses_c${c}`] = ratio('hit', 'miss', 'rps');
    summary[`hits_over_uncached_c${c}`] = ratio('hit', 'uncached', 'rps');
  }
  return summary;
}
