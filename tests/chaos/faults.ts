/** The plan of faults, and carrying it out one by one: arm, wait until reached, let it recover. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@tollgate/standalone/demo/audit.ts';
import type { Arming, Armory } from './armory.ts';
import type { Load } from './load.ts';
import type { House } from './platform.ts';
import { type Point, points } from './points.ts';

export type Fault = { point: Point; signal: Arming['signal'] };

export type FaultRecord = {
  point: string;
  signal: string;
  armed_at: string;
  reached_at: string | null;
  pid: number | null;
  calls_in_flight: number;
};

/** A point that nobody passes within this is not reached, ms. */
const REACH_TIMEOUT_MS = 30_000;
const STOPPED_MS = 3_000;
/** After a process came back, calls get this long to be in flight again, ms. */
const RECOVERY_MS = 1_200;
const SKIP_MAX = 12;
/** Passed only when somebody closes a period. */
const CLOSING = 'K15';

/** Calls alone pass it, again and again. */
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

/** Any point by SIGKILL; SIGSTOP, one time in four, where a process is sure to come by. */
export function randomFault(random: () => number): Fault {
  const point = points[Math.floor(random() * points.length)] as Point;
  const stops = random() < 0.25 && isSteady(point);
  return { point, signal: stops ? 'SIGSTOP' : 'SIGKILL' };
}

export class FaultRunner {
  readonly records: FaultRecord[] = [];
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

  async run({ point, signal }: Fault): Promise<void> {
    const wanted: { point: string; signal: Arming['signal']; skip: number }[] = [];
    if (point.trigger !== undefined) {
      wanted.push({ point: point.trigger, signal: 'SIGKILL', skip: this.#skip() });
    }
    // One take-over and one closing follow: the first time that the point is passed is the last.
    wanted.push({ point: point.name, signal, skip: isSteady(point) ? this.#skip() : 0 });
    const armings = wanted.map((one) => this.#armory.arm(one.point, one.signal, one.skip));
    // A period is closed only when somebody closes one.
    const closing = point.name === CLOSING ? this.#closeOne() : Promise.resolve();
    for (const arming of armings) await this.#await(arming);
    await closing;
    await this.#recover();
  }

  #skip(): number {
    return Math.floor(this.#random() * SKIP_MAX);
  }

  async #await(arming: Arming): Promise<void> {
    const armedAt = new Date().toISOString();
    const deadlineMs = Date.now() + REACH_TIMEOUT_MS;
    let reached = this.#armory.reached(arming);
    while (reached === null && Date.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      reached = this.#armory.reached(arming);
    }
    this.#armory.disarm(arming);
    this.records.push({
      point: arming.point,
      signal: arming.signal,
      armed_at: armedAt,
      reached_at: reached === null ? null : new Date(reached.atMs).toISOString(),
      pid: reached?.pid ?? null,
      calls_in_flight: reached === null ? 0 : this.#load.inFlightAt(reached.atMs),
    });
    if (reached === null || arming.signal !== 'SIGSTOP') return;
    await new Promise((resolve) => setTimeout(resolve, STOPPED_MS));
    process.kill(reached.pid, 'SIGCONT');
  }

  /** Closes the open period of some customer; whoever dies meanwhile, asking again finishes it. */
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

  /** Every child runs again, and the API answers. */
  async #recover(): Promise<void> {
    const { platform, api, data } = this.#house;
    await until('every child runs again', async () => {
      const state = JSON.parse(readFileSync(join(data, 'run', 'state.json'), 'utf8')) as {
        core: number | null;
        projectors: (number | null)[];
        proxies: (number | null)[];
      };
      return [state.core, ...state.projectors, ...state.proxies].every(isAlive);
    });
    await api.get('/v1/customers?limit=1');
    const ready = await fetch(`${platform.proxyUrl}/readyz`).catch(() => null);
    if (ready?.ok !== true) await new Promise((resolve) => setTimeout(resolve, RECOVERY_MS));
    await new Promise((resolve) => setTimeout(resolve, RECOVERY_MS));
  }
}

function isAlive(pid: number | null): boolean {
  if (pid === null) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // There is no such process.
    return false;
  }
}
