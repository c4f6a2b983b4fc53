/**
 * The plan of faults, and carrying them out one by one: arm, wait until reached, let the product
 * recover.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '@tollgate/audit/bill/steps.ts';
import type { Arming, Armory } from './armory.ts';
import type { Load } from './load.ts';
import { childrenOf, type House } from './platform.ts';
import { type Point, points } from './points.ts';

export type Fault = {
  point: Point;
  signal: Arming['signal'];
  /**
   * The process for which the point (or, before it, its trigger) is armed; absent: any process of
   * the role.
   */
  pid?: number;
};

export type FaultRecord = {
  point: string;
  signal: Arming['signal'] | 'SIGTERM' | 'none';
  armed_at: string;
  reached_at: string | null;
  pid: number | null;
  calls_in_flight: number;
};

/** A fault counts only with this many calls in flight. */
const CALLS_IN_FLIGHT_MIN = 8;
/** A point that no process passes within this time is not reached, ms. */
const REACH_TIMEOUT_MS = 30_000;
const STOPPED_MS = 3_000;
/** After a process is back, how long calls get to be in flight again, ms. */
const RECOVERY_MS = 1_200;
const SKIP_MAX = 12;
/** Points that are passed only when a period is closed. */
const CLOSING = 'K15';

/** True if the point was reached with enough calls in flight to count. */
export function isGood({ reached_at, calls_in_flight }: FaultRecord): boolean {
  return reached_at !== null && calls_in_flight >= CALLS_IN_FLIGHT_MIN;
}

/** True if calls alone pass the point, again and again. */
function isSteady({ name, trigger }: Point): boolean {
  return trigger === undefined && name !== CLOSING;
}

/** Every point `perPoint` times and random ones up to `kills`, then `stops`; order by the seed. */
export function planFaults(
  kills: number,
  stops: number,
  perPoint: number,
  random: () => number,
): Fault[] {
  const pick = (from: readonly Point[]) => from[Math.floor(random() * from.length)] as Point;
  const plan: Fault[] = [];
  for (let round = 0; round < perPoint; round++) {
    for (const point of points) plan.push({ point, signal: 'SIGKILL' });
  }
  // A take-over point takes two kills: of the instance, and of the one that takes over.
  const planned = () =>
    plan.reduce((sum, { point }) => sum + (point.trigger === undefined ? 1 : 2), 0);
  while (planned() < kills) plan.push({ point: pick(points), signal: 'SIGKILL' });
  const steady = points.filter(isSteady);
  for (let i = 0; i < stops; i++) plan.push({ point: pick(steady), signal: 'SIGSTOP' });
  for (let i = plan.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [plan[i], plan[j]] = [plan[j] as Fault, plan[i] as Fault];
  }
  return plan;
}

/** Any point by SIGKILL; one time in four SIGSTOP, at a point that a process is sure to pass. */
export function randomFault(random: () => number): Fault {
  const point = points[Math.floor(random() * points.length)] as Point;
  const stops = random() < 0.25 && isSteady(point);
  return { point, signal: stops ? 'SIGSTOP' : 'SIGKILL' };
}

export class FaultRunner {
  readonly records: FaultRecord[] = [];
  readonly #killed = new Set<number | null>();
  readonly #house: House;
  readonly #armory: Armory;
  readonly #load: Load;
  readonly #random: () => number;

  constructor(house: House, armory: Armory, load: Load, random: () => number) {
    this.#house = house;
    this.#armory = armory;
    this.#load = load;
    this.#random = random;
  }

  async run({ point, signal, pid }: Fault): Promise<void> {
    const wanted: Omit<Arming, 'id'>[] = [];
    const chosen = pid === undefined ? {} : { pid };
    if (point.trigger !== undefined) {
      wanted.push({ point: point.trigger, signal: 'SIGKILL', skip: this.#skip(), ...chosen });
    }
    // Only one take-over or one closing follows: the point is passed once.
    const own = point.trigger === undefined ? chosen : {};
    wanted.push({ point: point.name, signal, skip: isSteady(point) ? this.#skip() : 0, ...own });
    const armings = wanted.map((one) => this.#armory.arm(one));
    // A period is closed only if the harness closes one.
    const closing = point.name === CLOSING ? this.#closeOne() : Promise.resolve();
    for (const arming of armings) await this.#reach(arming, () => sleep(STOPPED_MS));
    await closing;
    await this.recover();
  }

  /** Arms one point; a process that is stopped there resumes after `meanwhile`. */
  async await(wanted: Omit<Arming, 'id'>, meanwhile: () => Promise<void>): Promise<void> {
    await this.#reach(this.#armory.arm(wanted), meanwhile);
    await this.recover();
  }

  /** Kills at no particular point; resolves when the product has recovered. */
  async strike(point: string, pid: number): Promise<void> {
    this.note(point, 'SIGKILL', pid);
    process.kill(pid, 'SIGKILL');
    await this.recover();
  }

  /** A fault that is being carried out. */
  note(point: string, signal: FaultRecord['signal'], pid: number | null = null): void {
    const atMs = Date.now();
    this.#record({ point, signal }, atMs, { pid, atMs });
  }

  #skip(): number {
    return Math.floor(this.#random() * SKIP_MAX);
  }

  async #reach(arming: Arming, meanwhile: () => Promise<void>): Promise<void> {
    const armedAtMs = Date.now();
    const deadlineMs = armedAtMs + REACH_TIMEOUT_MS;
    let reached = this.#armory.reached(arming);
    while (reached === null && Date.now() < deadlineMs) {
      await sleep(5);
      reached = this.#armory.reached(arming);
    }
    this.#armory.disarm(arming);
    this.#record(arming, armedAtMs, reached);
    if (reached === null || arming.signal !== 'SIGSTOP') return;
    try {
      await meanwhile();
    } finally {
      process.kill(reached.pid, 'SIGCONT');
    }
  }

  #record(
    { point, signal }: Pick<FaultRecord, 'point' | 'signal'>,
    armedAtMs: number,
    reached: { pid: number | null; atMs: number } | null,
  ): void {
    if (signal === 'SIGKILL' && reached !== null) this.#killed.add(reached.pid);
    this.records.push({
      point,
      signal,
      armed_at: new Date(armedAtMs).toISOString(),
      reached_at: reached === null ? null : new Date(reached.atMs).toISOString(),
      pid: reached?.pid ?? null,
      calls_in_flight: reached === null ? 0 : this.#load.inFlightAt(reached.atMs),
    });
  }

  /**
   * Closes the open period of some customer. If a process dies in between, asking again finishes
   * the closing.
   */
  async #closeOne(): Promise<void> {
    const { api, customers } = this.#house;
    const index = Math.floor(this.#random() * customers.length);
    const customerId = customers[index]?.customerId;
    const list = await api.get<{ data: { id: string; status: string }[] }>(
      `/v1/periods?customer_id=${customerId}&limit=100`,
    );
    const open = list.data.find(({ status }) => status !== 'closed');
    if (open === undefined) throw new Error(`${customerId} has no open period`);
    const at = new Date().toISOString();
    await api.post(`/v1/periods/${open.id}/close`, { at });
  }

  /** Resolves when every child runs again, and the API answers. */
  async recover(): Promise<void> {
    const { platform, api } = this.#house;
    await until('every child runs again', async () => {
      const { core, projectors, proxies } = childrenOf(this.#house);
      const pids = [core, ...projectors, ...proxies];
      // The killed process may not be gone yet.
      return pids.every((pid) => isAlive(pid) && !this.#killed.has(pid));
    });
    await api.get('/v1/customers?limit=1');
    const ready = await fetch(`${platform.proxyUrl}/readyz`).catch(() => null);
    if (ready?.ok !== true) await sleep(RECOVERY_MS);
    await sleep(RECOVERY_MS);
  }
}

export function isAlive(pid: number | null): boolean {
  if (pid === null) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // The process does not exist.
    return false;
  }
}
