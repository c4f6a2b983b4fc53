/**
 * `--routes`: every call goes by a route of two candidates at two providers, which fail in turn in each
 * of the ways in which providers do. So the points are reached by second attempts too: with a hold, a
 * record and an event of their own, after one that was billed or not.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import {
  type SimulatedProvider,
  startProviders,
} from '@tollgate/standalone/scenario/simulators.ts';
import type { LoadModels } from './load.ts';

const ALPHA = 'alpha';
const BETA = 'beta';

/** Each with an order of its own, and two that differ in what an attempt holds. */
const ROUTES = {
  'by-list': ['fixed', 'sim-small', 'sim-large'],
  'by-weight': ['weighted', 'sim-large', 'sim-large'],
  'by-price': ['cheapest', 'sim-odd', 'sim-odd'],
  'by-time': ['fastest', 'sim-reasoner', 'sim-reasoner'],
  'by-user': ['split', 'sim-tiered', 'sim-small'],
  embedding: ['fixed', 'sim-embed', 'sim-embed'],
} as const;

export const ROUTED_MODELS: LoadModels = {
  chat: Object.keys(ROUTES).filter((name) => name !== 'embedding'),
  embeddings: 'embedding',
};

/** In the order of a run's time. The share of calls, so that most of them are served. */
const FAULTS: readonly { fault: string; share: number }[] = [
  { fault: 'status_500', share: 0.2 },
  { fault: 'reset_after:0', share: 0.2 },
  { fault: 'status_503', share: 0.2 },
  { fault: 'bill_then_500', share: 0.2 },
  { fault: 'reset_after:400', share: 0.2 },
  // Left alone by every proxy that is told so once.
  { fault: 'status_429', share: 0.05 },
  // Each takes all the time that its call has.
  { fault: 'stall_after:0', share: 0.02 },
  { fault: 'stall_after:200', share: 0.02 },
];
const FAULT_MS = 900;
/** The second candidate fails as well, but seldom. */
const BETA_SHARE = 0.25;
/** So of one route some attempts run at once: its answers take some 20 to 150 ms to begin and end. */
const HEDGED = { route: 'by-list', after_ms: 60 };
/** Of the calls that went by a route, so many had another attempt, or the run shows nothing. */
const FOLLOWED_SHARE_MIN = 0.01;

/** @param timeoutMs of a call, well above what its tokens take */
export function routesOf(timeoutMs: number) {
  const routes = Object.entries(ROUTES).map(([name, [strategy, first, second]]) => [
    name,
    {
      strategy,
      candidates: [
        { provider: ALPHA, model: first },
        { provider: BETA, model: second },
      ],
      retries: 1,
      timeout_ms: timeoutMs,
      ...(name === HEDGED.route ? { hedge: { after_ms: HEDGED.after_ms } } : {}),
    },
  ]);
  return Object.fromEntries(routes);
}

export class FailingProviders {
  readonly providers: readonly SimulatedProvider[];
  #stopping = false;
  #running: Promise<void> = Promise.resolve();

  private constructor(providers: readonly SimulatedProvider[]) {
    this.providers = providers;
  }

  static async start(folder: string): Promise<FailingProviders> {
    return new FailingProviders(await startProviders(folder, [ALPHA, BETA]));
  }

  /** From now on they fail. */
  fail(seed: number): void {
    this.#running = this.#fail(seed);
    // Looked at by `heal`.
    this.#running.catch(() => undefined);
  }

  async #fail(seed: number): Promise<void> {
    const [alpha, beta] = this.providers as [SimulatedProvider, SimulatedProvider];
    await alpha.steer({ seed });
    await beta.steer({ seed: seed + 1 });
    for (let turn = 0; !this.#stopping; turn++) {
      const of = (at: number) => FAULTS[at % FAULTS.length] as (typeof FAULTS)[number];
      const [first, second] = [of(turn), of(turn + FAULTS.length / 2)];
      await alpha.steer({ fault: first.fault, fault_rate: first.share });
      await beta.steer({ fault: second.fault, fault_rate: second.share * BETA_SHARE });
      await sleep(FAULT_MS);
    }
  }

  /** @throws Error if they could not be told to fail */
  async heal(): Promise<void> {
    this.#stopping = true;
    await this.#running;
    for (const provider of this.providers) await provider.steer({ fault: 'none' });
  }
}

/**
 * Of the attempts of each call: numbered from 1 without a gap, at most two for each candidate.
 *
 * @returns calls that had another attempt
 * @throws Error for a call that had others
 */
export function followedCalls(events: Iterable<UsageEvent>): number {
  const calls = Map.groupBy(
    [...events].filter(({ type }) => type === 'attempt'),
    ({ call_id }) => call_id,
  );
  let followed = 0;
  for (const [id, attempts] of calls) {
    const numbers = attempts.map(({ attempt }) => attempt).sort((a, b) => a - b);
    if (numbers.length > 3 || numbers.some((number, index) => number !== index + 1)) {
      throw new Error(`I1: call ${id} has the attempts ${numbers.join(', ')}`);
    }
    if (numbers.length > 1) followed++;
  }
  if (followed < calls.size * FOLLOWED_SHARE_MIN) {
    throw new Error(`only ${followed} of ${calls.size} calls had another attempt`);
  }
  return followed;
}
