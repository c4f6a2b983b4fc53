/**
 * A soak: minutes of load at a share of the measured peak, with a random fault every 20 s.
 * Meanwhile it measures what each process uses of the machine. The ordinary verdict follows.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultRecord, type FaultRunner, randomFault } from './faults.ts';
import type { Load } from './load.ts';
import type { House } from './platform.ts';
import { type Sample, Sampler, type Trend, trendsOf } from './samples.ts';

const WARM_UP_MS = 5_000;
const PEAK_MS = 20_000;
const FAULT_EVERY_MS = 20_000;
/** At half the load a point may not be reached (for example because no proxy needs a slice). */
const REACHED_SHARE_MIN = 0.6;

export type SoakOptions = {
  house: House;
  load: Load;
  runner: FaultRunner;
  random: () => number;
  minutes: number;
  /** Share of the peak, > 0. */
  share: number;
  concurrency: number;
  say: (line: string) => void;
};

export type Soak = {
  peak_per_s: number;
  calls_per_s: number;
  samples: Sample[];
  trends: Trend[];
  /** Findings that fail the run. */
  faulty: string[];
};

export async function soak(options: SoakOptions): Promise<Soak> {
  const { house, load, runner, share, concurrency, minutes, say } = options;
  load.start(concurrency);
  await sleep(WARM_UP_MS);
  const peak = await callsPerSecond(load, () => sleep(PEAK_MS));
  load.pace((concurrency / (peak * share)) * 1_000);
  say(`Peak ${peak.toFixed(1)} calls/s; ${minutes} minutes at ${(peak * share).toFixed(1)}`);
  const sampler = new Sampler(house);
  sampler.start();
  const held = await callsPerSecond(load, () => faults(options));
  await sampler.stop();
  const trends = trendsOf(sampler.samples);
  const faulty = [...growing(trends), ...unreached(runner.records)];
  report(trends, say);
  say(`${held.toFixed(1)} calls/s held, over ${runner.records.length} faults`);
  return { peak_per_s: peak, calls_per_s: held, samples: sampler.samples, trends, faulty };
}

async function callsPerSecond(load: Load, during: () => Promise<unknown>): Promise<number> {
  const ended = () => load.tally.completed + load.tally.aborted + load.tally.refused;
  const [before, startedAtMs] = [ended(), performance.now()];
  await during();
  return ((ended() - before) / (performance.now() - startedAtMs)) * 1_000;
}

async function faults({ runner, load, random, minutes, say }: SoakOptions): Promise<void> {
  const startedAtMs = performance.now();
  const endsAtMs = startedAtMs + minutes * 60_000;
  for (let n = 1; startedAtMs + n * FAULT_EVERY_MS < endsAtMs; n++) {
    await sleep(Math.max(0, startedAtMs + n * FAULT_EVERY_MS - performance.now()));
    await runner.run(randomFault(random));
    const last = runner.records.at(-1) as FaultRecord;
    const what = last.reached_at === null ? 'NOT REACHED' : `${last.calls_in_flight} in flight`;
    const { completed, failed } = load.tally;
    say(`${n}: ${last.signal} at ${last.point}: ${what}; ${completed} completed, ${failed} failed`);
  }
  await sleep(Math.max(0, endsAtMs - performance.now()));
}

function growing(trends: readonly Trend[]): string[] {
  const grown = trends.filter(({ flat }) => flat === false);
  return grown.map(({ name, first, last }) => `${name} grew from ${first} to ${last}`);
}

function unreached(records: readonly FaultRecord[]): string[] {
  const reached = records.filter(({ reached_at }) => reached_at !== null).length;
  if (reached >= records.length * REACHED_SHARE_MIN) return [];
  return [`${reached} of ${records.length} faults were reached`];
}

function report(trends: readonly Trend[], say: SoakOptions['say']): void {
  say('First and last third of the soak (handles and threads: peaks; the rest: medians):');
  for (const { name, first, last, flat } of trends) {
    const verdict = flat === null ? 'grows with the usage' : flat ? 'flat' : 'GROWS';
    const figures = [first, last].map((value) => value.toFixed(1).padStart(9)).join(' ');
    say(`  ${name.padEnd(28)} ${figures}  ${verdict}`);
  }
}
