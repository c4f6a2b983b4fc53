/**
 * What the product uses of the machine while it runs: handles, memory and threads of each process,
 * its backlog, and the size of its files. A process that a fault ended is replaced by another one
 * in the same role, so the values are recorded by role.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder } from '@tollgate/adapters/config/data-folder.ts';
import type { House } from './platform.ts';

const SAMPLE_EVERY_MS = 10_000;
const MIB = 2 ** 20;

/**
 * Values by name, for example `core handles` or `log MiB`; a value that could not be read is
 * absent.
 */
export type Sample = Record<string, number>;

/**
 * How much the last third may be above the first, by its median or by its peak; null: it grows with
 * the usage. Handles and threads are compared by the peak: a process that was just restarted has
 * few of them (the engine's thread pool takes minutes to fill), so medians would only show which
 * process was killed when.
 */
type Bound = { of: 'median' | 'peak'; factor: number; slack: number } | null;

export type Trend = { name: string; first: number; last: number; flat: boolean | null };

/**
 * Slack covers the change by a restart, a roll-up pass or a take-over; the factor leaves room for
 * caches that fill. A leak of one handle per call exceeds both by thousands.
 */
const BOUNDS: [suffix: string, bound: Bound][] = [
  [' handles', { of: 'peak', factor: 1.2, slack: 12 }],
  [' threads', { of: 'peak', factor: 1.2, slack: 4 }],
  [' MiB resident', { of: 'median', factor: 1.25, slack: 96 }],
  [' records behind', { of: 'median', factor: 2, slack: 1_000 }],
  ['journals MiB', { of: 'median', factor: 1.5, slack: 16 }],
  [' MiB', null],
];

export class Sampler {
  readonly samples: Sample[] = [];
  readonly #house: House;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(house: House) {
    this.#house = house;
  }

  start(): void {
    const tick = () => {
      this.#running = this.#sample();
    };
    this.#timer = setInterval(tick, SAMPLE_EVERY_MS);
    tick();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #sample(): Promise<void> {
    const { data, platform } = this.#house;
    const sample: Sample = {};
    for (const [role, pid] of rolesOf(data)) Object.assign(sample, processValues(role, pid));
    Object.assign(sample, fileValues(data));
    const gauges: [string, string, string][] = [
      ['projector records behind', platform.apiUrl, 'tollgate_projector_lag_records'],
      ['outbox records behind', platform.proxyUrl, 'tollgate_outbox_records'],
    ];
    for (const [name, url, gauge] of gauges) {
      const value = await gaugeOf(url, gauge);
      if (value !== null) sample[name] = value;
    }
    this.samples.push(sample);
  }
}

function rolesOf(data: string): [string, number][] {
  const file = join(data, 'run', 'state.json');
  const state = JSON.parse(readFileSync(file, 'utf8')) as {
    supervisor: number;
    core: number | null;
    projectors: (number | null)[];
    proxies: (number | null)[];
  };
  const roles: [string, number | null][] = [
    ['supervisor', state.supervisor],
    ['core', state.core],
    ...state.projectors.map((pid, i): [string, number | null] => [`projector-${i + 1}`, pid]),
    ...state.proxies.map((pid, i): [string, number | null] => [`proxy-${i + 1}`, pid]),
  ];
  return roles.filter((entry): entry is [string, number] => entry[1] !== null);
}

function processValues(role: string, pid: number): Sample {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
    const residentMib = (field('VmRSS') * 1024) / MIB;
    // A process that is ending has no memory any more.
    if (Number.isNaN(residentMib)) return {};
    return {
      [`${role} handles`]: readdirSync(`/proc/${pid}/fd`).length,
      [`${role} threads`]: field('Threads'),
      [`${role} MiB resident`]: residentMib,
    };
  } catch {
    // Killed in the meantime: its successor is in the next sample.
    return {};
  }
}

function fileValues(data: string): Sample {
  const paths = dataFolder(data);
  const withWal = (path: string) => sizeOf(path) + sizeOf(`${path}-wal`);
  return {
    'journals MiB': sizeOf(paths.journals) / MIB,
    'ledger MiB': withWal(paths.ledger) / MIB,
    'log MiB': withWal(paths.log) / MIB,
    'warehouse MiB': sizeOf(paths.warehouse) / MIB,
  };
}

/** Bytes of a file, or of all files below a folder; files that disappear in between count as 0. */
function sizeOf(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true) return found?.size ?? 0;
  return namesIn(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // It was merged away after it was listed.
    return [];
  }
}

/** In all processes together. */
async function gaugeOf(url: string, gauge: string): Promise<number | null> {
  try {
    const signal = AbortSignal.timeout(SAMPLE_EVERY_MS / 2);
    const text = await (await fetch(`${url}/metrics`, { signal })).text();
    const ofProcesses = text.split('\n').filter((line) => line.startsWith(`${gauge}{`));
    const values = ofProcesses.map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
  } catch {
    // The process is dead or stopped at this moment: there is no value.
    return null;
  }
}

/** The first and the last third of the samples, name by name. */
export function trendsOf(samples: readonly Sample[]): Trend[] {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const names = [...new Set(samples.flatMap((sample) => Object.keys(sample)))];
  return names.map((name) => {
    const bound = BOUNDS.find(([suffix]) => name.endsWith(suffix))?.[1] ?? null;
    const rank = bound?.of === 'peak' ? 1 : 0.5;
    const first = ranked(samples.slice(0, third), name, rank);
    const last = ranked(samples.slice(-third), name, rank);
    const flat = bound === null ? null : !(last > first * bound.factor + bound.slack);
    return { name, first, last, flat };
  });
}

/** @param rank 0.5 is the median, 1 the peak */
function ranked(samples: readonly Sample[], name: string, rank: number): number {
  const values = samples.flatMap((sample) => sample[name] ?? []).sort((a, b) => a - b);
  return values[Math.min(Math.floor(values.length * rank), values.length - 1)] ?? Number.NaN;
}
