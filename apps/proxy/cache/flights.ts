/**
 * Equal calls that run at once at this proxy: one is sent, the others wait for its answer. It is the
 * answer that they share, never the connection: a client that leaves takes nothing from the others
 * (remnic PR#2015), and a flight that ends without an answer lets them go (Haruki-Sekai-API PR#59 kept it).
 */
import type { EventEmitter } from 'node:events';
import type { CacheEntry } from './cache-entry.ts';

export class Flights {
  readonly #flightsMax: number;
  readonly #flights = new Map<string, Flight>();

  constructor(flightsMax: number) {
    this.#flightsMax = flightsMax;
  }

  /** Calls that others may wait for. */
  get size(): number {
    return this.#flights.size;
  }

  of(key: string): Flight | undefined {
    return this.#flights.get(key);
  }

  /** @returns undefined: there is one already, or there are too many */
  begin(key: string): Flight | undefined {
    if (this.#flights.has(key) || this.#flights.size >= this.#flightsMax) return undefined;
    const flight = new Flight(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }
}

export class Flight {
  readonly #onEnd: () => void;
  readonly #waiting = new Set<(entry: CacheEntry | null) => void>();
  #hasEnded = false;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** Once, whatever is said later. @param entry null: there is no answer that may be given again */
  end(entry: CacheEntry | null): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    // seam: flight-ends-for-all
    this.#onEnd();
    for (const go of this.#waiting) go(entry);
    this.#waiting.clear();
  }

  /**
   * @param reply of who waits: when it closes, nobody waits any more, and nothing of the call is kept
   * @returns the answer; null: there is none; `late`: it did not come in time
   */
  wait(ms: number, reply: Pick<EventEmitter, 'once' | 'off'>): Promise<CacheEntry | null | 'late'> {
    return new Promise((resolve) => {
      const giveUp = () => {
        clearTimeout(timer);
        reply.off('close', giveUp);
        this.#waiting.delete(go);
        resolve('late');
      };
      const timer = setTimeout(giveUp, ms);
      reply.once('close', giveUp);
      const go = (entry: CacheEntry | null) => {
        clearTimeout(timer);
        reply.off('close', giveUp);
        resolve(entry);
      };
      this.#waiting.add(go);
    });
  }
}
