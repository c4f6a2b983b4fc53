/**
 * The projector: from the log to raw rows and roll-ups, dedupe on, next to a plain consumer of the same
 * log without any guarantee, and to the projector of an earlier tree; interleaved in one run, each in a
 * process of its own. The records are in the log before a clock starts; it stops when each has its row
 * and no closed bucket is dirty.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { openParent, type Parent } from '../harness/parent.ts';
import { report } from '../harness/results.ts';
import { median, rounded } from '../harness/stats.ts';
import { runContender, type Taken } from './contender/run-contender.ts';
import { EventSource, eventBytes } from './events.ts';
import { type BenchServers, startServers } from './servers.ts';
import { enginesOf } from './stores.ts';

export const projectorBenchUsage = `  projector [--events 500000] [--rounds 3] [--engines embedded|distributed] [--parent DIR-or-REV]
            [--compare FILE]
      Events per second from the log into raw rows and roll-ups, 1 % duplicates, and next to it a
      plain consumer that inserts the same records without any guarantee: plain_ratio. --parent adds
      the projector of an earlier tree, on a log of its own that was filled in the same way. Also what
      an event costs on the projector's main thread, and how long that waited for a processor.
      distributed: from a real Kafka, the warehouse over HTTP and in-process; fails if a plain_ratio
      is below 0.6. Needs Java 17 and Maven.
`;

const APPEND_RECORDS = 5_000;
const DAY_MS = 86_400_000;
const ROOT = join(import.meta.dirname, '../..');
/** The values of `--engines`, and the engines that each one means. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  embedded: ['embedded'],
  distributed: ['kafka-http', 'kafka-inprocess'],
};
/** Of a plain consumer's rate: what the guarantees may cost on servers. */
const PLAIN_RATIO_MIN = 0.6;

type Name = 'plain' | 'tollgate' | 'parent';
type Sample = Taken & { round: number; engines: string; contender: Name; eventsPerS: number };
type Round = { servers: BenchServers; parent: Parent | null; events: number; round: number };

export async function benchProjector(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      events: { type: 'string', default: '500000' },
      rounds: { type: 'string', default: '3' },
      engines: { type: 'string', default: 'embedded' },
      parent: { type: 'string' },
      compare: { type: 'string' },
    },
  });
  const events = Number(values.events);
  const chosen = CHOICES[values.engines];
  if (chosen === undefined) throw new Error(`--engines ${values.engines}: no such engines`);
  const scratch = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  const parent = values.parent === undefined ? null : openParent(values.parent, scratch);
  const servers = await startServers(chosen);
  const samples: Sample[] = [];
  let partitions = 0;
  try {
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const name of chosen) {
        partitions = await measure(name, { servers, parent, events, round }, samples);
      }
    }
  } finally {
    await servers.stop();
    parent?.remove();
    rmSync(scratch, { recursive: true, force: true });
  }
  const options = {
    events,
    event_bytes: Math.round(eventBytes(partitions)),
    partitions,
    parent: parent?.commit ?? null,
  };
  const figures = chosen.flatMap((name) => {
    const own = samples.filter((sample) => sample.engines === name);
    const prefix = chosen.length === 1 ? '' : `${name.replace('kafka-', '')}_`;
    return Object.entries(summary(own, events)).map(([figure, value]) => [prefix + figure, value]);
  });
  const result = Object.fromEntries(figures) as Record<string, number>;
  report('projector', { ...options, engines: values.engines }, samples, result, values.compare);
  if (values.engines === 'distributed') refuseBelowGate(result);
}

/** One round on these engines. @returns the log's number of partitions */
async function measure(name: string, options: Round, samples: Sample[]): Promise<number> {
  const { servers, parent, events, round } = options;
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  const own: Contender[] = [
    { name: 'plain', root: ROOT, folder },
    { name: 'tollgate', root: ROOT, folder },
  ];
  // It resumes where its own warehouse ends, so it has a log of its own.
  const others: Contender[] =
    parent === null
      ? []
      : [
          {
            name: 'parent',
            root: parent.root,
            folder: mkdtempSync(join(tmpdir(), 'tollgate-bench-')),
          },
        ];
  try {
    let partitions = 0;
    for (const place of new Set([...own, ...others].map((contender) => contender.folder))) {
      servers.enter(place);
      partitions = await fillLog(name, place, events);
    }
    // The first one finds the log in memory less often: they take turns.
    const order = round % 2 === 0 ? [...own, ...others] : [...own, ...others].toReversed();
    for (const contender of order) {
      const taken = await servers.withWarehouse(name, contender.folder, () => run(name, contender));
      assertRight(contender.name, taken, events);
      const eventsPerS = events / taken.seconds;
      const sample = { round, engines: name, contender: contender.name, eventsPerS, ...taken };
      samples.push(sample);
      console.error(`round ${round + 1}, ${name}: ${described(sample, events)}`);
    }
    return partitions;
  } finally {
    for (const { folder: place } of [...own, ...others]) {
      rmSync(place, { recursive: true, force: true });
    }
  }
}

type Contender = { name: Name; root: string; folder: string };

/** The parent's tree calls its projector by the same name. */
function run(engines: string, { name, root, folder }: Contender): Promise<Taken> {
  return runContender({ root, name: name === 'parent' ? 'tollgate' : name, engines, folder });
}

function refuseBelowGate(figures: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(figures)) {
    if (!name.endsWith('plain_ratio') || value >= PLAIN_RATIO_MIN) continue;
    console.error(`${name} is ${rounded(value)}, below the gate of ${PLAIN_RATIO_MIN}`);
    process.exitCode = 1;
  }
}

async function fillLog(name: string, folder: string, events: number): Promise<number> {
  const { log, close } = await enginesOf(name).openLogs(folder);
  const fromMs = Date.now() - 3 * DAY_MS;
  await fill(log, new EventSource(log.partitions, fromMs, (2 * DAY_MS) / events), events);
  await close();
  return log.partitions;
}

async function fill(log: Log, source: EventSource, events: number): Promise<void> {
  for (let made = 0; made < events; made += APPEND_RECORDS) {
    await log.append(source.batch(Math.min(APPEND_RECORDS, events - made)));
  }
}

/** A rate of rows that are wrong would be worth nothing. */
function assertRight(contender: Name, { rows, counted }: Taken, events: number): void {
  const duplicates = events - counted;
  const expected = contender === 'plain' ? 0 : 0.01;
  const right = rows === events && Math.abs(duplicates / events - expected) < 0.001;
  if (!right) throw new Error(`${contender}: wrong rows: ${JSON.stringify({ rows, counted })}`);
}

function described(sample: Sample, events: number): string {
  const { contender, eventsPerS, cpuS, rssMib, mainUs, mainWaitUs } = sample;
  const rate = `${contender} ${Math.round(eventsPerS)}/s`;
  const thread = `main thread ${rounded(mainUs / events)} µs/event, waited ${rounded(mainWaitUs / events)}`;
  return `${rate}, ${rounded(cpuS)} CPU s, RSS ${Math.round(rssMib)} MiB, ${thread}`;
}

function summary(samples: readonly Sample[], events: number): Record<string, number> {
  const of = (name: Name, field: 'eventsPerS' | 'cpuS' | 'rssMib' | 'mainUs' | 'mainWaitUs') =>
    median(samples.filter(({ contender }) => contender === name).map((sample) => sample[field]));
  return {
    events_per_s: of('tollgate', 'eventsPerS'),
    cpu_us_per_event: (of('tollgate', 'cpuS') / events) * 1e6,
    rss_mib: of('tollgate', 'rssMib'),
    main_us_per_event: of('tollgate', 'mainUs') / events,
    wait_us_per_event: of('tollgate', 'mainWaitUs') / events,
    plain_events_per_s: of('plain', 'eventsPerS'),
    plain_cpu_us_per_event: (of('plain', 'cpuS') / events) * 1e6,
    plain_rss_mib: of('plain', 'rssMib'),
    plain_ratio: of('tollgate', 'eventsPerS') / of('plain', 'eventsPerS'),
    plain_cpu_ratio: of('plain', 'cpuS') / of('tollgate', 'cpuS'),
    ...againstParent(samples),
  };
}

/** Above 1: this tree is better than its parent. Taken within a round, then the median of the rounds. */
function againstParent(samples: readonly Sample[]): Record<string, number> {
  const pairs = samples.flatMap((now) => {
    const then = samples.find((p) => p.contender === 'parent' && p.round === now.round);
    return now.contender === 'tollgate' && then !== undefined ? [{ now, then }] : [];
  });
  if (pairs.length === 0) return {};
  return {
    parent_ratio: median(pairs.map(({ now, then }) => now.eventsPerS / then.eventsPerS)),
    parent_cpu_ratio: median(pairs.map(({ now, then }) => then.cpuS / now.cpuS)),
    parent_main_us_ratio: median(pairs.map(({ now, then }) => then.mainUs / now.mainUs)),
  };
}
