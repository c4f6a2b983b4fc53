/**
 * Which keys a store may have, in memory that its thread shares with the main one (a Bloom filter): the
 * thread writes, the main one reads. What it does not have is not in the store; what it has is there mostly.
 *
 * There are two halves: one is read while the other is made again.
 */

/** Of each key: one in 3,000 is taken for another one, and one in a hundred once there are twice as many. */
const BITS_SET = 4;
const BITS_PER_KEY = 20;
const WORD_BITS = 32;
/** Which half is read. */
const HEAD_WORDS = 1;
const HIGH = 2 ** 32;

export class KnownKeys {
  readonly #words: Uint32Array;
  readonly #halfWords: number;
  readonly #bitMask: number;

  constructor(shared: SharedArrayBuffer) {
    this.#words = new Uint32Array(shared);
    this.#halfWords = (this.#words.length - HEAD_WORDS) / 2;
    this.#bitMask = this.#halfWords * WORD_BITS - 1;
  }

  /** @param keysMax of more of them, more are mistaken for each other */
  static memory(keysMax: number): SharedArrayBuffer {
    const bits = Math.max(WORD_BITS, 2 ** Math.ceil(Math.log2(keysMax * BITS_PER_KEY)));
    const words = HEAD_WORDS + (2 * bits) / WORD_BITS;
    return new SharedArrayBuffer(words * Uint32Array.BYTES_PER_ELEMENT);
  }

  /** False: the store has no key of this number. */
  mayHave(number: number): boolean {
    const from = this.#halfAt(Atomics.load(this.#words, 0));
    const step = stepOf(number);
    for (let nth = 0, hash = number >>> 0; nth < BITS_SET; nth++, hash += step) {
      const bit = hash & this.#bitMask;
      if (((this.#words[from + (bit >>> 5)] as number) & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  }

  /** By the store's thread alone. */
  add(number: number): void {
    this.#addTo(this.#halfAt(this.#words[0] as number), number);
  }

  /** Forgets all others. By the store's thread alone. */
  replace(numbers: Iterable<number>): void {
    const next = 1 - (this.#words[0] as number);
    const from = this.#halfAt(next);
    this.#words.fill(0, from, from + this.#halfWords);
    for (const number of numbers) this.#addTo(from, number);
    Atomics.store(this.#words, 0, next);
  }

  #halfAt(half: number): number {
    return HEAD_WORDS + half * this.#halfWords;
  }

  #addTo(from: number, number: number): void {
    const step = stepOf(number);
    for (let nth = 0, hash = number >>> 0; nth < BITS_SET; nth++, hash += step) {
      const bit = hash & this.#bitMask;
      const at = from + (bit >>> 5);
      this.#words[at] = (this.#words[at] as number) | (1 << (bit & 31));
    }
  }
}

/** Odd, so that no two of a key's bits are the same. */
function stepOf(number: number): number {
  return Math.floor(number / HIGH) | 1;
}

/** A number of 53 bits that follows from a key. Two keys may have the same: who finds one by it compares the keys. */
export function keyNumber(key: string): number {
  let low = 0x811c9dc5;
  let high = 0x9e3779b1;
  for (let at = 0; at < key.length; at++) {
    const code = key.charCodeAt(at);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x85ebca6b) ^ (high >>> 15);
  }
  return (spread(high) & 0x1fffff) * HIGH + spread(low);
}

function spread(word: number): number {
  const mixed = Math.imul(word ^ (word >>> 16), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
