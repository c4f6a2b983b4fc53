/**
 * How many bytes of request bodies the process holds, in all and of each key. Without this bound a
 * few hundred large bodies would be the memory of the machine.
 */

export class BodyBytes {
  readonly #totalMax: number;
  readonly #perKeyMax: number;
  readonly #perKey = new Map<string, number>();
  #total = 0;

  constructor(limits: { bodyBytesMax: number; bodyBytesPerKeyMax: number }) {
    this.#totalMax = limits.bodyBytesMax;
    this.#perKeyMax = limits.bodyBytesPerKeyMax;
  }

  get total(): number {
    return this.#total;
  }

  /** False: there is no room for so many more bytes, and none are counted. */
  take(keyId: string, bytes: number): boolean {
    const own = (this.#perKey.get(keyId) ?? 0) + bytes;
    if (own > this.#perKeyMax || this.#total + bytes > this.#totalMax) return false;
    this.#perKey.set(keyId, own);
    this.#total += bytes;
    return true;
  }

  giveBack(keyId: string, bytes: number): void {
    if (bytes === 0) return;
    const own = (this.#perKey.get(keyId) ?? 0) - bytes;
    this.#total -= bytes;
    if (own > 0) this.#perKey.set(keyId, own);
    else this.#perKey.delete(keyId);
  }
}
