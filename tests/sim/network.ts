/**
 * The way between a process and a store: slow, lossy, out of order, twice. Every question may be
 * lost, its answer may be lost after it was carried out, it may be carried out once more, or long
 * after its sender has given up and died.
 */
import type { Process, World } from './world.ts';

export type NetworkFaults = {
  /** One way, ms: from, to, small ones as likely as large ones. */
  latencyMs: readonly [number, number];
  /** It never arrives. */
  lost: number;
  /** It is carried out, and its sender gets an error. */
  answerLost: number;
  /** Its sender gets an error, and it is carried out later. */
  late: number;
  /** It is carried out twice. */
  twice: number;
  /** Nothing is answered then, ms since the world began. */
  outages: readonly { fromMs: number; toMs: number }[];
};

/** How late a question can still arrive, ms. */
export const LATE_MS_MAX = 12_000;
/** After so long a sender takes a question for lost, ms. */
const GIVEN_UP_MS = [50, 1_500] as const;

export class Network {
  readonly #world: World;
  faults: NetworkFaults;

  constructor(world: World, faults: NetworkFaults) {
    this.#world = world;
    this.faults = faults;
  }

  /** No more faults from now on, but what is on its way comes. */
  heal(): void {
    const { latencyMs } = this.faults;
    const none = { lost: 0, answerLost: 0, late: 0, twice: 0 };
    this.faults = { latencyMs: [latencyMs[0], Math.min(20, latencyMs[1])], ...none, outages: [] };
  }

  /** Carries a question out at the store. Never resolves if the sender dies. */
  ask<T>(from: Process, does: () => T): Promise<T> {
    const world = this.#world;
    if (!world.leaves(from)) return new Promise(() => undefined);
    const { random } = world;
    const { lost, answerLost, late, twice } = this.faults;
    return new Promise((resolve, reject) => {
      const giveUp = (what: string) =>
        world.in(random.spread(...GIVEN_UP_MS), from, () => reject(new Error(what)));
      const fate = random.next();
      if (fate < lost || this.#isAway()) {
        giveUp('lost on the way');
        return;
      }
      if (fate < lost + late) {
        giveUp('given up');
        world.in(random.spread(10, LATE_MS_MAX), null, does);
        return;
      }
      world.in(this.#latencyMs(), null, () => {
        const answer = does();
        if (random.chance(twice)) world.in(random.spread(1, LATE_MS_MAX), null, does);
        if (random.chance(answerLost)) giveUp('the answer is lost');
        else world.in(this.#latencyMs(), from, () => resolve(answer));
      });
    });
  }

  #latencyMs(): number {
    return this.#world.random.spread(...this.faults.latencyMs);
  }

  #isAway(): boolean {
    const { nowMs } = this.#world;
    return this.faults.outages.some(({ fromMs, toMs }) => nowMs >= fromMs && nowMs < toMs);
  }
}
