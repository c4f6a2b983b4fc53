/**
 * Growth: what the projector takes per event when many are stored already, and how long a usage query
 * takes over them. The measured events go through the real log and the real projector, in a process
 * of its own. What is stored before them is copied inside the engine (fill.ts), which is faster.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { report } from '../../harness/results.ts';
import { median, percentile, rounded } from '../../harness/stats.ts';
import { runContender, type Taken } from '../contender/run-contender.ts';
import { EventSource } from '../events.ts';
import { type BenchStores, openStores } from '../stores.ts';
import { Filler, SLOT_MS } from './fill.ts';
import { usageQueryTimes } from './usage-query.ts';

export const growthBenchUsage = `  projector-growth [--small 1000000] [--large 10000000] [--measured 200000] [--rounds 2]
                   [--queries 200] [--engines embedded] [--compare FILE]
      CPU and time per event over the next --measured events with --small and with --large events
      stored, and a customer's month by model and day over the larger number.
`;

const ROOT = join(import.meta.dirname, '../../..');
const APPEND_RECORDS = 5_000;
const BUCKET_MS = 900_000;
/** The name of the projector's warehouse in every bench. */
const WAREHOUSE = 'tollgate';

type Sample = Taken & { stored: number; events: number };

export async function benchGrowth(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      small: { type: 'string', default: '1000000' },
      large: { type: 'string', default: '10000000' },
      measured: { type: 'string', default: '200000' },
      rounds: { type: 'string', default: '2' },
      queries: { type: 'string', default: '200' },
      engines: { type: 'string', default: 'embedded' },
      compare: { type: 'string' },
    },
  });
  // The others need servers, and this bench starts none.
  if (values.engines !== 'embedded') throw new Error(`--engines ${values.engines}: only embedded`);
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  const [small, large] = [Number(values.small), Number(values.large)];
  const events = Number(values.measured);
  const slots = Math.ceil(large / events) + 2 * Number(values.rounds) + 1;
  const startMs = Math.floor(Date.now() / BUCKET_MS) * BUCKET_MS - (slots + 1) * SLOT_MS;
  const growth = new Growth(folder, values.engines, events, startMs);
  try {
    await growth.measure();
    const samples: Sample[] = [];
    for (const stored of [small, large]) {
      await growth.fillTo(stored);
      for (let i = 0; i < Number(values.rounds); i++) samples.push(await growth.measure());
    }
    const times = await growth.queryTimes(Number(values.queries));
    const options = { small, large, measured: events, engines: values.engines };
    const figures = summary(samples, Number(values.rounds), times);
    report('projector-growth', options, { samples, times }, figures, values.compare);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One log and one warehouse that grow, slot after slot of event time. */
class Growth {
  readonly #folder: string;
  readonly #engines: string;
  readonly #events: number;
  readonly #startMs: number;
  #slot = 0;
  #stored = 0;

  constructor(folder: string, engineNames: string, events: number, startMs: number) {
    this.#folder = folder;
    this.#engines = engineNames;
    this.#events = events;
    this.#startMs = startMs;
  }

  /** Appends a slot of events to the log, and lets the projector project them. */
  async measure(): Promise<Sample> {
    const events = this.#events;
    const fromMs = this.#startMs + this.#slot++ * SLOT_MS;
    await this.#open(async ({ log }) => {
      const source = new EventSource(log.partitions, fromMs, SLOT_MS / (events + 1));
      for (let made = 0; made < events; made += APPEND_RECORDS) {
        await log.append(source.batch(Math.min(APPEND_RECORDS, events - made)));
      }
    });
    const taken = await runContender({
      root: ROOT,
      name: WAREHOUSE,
      engines: this.#engines,
      folder: this.#folder,
    });
    const stored = this.#stored;
    this.#stored += events;
    if (taken.rows !== this.#stored) throw new Error(`${taken.rows} rows, not ${this.#stored}`);
    const cpuUs = rounded((taken.cpuS / events) * 1e6);
    const rate = `${Math.round(events / taken.seconds)}/s, ${cpuUs} us of CPU per event`;
    console.error(`${stored} stored: ${rate}, RSS ${Math.round(taken.rssMib)} MiB`);
    return { ...taken, stored, events };
  }

  /** Copies the first slot until this many are stored. */
  async fillTo(stored: number): Promise<void> {
    await this.#open(async (stores) => {
      const filler = await Filler.open(stores, this.#startMs);
      while (this.#stored < stored) {
        await filler.copyTo(this.#slot++);
        this.#stored += this.#events;
        console.error(`filled: ${this.#stored} of ${stored}`);
      }
      await filler.settle();
    });
  }

  async queryTimes(queries: number): Promise<number[]> {
    let times: number[] = [];
    await this.#open(async ({ warehouse }) => {
      times = await usageQueryTimes(warehouse, this.#startMs, queries);
    });
    const [p50, p99] = [percentile(times, 50), percentile(times, 99)];
    console.error(`a month by model and day: p50 ${rounded(p50)} ms, p99 ${rounded(p99)} ms`);
    return times;
  }

  async #open(work: (stores: BenchStores) => Promise<void>): Promise<void> {
    const stores = await openStores(this.#engines, this.#folder, WAREHOUSE);
    await work(stores);
    await stores.close();
  }
}

function summary(samples: readonly Sample[], rounds: number, times: readonly number[]) {
  const at = (of: readonly Sample[]) => ({
    cpuUs: median(of.map(({ cpuS, events }) => (cpuS / events) * 1e6)),
    wallUs: median(of.map(({ seconds, events }) => (seconds / events) * 1e6)),
    rssMib: median(of.map(({ rssMib }) => rssMib)),
  });
  const small = at(samples.slice(0, rounds));
  const large = at(samples.slice(rounds));
  return {
    small_cpu_us_per_event: small.cpuUs,
    large_cpu_us_per_event: large.cpuUs,
    growth_cpu_ratio: large.cpuUs / small.cpuUs,
    small_wall_us_per_event: small.wallUs,
    large_wall_us_per_event: large.wallUs,
    growth_wall_ratio: large.wallUs / small.wallUs,
    small_rss_mib: small.rssMib,
    large_rss_mib: large.rssMib,
    usage_query_p50_ms: percentile(times, 50),
    usage_query_p99_ms: percentile(times, 99),
  };
}
