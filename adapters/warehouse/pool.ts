/** Statements that read share a few places; those that write run one at a time (`OneAtATime`). */
import { WarehouseError } from './warehouse-error.ts';

/** Each place is lent to one piece of work at a time. */
export class Pool<Place> {
  readonly #idle: Place[];
  readonly #queueMax: number;
  readonly #waiting: ((place: Place) => void)[] = [];

  /** @param queueMax how many may wait for a place; beyond it the caller is told at once */
  constructor(places: readonly Place[], queueMax: number) {
    this.#idle = [...places];
    this.#queueMax = queueMax;
  }

  /** @throws WarehouseError `too_many_queries` */
  async run<T>(work: (place: Place) => Promise<T>): Promise<T> {
    const place = this.#idle.pop() ?? (await this.#wait());
    try {
      return await work(place);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(place);
      else next(place);
    }
  }

  #wait(): Promise<Place> {
    if (this.#waiting.length >= this.#queueMax) {
      throw new WarehouseError('too_many_queries', 'too many queries wait for the warehouse');
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
