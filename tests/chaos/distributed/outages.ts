/**
 * Each engine is down for 60 s under load. Without the broker or the warehouse calls continue, and
 * the backlog is worked off later. Without the ledger calls continue from slices that were already
 * granted, for at most `ledgerStaleMaxMs`; after that no call reaches a provider.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readEvents } from '@tollgate/audit/bill/figures.ts';
import { until } from '@tollgate/audit/bill/steps.ts';
import { proxyLimits } from '@tollgate/proxy/limits.ts';
import type { Engine } from '../../engines/stack.ts';
import { isAlive } from '../faults.ts';
import { billOf, childrenOf } from '../platform.ts';
import { lagOf, pause, projectedUpToNow, type Scenario, type Stage } from './stage.ts';

const OUTAGE_MS = 60_000;
/** Length of the slices of time in which calls are counted, ms. */
const SLICE_MS = 10_000;
const AFTER_MS = 5_000;
const ARRIVAL_TIMEOUT_MS = 120_000;
/** How far into an outage no proxy serves any more without the ledger. */
const PROXY_KILLED_AFTER_MS = 40_000;
/** From a call's admission to the start of its attempt, ms. */
const ADMITTED_MS = 1_000;

export const brokerOutage: Scenario = (stage) => servedThroughout(stage, 'broker');
export const warehouseOutage: Scenario = (stage) => servedThroughout(stage, 'warehouse');

async function servedThroughout(
  stage: Stage,
  name: 'broker' | 'warehouse',
): Promise<{ figures: Record<string, unknown>; missing: string[] }> {
  const { engines, load, say, concurrency } = stage;
  const downAtMs = await takeDown(stage, name, engines[name]);
  await sleep(PROXY_KILLED_AFTER_MS);
  const back = await proxyComesBack(stage);
  await sleep(Math.max(0, downAtMs + OUTAGE_MS - Date.now()));
  await engines[name].start();
  const upAtMs = Date.now();
  const lag = await lagOf(stage);
  await sleep(AFTER_MS);
  const slices = slicesOf(load.completedAtMs, downAtMs, upAtMs);
  // No new calls: so the backlog can be seen to shrink.
  await load.stop();
  await arrived(stage);
  const shippedMs = Date.now() - upAtMs;
  await projectedUpToNow(stage);
  const levelMs = Date.now() - upAtMs;
  const remaining = await lagOf(stage);
  load.start(concurrency);
  say(`  ${slices.join(', ')} calls per 10 s; lag was ${lag}, is ${remaining} after ${levelMs} ms`);
  const missing = slices.flatMap((calls, index) =>
    calls > 0 ? [] : [`${name} outage: no call was served in its slice ${index + 1}`],
  );
  if (!back) missing.push(`${name} outage: a killed proxy does not come back to serve`);
  if (remaining !== 0) missing.push(`${name} outage: the lag stays at ${remaining}`);
  const figures = {
    down_ms: upAtMs - downAtMs,
    completed_per_10_s: slices,
    attempts_meanwhile: attemptsBetween(stage, downAtMs, upAtMs).length,
    proxy_started_meanwhile: back,
    lag_at_return: lag,
    all_in_log_after_ms: shippedMs,
    lag_zero_after_ms: levelMs,
  };
  return { figures, missing };
}

export const ledgerOutage: Scenario = async (stage) => {
  const { house, engines, load, say } = stage;
  load.holdKeys(true);
  const unavailableBefore = load.tally.unavailable;
  const downAtMs = await takeDown(stage, 'ledger', engines.ledger);
  await sleep(PROXY_KILLED_AFTER_MS);
  const back = await proxyComesBack(stage);
  await sleep(Math.max(0, downAtMs + OUTAGE_MS - Date.now()));
  const upAtMs = Date.now();
  const unavailable = load.tally.unavailable - unavailableBefore;
  await engines.ledger.start();
  load.holdKeys(false);
  await until('the proxies are ready again', async () => {
    const ready = await fetch(`${house.platform.proxyUrl}/readyz`).catch(() => null);
    return ready?.ok === true;
  });
  await stage.runner.recover();
  const readyMs = Date.now() - upAtMs;
  const starts = attemptsBetween(stage, downAtMs, upAtMs);
  const servedMs = Math.max(0, ...starts);
  const { ledgerStaleMaxMs } = proxyLimits;
  const late = starts.filter((ms) => ms > ledgerStaleMaxMs + ADMITTED_MS).length;
  say(
    `  served for ${servedMs} ms (${starts.length} attempts), then ${unavailable} answers of 503; ` +
      `${late} attempts reached the provider later; ready ${readyMs} ms after its return`,
  );
  const missing: string[] = [];
  if (late > 0) missing.push(`ledger outage: ${late} attempts after ${ledgerStaleMaxMs} ms`);
  if (starts.length === 0) missing.push('ledger outage: nothing was served from slices');
  if (unavailable === 0) missing.push('ledger outage: nobody was answered with 503');
  if (!back) missing.push('ledger outage: a killed proxy does not come back to refuse');
  const figures = {
    down_ms: upAtMs - downAtMs,
    served_for_ms: servedMs,
    attempts_served: starts.length,
    attempts_after_the_bound: late,
    answers_503: unavailable,
    proxy_started_meanwhile: back,
    ready_after_ms: readyMs,
  };
  return { figures, missing };
};

async function takeDown(stage: Stage, name: string, engine: Engine): Promise<number> {
  const { runner, say } = stage;
  await pause(stage, 3_000, 5_000);
  runner.note(`outage of ${name}`, 'SIGKILL');
  const atMs = Date.now();
  await engine.kill();
  say(`  ${name} is away, ${runner.records.at(-1)?.calls_in_flight} calls in flight`);
  return atMs;
}

/** When attempts of this period started, by the provider's bill, in ms after its beginning. */
function attemptsBetween({ house }: Stage, fromMs: number, toMs: number): number[] {
  const starts = billOf(house).map(({ attempt_id }) => startOf(attempt_id ?? ''));
  return starts.filter((ms) => ms >= fromMs && ms < toMs).map((ms) => ms - fromMs);
}

/** Calls completed in each slice of the outage; an incomplete last slice is left out. */
function slicesOf(completedAtMs: readonly number[], fromMs: number, toMs: number): number[] {
  const count = Math.floor((toMs - fromMs) / SLICE_MS);
  return Array.from({ length: count }, (_, index) => {
    const start = fromMs + index * SLICE_MS;
    return completedAtMs.filter((ms) => ms >= start && ms < start + SLICE_MS).length;
  });
}

/** Every attempt in the bill has its event in the log. */
async function arrived({ log, house }: Stage): Promise<void> {
  const deadlineMs = Date.now() + ARRIVAL_TIMEOUT_MS;
  for (;;) {
    const events = await readEvents(log);
    const bill = billOf(house);
    if (bill.every(({ attempt_id }) => events.has(attempt_id ?? ''))) return;
    if (Date.now() > deadlineMs) throw new Error('attempts of the bill have no event in the log');
    await sleep(500);
  }
}

/** A proxy that dies during the outage comes back: to serve, or, without the ledger, to refuse. */
async function proxyComesBack({ house }: Stage): Promise<boolean> {
  const [pid] = house.platform.proxyPids();
  if (pid === undefined) throw new Error('no proxy runs');
  process.kill(pid, 'SIGKILL');
  const deadlineMs = Date.now() + OUTAGE_MS - PROXY_KILLED_AFTER_MS - 2_000;
  while (Date.now() < deadlineMs) {
    const { proxies } = childrenOf(house);
    if (!proxies.includes(pid) && proxies.every(isAlive)) return true;
    await sleep(200);
  }
  return false;
}

/** Unix ms in a UUIDv7. */
function startOf(uuid: string): number {
  return Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);
}
