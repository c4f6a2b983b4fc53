/**
 * Answers in memory, in front of a store that is slower: what was used least lately goes first. A copy
 * is good for a moment only, since other processes replace what is in the store.
 *
 * The order is a list of its own, and not that of a map: an entry that is deleted from a map and added again
 * leaves a hole behind, and all holes of a name are passed at its next addition. Of an answer that is asked
 * for again and again among 50,000 others, that took longer than all the rest of the call.
 */

export type MemoryAnswer = {
  value: Uint8Array;
  /** Unix ms. */
  goodUntilMs: number;
};

/** Between the one that was used before it, and the one after. */
type Place = { key: string; answer: MemoryAnswer; before: Place | null; after: Place | null };

/** Of an entry without its value. */
const ENTRY_BYTES = 300;

export class MemoryAnswers {
  readonly #bytesMax: number;
  readonly #places = new Map<string, Place>();
  #oldest: Place | null = null;
  #youngest: Place | null = null;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string, nowMs: number): Uint8Array | null {
    const place = this.#places.get(key);
    if (place === undefined) return null;
    if (nowMs >= place.answer.goodUntilMs) {
      this.#remove(place);
      return null;
    }
    if (place !== this.#youngest) {
      this.#unlink(place);
      this.#append(place);
    }
    return place.answer.value;
  }

  put(key: string, answer: MemoryAnswer): void {
    this.delete(key);
    const place: Place = { key, answer, before: null, after: null };
    this.#places.set(key, place);
    this.#append(place);
    this.#bytes += bytesOf(answer);
    while (this.#bytes > this.#bytesMax && this.#oldest !== null) this.#remove(this.#oldest);
  }

  delete(key: string): void {
    const place = this.#places.get(key);
    if (place !== undefined) this.#remove(place);
  }

  clear(): void {
    this.#places.clear();
    this.#oldest = null;
    this.#youngest = null;
    this.#bytes = 0;
  }

  #remove(place: Place): void {
    this.#places.delete(place.key);
    this.#unlink(place);
    this.#bytes -= bytesOf(place.answer);
  }

  #unlink(place: Place): void {
    const { before, after } = place;
    if (before === null) this.#oldest = after;
    else before.after = after;
    if (after === null) this.#youngest = before;
    else after.before = before;
  }

  #append(place: Place): void {
    place.before = this.#youngest;
    place.after = null;
    if (this.#youngest === null) this.#oldest = place;
    else this.#youngest.after = place;
    this.#youngest = place;
  }
}

function bytesOf({ value }: MemoryAnswer): number {
  return value.length + ENTRY_BYTES;
}
