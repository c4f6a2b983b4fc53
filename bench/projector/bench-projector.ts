/**
 * The projector: from the log to raw rows and roll-ups, dedupe on, beside a plain consumer of the same
 * log without any guarantee, interleaved in one run, each in a process of its own. The records are in
 * the log before a clock starts; it stops when each has its row and no closed bucket is dirty.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { report } from '../harness/results.ts';
import { median, rounded } from '../harness/stats.ts';
import { runContender, type Taken } from './contender/run-contender.ts';
import { EventSource, eventBytes } from './events.ts';
import { type BenchServers, startServers } from './servers.ts';
import { enginesOf } from './stores.ts';

export const projectorBenchUsage = `  projector [--events 500000] [--rounds 3] [--engines embedded|distributed] [--compare FILE]
      Events per second from the log into raw rows and roll-ups, 1 % duplicates, and beside it a
      plain consumer that inserts the same records without any guarantee: plain_ratio. distributed:
      from a real Kafka, the warehouse over HTTP and in-process; fails if a plain_ratio is below
      0.6. Needs Java 17 and Maven.
`;

const APPEND_RECORDS = 5_000;
const DAY_MS = 86_400_000;
const CONTENDERS = ['plain', 'tollgate'] as const;
/** What `--engines` takes, and the engines that it stands for. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  embedded: ['embedded'],
  distributed: ['kafka-http', 'kafka-inprocess'],
};
/** Of a plain consumer's rate: what the guarantees may cost on servers. */
const PLAIN_RATIO_MIN = 0.6;

type Name = (typeof CONTENDERS)[number];
type Sample = Taken & { engines: string; contender: Name; eventsPerS: number };

export async function benchProjector(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      events: { type: 'string', default: '500000' },
      rounds: { type: 'string', default: '3' },
      engines: { type: 'string', default: 'embedded' },
      compare: { type: 'string' },
    },
  });
  const events = Number(values.events);
  const chosen = CHOICES[values.engines];
  if (chosen === undefined) throw new Error(`--engines ${values.engines}: no such engines`);
  const servers = await startServers(chosen);
  const samples: Sample[] = [];
  let partitions = 0;
  try {
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const name of chosen) {
        partitions = await measure(name, { servers, events, round }, samples);
      }
    }
  } finally {
    await servers.stop();
  }
  const options = { events, event_bytes: Math.round(eventBytes(partitions)), partitions };
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
async function measure(
  name: string,
  { servers, events, round }: { servers: BenchServers; events: number; round: number },
  samples: Sample[],
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  try {
    servers.enter(folder);
    const partitions = await fillLog(name, folder, events);
    // The first of two finds the log in memory less often: they take turns.
    const order = round % 2 === 0 ? CONTENDERS : CONTENDERS.toReversed();
    for (const contender of order) {
      const taken = await servers.withWarehouse(name, folder, () =>
        runContender(contender, name, folder),
      );
      assertRight(contender, taken, events);
      const sample = { engines: name, contender, eventsPerS: events / taken.seconds, ...taken };
      samples.push(sample);
      console.error(`round ${round + 1}, ${name}: ${described(sample)}`);
    }
    return partitions;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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

function described({ contender, eventsPerS, cpuS, rssMib }: Sample): string {
  const rate = `${contender} ${Math.round(eventsPerS)}/s`;
  return `${rate}, ${rounded(cpuS)} CPU s, RSS ${Math.round(rssMib)} MiB`;
}

function summary(samples: readonly Sample[], events: number): Record<string, number> {
  const of = (name: Name, field: 'eventsPerS' | 'cpuS' | 'rssMib') =>
    median(samples.filter(({ contender }) => contender === name).map((sample) => sample[field]));
  return {
    events_per_s: of('tollgate', 'eventsPerS'),
    cpu_us_per_event: (of('tollgate', 'cpuS') / events) * 1e6,
    rss_mib: of('tollgate', 'rssMib'),
    plain_events_per_s: of('plain', 'eventsPerS'),
    plain_cpu_us_per_event: (of('plain', 'cpuS') / events) * 1e6,
    plain_rss_mib: of('plain', 'rssMib'),
    plain_ratio: of('tollgate', 'eventsPerS') / of('plain', 'eventsPerS'),
    plain_cpu_ratio: of('plain', 'cpuS') / of('tollgate', 'cpuS'),
  };
}
