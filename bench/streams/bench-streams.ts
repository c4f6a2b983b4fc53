/**
 * Many open streams through the proxy, next to the bare relay and to the upstream alone: how much later the
 * first byte comes, and how even the chunks are after it. Interleaved in one run; what is added is taken
 * within a round.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Subject, start, usageOf } from '../harness/process.ts';
import { report } from '../harness/results.ts';
import { median, rounded } from '../harness/stats.ts';
import { run } from '../harness/wrk.ts';
import { chatBody } from '../proxy/body.ts';
import { CACHED_ROUTE, CONFIGURED } from '../proxy/configured.ts';
import { createKey, prepareTollgate, startProxyOn } from '../proxy/tollgate.ts';

export const streamsBenchUsage = `  streams [--streams 500] [--rounds 3] [--seconds 15] [--tokens 30] [--pace-ms 200]
      So many open streams through the upstream alone, a bare relay, the proxy, and the proxy by a route with a
      cache that it misses: time to the first byte and gaps between chunks, p50 and p99, and what is added to
      the relay's. Needs Go.
`;

const ROOT = join(import.meta.dirname, '../..');
/** The client puts another number in its place. */
const UNIQUE = '{unique}';
const WARM_UP_SECONDS = 5;

type Target = { name: string; url: string; bearer: string; body: string; pid: number };
/** As the client prints it, and what the process took for it. */
type Sample = {
  streams: number;
  errors: number;
  chunks: number;
  first_p50_ms: number;
  first_p99_ms: number;
  gap_p50_ms: number;
  gap_p99_ms: number;
  gap_max_ms: number;
  main_us_per_chunk: number;
};
type Plan = { streams: number; rounds: number; seconds: number; tokens: number; paceMs: number };

export async function benchStreams(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      streams: { type: 'string', default: '500' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '15' },
      tokens: { type: 'string', default: '30' },
      'pace-ms': { type: 'string', default: '200' },
    },
  });
  const plan: Plan = {
    streams: Number(values.streams),
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    tokens: Number(values.tokens),
    paceMs: Number(values['pace-ms']),
  };
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  const subjects: Subject[] = [];
  try {
    const client = join(folder, 'client');
    await run('go', ['build', '-o', client, '.'], process.env, join(import.meta.dirname, 'client'));
    const targets = await startAll(folder, plan, subjects);
    const samples = await measure(client, targets, plan);
    report('streams', plan, Object.fromEntries(samples), summarize(samples), undefined);
  } finally {
    for (const subject of subjects.toReversed()) await subject.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startAll(folder: string, plan: Plan, subjects: Subject[]): Promise<Target[]> {
  const keep = (subject: Subject): Subject => {
    subjects.push(subject);
    return subject;
  };
  const binary = join(folder, 'upstream');
  const source = join(import.meta.dirname, '../upstream');
  await run('go', ['build', '-o', binary, '.'], process.env, source);
  const pace = ['-tokens', String(plan.tokens), '-pace', `${plan.paceMs}ms`];
  const upstream = keep(await start({ name: 'upstream', command: binary, args: pace }));
  const upstreamUrl = upstream.ready['url'] ?? '';
  const relayMain = join(import.meta.dirname, '../relay/main.ts');
  // Room for all of them, as the proxy has it.
  const relayArgs = [relayMain, upstreamUrl, String(plan.streams)];
  const relay = keep(await start({ name: 'relay', command: process.execPath, args: relayArgs }));
  const data = join(folder, 'tollgate');
  const prepared = await prepareTollgate(data, upstreamUrl, ROOT, createKey, CONFIGURED);
  const proxy = keep(await startProxyOn(prepared, { root: ROOT, nodeArgs: [] }, '0'));
  const body = JSON.stringify({ ...JSON.parse(chatBody), stream: true });
  // With a number of its own in each call: all look for an answer in the cache, and none is there.
  const routed = JSON.stringify({ ...JSON.parse(body), model: CACHED_ROUTE }).replace(
    'weather',
    UNIQUE,
  );
  const bearer = prepared.made;
  return [
    { name: 'upstream', url: upstreamUrl, bearer: '', body, pid: upstream.pid },
    { name: 'relay', url: relay.ready['url'] ?? '', bearer: '', body, pid: relay.pid },
    { name: 'tollgate', url: proxy.ready['url'] ?? '', bearer, body, pid: proxy.pid },
    { name: 'configured', url: proxy.ready['url'] ?? '', bearer, body: routed, pid: proxy.pid },
  ];
}

async function measure(
  client: string,
  targets: readonly Target[],
  plan: Plan,
): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>(targets.map(({ name }) => [name, []]));
  for (const target of targets) await take(client, target, plan.streams, WARM_UP_SECONDS);
  for (let round = 1; round <= plan.rounds; round++) {
    // The order alternates, so that none always follows the same one.
    for (const target of round % 2 === 1 ? targets : targets.toReversed()) {
      const taken = await take(client, target, plan.streams, plan.seconds);
      samples.get(target.name)?.push(taken);
      console.error(`round ${round} ${target.name}: ${line(taken)}`);
    }
  }
  return samples;
}

async function take(
  client: string,
  { name, url, bearer, body, pid }: Target,
  streams: number,
  seconds: number,
): Promise<Sample> {
  const before = usageOf(pid);
  const flags = { url: `${url}/v1/chat/completions`, body, bearer, streams, seconds };
  const args = Object.entries(flags).map(([flag, value]) => `-${flag}=${value}`);
  const taken = JSON.parse(await run(client, args)) as Sample;
  if (taken.errors > 0) throw new Error(`${taken.errors} streams of ${name} failed`);
  return { ...taken, main_us_per_chunk: (usageOf(pid).mainUs - before.mainUs) / taken.chunks };
}

function line(sample: Sample): string {
  const { streams, first_p50_ms, first_p99_ms, gap_p50_ms, gap_p99_ms, gap_max_ms } = sample;
  return (
    `${streams} streams, first byte p50 ${rounded(first_p50_ms)} p99 ${rounded(first_p99_ms)} ms, ` +
    `gap p50 ${rounded(gap_p50_ms)} p99 ${rounded(gap_p99_ms)} most ${rounded(gap_max_ms)} ms, ` +
    `main thread ${rounded(sample.main_us_per_chunk)} µs/chunk`
  );
}

function summarize(samples: ReadonlyMap<string, Sample[]>): Record<string, number> {
  const summary: Record<string, number> = {};
  const relay = samples.get('relay') ?? [];
  for (const [name, own] of samples) {
    for (const field of ['first_p50_ms', 'first_p99_ms', 'gap_p50_ms', 'gap_p99_ms'] as const) {
      summary[`${name}_${field}`] = median(own.map((sample) => sample[field]));
      if (name === 'relay' || name === 'upstream') continue;
      const added = own.map((sample, at) => sample[field] - (relay[at]?.[field] ?? Number.NaN));
      summary[`${name}_added_${field}`] = median(added);
    }
    summary[`${name}_main_us_per_chunk`] = median(own.map((one) => one.main_us_per_chunk));
    console.log(`${name}: ${own.map(line).join('\n  ')}`);
  }
  return summary;
}
