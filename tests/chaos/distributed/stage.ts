/** What a scenario on servers works with, and what it returns. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@tollgate/adapters/log/log.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import type { Engines } from '../../engines/stack.ts';
import type { Armory } from '../armory.ts';
import { type FaultRunner, isGood } from '../faults.ts';
import type { Load } from '../load.ts';
import type { House } from '../platform.ts';

export type Stage = {
  house: House;
  engines: Engines;
  /** Our own read access to what the product writes. */
  log: Log;
  warehouse: Warehouse;
  load: Load;
  concurrency: number;
  armory: Armory;
  runner: FaultRunner;
  random: () => number;
  /** How often each named point must be reached. */
  perPoint: number;
  say: (line: string) => void;
};

export type ScenarioResult = {
  figures: Record<string, unknown>;
  /** Findings that fail the run. */
  missing: string[];
};

export type Scenario = (stage: Stage) => Promise<ScenarioResult>;

/** How often a point that was not reached is armed again. */
const TRIES_MAX = 3;
const LEVEL_TIMEOUT_MS = 120_000;
const POLL_MS = 100;

/** A random number between the two, from the run's seed. */
export function pause(stage: Pick<Stage, 'random'>, leastMs: number, mostMs: number) {
  return sleep(leastMs + stage.random() * (mostMs - leastMs));
}

/**
 * Repeats a fault until it was reached `times` times with enough calls in flight, with a bounded
 * number of extra tries. @returns what is missing
 */
export async function repeat(
  { runner, say }: Pick<Stage, 'runner' | 'say'>,
  what: { point: string; label: string; times: number },
  once: () => Promise<void>,
): Promise<string[]> {
  const { point, label, times } = what;
  let good = 0;
  for (let tries = 0; good < times && tries < times + TRIES_MAX; tries++) {
    const from = runner.records.length;
    await once();
    const records = runner.records.slice(from).filter((record) => record.point === point);
    const record = records.at(-1);
    if (record !== undefined && isGood(record)) good++;
    const seen = record?.reached_at ? `${record.calls_in_flight} in flight` : 'NOT REACHED';
    say(`  ${label}: ${seen} (${good} of ${times})`);
  }
  return good < times ? [`${label}: ${good} of ${times} with enough calls in flight`] : [];
}

/** Records in the log without a row. */
export async function lagOf({ log, warehouse }: Stage): Promise<number> {
  const ends = await log.ends();
  return sumOf(ends) - (await projected(warehouse));
}

/** Waits until everything that is in the log now has its row. @returns how long that took, ms */
export async function projectedUpToNow(stage: Stage): Promise<number> {
  const startedAtMs = performance.now();
  const end = sumOf(await stage.log.ends());
  while ((await projected(stage.warehouse)) < end) {
    const ms = performance.now() - startedAtMs;
    if (ms > LEVEL_TIMEOUT_MS) throw new Error(`the projectors do not reach ${end}`);
    await sleep(POLL_MS);
  }
  return Math.round(performance.now() - startedAtMs);
}

async function projected(warehouse: Warehouse): Promise<number> {
  const [row] = await warehouse.query<{ next: string }>(
    'SELECT toString(sum(first_offset_without_row)) AS next FROM tollgate.log_progress',
  );
  return Number(row?.next ?? 0);
}

function sumOf(ends: readonly bigint[]): number {
  return Number(ends.reduce((total, end) => total + end, 0n));
}
