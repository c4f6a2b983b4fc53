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
import { engines } from './stores.ts';

export const projectorBenchUsage = `  projector [--events 500000] [--rounds 3] [--engines embedded] [--compare FILE]
      Events per second from the log into raw rows and roll-ups, 1 % duplicates, and beside it a
      plain consumer that inserts the same records without any guarantee: plain_ratio.
`;

const APPEND_RECORDS = 5_000;
const DAY_MS = 86_400_000;
const CONTENDERS = ['plain', 'tollgate'] as const;

type Name = (typeof CONTENDERS)[number];
type Sample = Taken & { contender: Name; eventsPerS: number };

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
  const samples: Sample[] = [];
  let partitions = 0;
  for (let round = 0; round < Number(values.rounds); round++) {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
    try {
      partitions = await fillLog(values.engines, folder, events);
      // The first of two finds the log in memory less often: they take turns.
      const order = round % 2 === 0 ? CONTENDERS : CONTENDERS.toReversed();
      for (const contender of order) {
        const taken = await runContender(contender, values.engines, folder);
        assertRight(contender, taken, events);
        samples.push({ contender, eventsPerS: events / taken.seconds, ...taken });
        console.error(`round ${round + 1}: ${described(samples.at(-1) as Sample)}`);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const options = { events, event_bytes: Math.round(eventBytes(partitions)), partitions };
  report(
    'projector',
    { ...options, engines: values.engines },
    samples,
    summary(samples, events),
    values.compare,
  );
}

async function fillLog(name: string, folder: string, events: number): Promise<number> {
  const stores = await engines[name]?.(folder, 'fill');
  if (stores === undefined) throw new Error(`--engines ${name}: no such engines`);
  const fromMs = Date.now() - 3 * DAY_MS;
  const { partitions } = stores.log;
  await fill(stores.log, new EventSource(partitions, fromMs, (2 * DAY_MS) / events), events);
  await stores.close();
  return partitions;
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
