/**
 * The proxy under load, next to the upstream alone, a bare relay, a peer, and an earlier state of
 * itself. The rounds of all are interleaved in one run, so a slow minute of the machine falls on all of
 * them. Figures are medians over the rounds; ratios are taken within a round first.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fsyncP50Ms } from '../harness/machine.ts';
import { openParent, type Parent } from '../harness/parent.ts';
import { type Subject, start, type Usage, usageOf } from '../harness/process.ts';
import { report } from '../harness/results.ts';
import { median, rounded } from '../harness/stats.ts';
import { type Load, load, run } from '../harness/wrk.ts';
import { chatBody } from './body.ts';
import { startPortkey } from './portkey.ts';
import { startTollgate } from './tollgate.ts';

export const proxyBenchUsage = `  proxy [--rounds 3] [--seconds 10] [--parent DIR-or-REV] [--portkey DIR] [--no-portkey]
        [--profile DIR] [--compare FILE]
      Closed loop at 1, 32 and 64 connections: upstream, bare relay, Tollgate with authentication,
      hold and durable event (one proxy, and two behind one port), and Portkey's gateway, which is
      installed into DIR (outside the project) if it is missing. --parent adds one proxy of an earlier
      tree, under the same load and upstream; for a ratio to rely on see the bench parent. Next to the rates: what a call costs on the proxy's
      main thread, and how long that thread waited for a processor. Needs wrk and Go. --profile
      leaves CPU profiles of Tollgate's threads in DIR.
`;

const CONNECTIONS = [1, 32, 64];
const WARM_UP_SECONDS = 10;
type Contender = { name: string; url: string; pids: number[]; headers: Record<string, string> };
type Sample = Load & {
  round: number;
  connections: number;
  cpuSPer1000: number;
  rssMib: number;
  /** Of the main threads, per call: on a processor, and waiting for one. */
  mainUsPerCall: number;
  waitUsPerCall: number;
};

const ROOT = join(import.meta.dirname, '../..');

export async function benchProxy(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '10' },
      portkey: { type: 'string', default: join(tmpdir(), 'tollgate-bench-portkey') },
      'no-portkey': { type: 'boolean', default: false },
      parent: { type: 'string' },
      profile: { type: 'string' },
      compare: { type: 'string' },
    },
  });
  const rounds = Number(values.rounds);
  const seconds = Number(values.seconds);
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  const fsyncMs = fsyncP50Ms(folder);
  const subjects: Subject[] = [];
  const parent = values.parent === undefined ? null : openParent(values.parent, folder);
  try {
    const portkey = values['no-portkey'] ? undefined : values.portkey;
    const profile =
      values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
    const contenders = await startAll(folder, { portkey, parent, nodeArgs: profile }, subjects);
    const samples = await measure(contenders, rounds, seconds);
    const summary = { ...summarize(samples), fsync_p50_ms: fsyncMs };
    print(samples);
    const options = {
      rounds,
      seconds,
      body_bytes: chatBody.length,
      parent: parent?.commit ?? null,
    };
    report('proxy', options, Object.fromEntries(samples), summary, values.compare);
  } finally {
    for (const subject of subjects.toReversed()) await subject.stop();
    parent?.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startAll(
  folder: string,
  options: { portkey: string | undefined; parent: Parent | null; nodeArgs: readonly string[] },
  subjects: Subject[],
): Promise<Contender[]> {
  const keep = (subject: Subject) => {
    subjects.push(subject);
    const { name, ready, pid } = subject;
    return { name, url: ready['url'] ?? '', pids: [pid], headers: {} };
  };
  const binary = join(folder, 'upstream');
  await run(
    'go',
    ['build', '-o', binary, '.'],
    process.env,
    join(import.meta.dirname, '../upstream'),
  );
  const upstream = keep(await start({ name: 'upstream', command: binary, args: [] }));
  const relayMain = join(import.meta.dirname, '../relay/main.ts');
  const relay = keep(
    await start({ name: 'relay', command: process.execPath, args: [relayMain, upstream.url] }),
  );
  const tollgate = async (name: string, proxies: number, root = ROOT): Promise<Contender> => {
    const { nodeArgs } = options;
    const own = { root, proxies, nodeArgs };
    const started = await startTollgate(join(folder, `data-${name}`), upstream.url, own);
    const [first, ...others] = started.subjects.map(keep) as [Contender, ...Contender[]];
    const pids = [...first.pids, ...others.flatMap((other) => other.pids)];
    return { ...first, name, pids, headers: { authorization: `Bearer ${started.secret}` } };
  };
  const contenders: Contender[] = [
    upstream,
    relay,
    await tollgate('tollgate', 1),
    await tollgate('tollgate-2', 2),
  ];
  if (options.parent !== null) {
    contenders.splice(3, 0, await tollgate('parent', 1, options.parent.root));
  }
  if (options.portkey === undefined) return contenders;
  const portkey = keep(await startPortkey(options.portkey));
  const headers = {
    authorization: 'Bearer bench',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `${upstream.url}/v1`,
  };
  return [...contenders, { ...portkey, headers }];
}

async function measure(
  contenders: readonly Contender[],
  rounds: number,
  seconds: number,
): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  const one = (contender: Contender, connections: number, durationS: number) =>
    load({
      url: `${contender.url}/v1/chat/completions`,
      connections,
      seconds: durationS,
      body: chatBody,
      headers: contender.headers,
    });
  // Compilers and caches warm up before anything counts: after 3 s they still worked, and the rounds
  // at one connection, which come first and have few calls, measured them.
  for (const contender of contenders) await one(contender, 32, WARM_UP_SECONDS);
  for (let round = 1; round <= rounds; round++) {
    // The order alternates, so that none always follows the same one.
    const order = round % 2 === 1 ? contenders : contenders.toReversed();
    for (const connections of CONNECTIONS) {
      for (const contender of order) {
        const before = usageOfAll(contender.pids);
        const result = await one(contender, connections, seconds);
        const after = usageOfAll(contender.pids);
        const perCall = (field: keyof Usage) => (after[field] - before[field]) / result.requests;
        const sample: Sample = {
          ...result,
          round,
          connections,
          cpuSPer1000: perCall('cpuS') * 1000,
          rssMib: after.rssMib,
          mainUsPerCall: perCall('mainUs'),
          waitUsPerCall: perCall('mainWaitUs'),
        };
        samples.get(contender.name)?.push(sample);
        console.error(
          `round ${round} c=${connections} ${contender.name}: ${Math.round(result.rps)}/s ` +
            `p50 ${rounded(result.p50Ms)} p99 ${rounded(result.p99Ms)} ms ` +
            `cpu ${rounded(sample.cpuSPer1000)} s/1000, main thread ` +
            `${rounded(sample.mainUsPerCall)} µs/call, waited ${rounded(sample.waitUsPerCall)} µs/call`,
        );
      }
    }
  }
  return samples;
}

function usageOfAll(pids: readonly number[]): Usage {
  const all = pids.map(usageOf);
  const total = (field: keyof Usage) => all.reduce((sum, usage) => sum + usage[field], 0);
  return {
    cpuS: total('cpuS'),
    rssMib: total('rssMib'),
    mainUs: total('mainUs'),
    mainWaitUs: total('mainWaitUs'),
  };
}

function medianOf(
  samples: readonly Sample[] | undefined,
  connections: number,
  field: keyof Sample,
): number {
  const chosen = (samples ?? []).filter((sample) => sample.connections === connections);
  return median(chosen.map((sample) => sample[field]));
}

function summarize(samples: ReadonlyMap<string, Sample[]>): Record<string, number> {
  const of = (name: string, connections: number, field: keyof Sample) =>
    medianOf(samples.get(name), connections, field);
  const summary: Record<string, number> = {
    relay_ratio: of('tollgate', 64, 'rps') / of('relay', 64, 'rps'),
    relay_ratio_c32: of('tollgate', 32, 'rps') / of('relay', 32, 'rps'),
    added_p50_ms: of('tollgate', 1, 'p50Ms') - of('upstream', 1, 'p50Ms'),
    cpu_s_per_1000: of('tollgate', 64, 'cpuSPer1000'),
    rps_c64: of('tollgate', 64, 'rps'),
    p99_ms_c64: of('tollgate', 64, 'p99Ms'),
    rss_mib: of('tollgate', 64, 'rssMib'),
    main_us_per_call: of('tollgate', 64, 'mainUsPerCall'),
    wait_us_per_call: of('tollgate', 64, 'waitUsPerCall'),
    relay_ratio_2_proxies: of('tollgate-2', 64, 'rps') / of('relay', 64, 'rps'),
    cpu_s_per_1000_2_proxies: of('tollgate-2', 64, 'cpuSPer1000'),
  };
  Object.assign(summary, againstParent(samples));
  if (samples.has('portkey')) {
    summary['portkey_ratio'] = of('tollgate', 64, 'rps') / of('portkey', 64, 'rps');
  }
  return summary;
}

/** Above 1: this tree is better than its parent. */
function againstParent(samples: ReadonlyMap<string, Sample[]>): Record<string, number> {
  const parents = samples.get('parent') ?? [];
  const summary: Record<string, number> = {};
  for (const connections of parents.length === 0 ? [] : CONNECTIONS) {
    const pairs = (samples.get('tollgate') ?? [])
      .filter((sample) => sample.connections === connections)
      .flatMap((now) => {
        const then = parents.find((p) => p.round === now.round && p.connections === connections);
        return then === undefined ? [] : [{ now, then }];
      });
    summary[`parent_ratio_c${connections}`] = median(pairs.map((p) => p.now.rps / p.then.rps));
    summary[`parent_main_us_ratio_c${connections}`] = median(
      pairs.map((p) => p.then.mainUsPerCall / p.now.mainUsPerCall),
    );
  }
  return summary;
}

function print(samples: ReadonlyMap<string, Sample[]>): void {
  const rows = [...samples].map(([name, own]) => {
    const at = (connections: number, field: keyof Sample) =>
      rounded(medianOf(own, connections, field));
    return {
      contender: name,
      ...Object.fromEntries(CONNECTIONS.map((c) => [`rps c=${c}`, Math.round(at(c, 'rps'))])),
      'p50/p99 ms c=1': `${at(1, 'p50Ms')}/${at(1, 'p99Ms')}`,
      'p50/p99 ms c=64': `${at(64, 'p50Ms')}/${at(64, 'p99Ms')}`,
      'CPU s per 1,000': at(64, 'cpuSPer1000'),
      'main thread µs/call c=64': at(64, 'mainUsPerCall'),
      'waited µs/call c=64': at(64, 'waitUsPerCall'),
      'RSS MiB': Math.round(at(64, 'rssMib')),
    };
  });
  console.table(rows);
}
