/** Numbers that look drawn and follow from a text: the same request is always answered the same. */
import { hash } from 'node:crypto';

export class Draws {
  #state: number;

  constructor(seed: string) {
    this.#state = hash('sha256', seed, 'buffer').readUInt32BE(0);
  }

  /** From 0 to `count` - 1. Mulberry32: a period of 2^32 is far more than an answer needs. */
  below(count: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % count;
  }

  /** One of the items; there is at least one. */
  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}
