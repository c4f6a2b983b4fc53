/**
 * Room for bytes that no owner fills alone: one may keep three times as many as are left for others, as
 * with the places of a `FairGate`. Who gets none does without; nobody waits.
 */

/** What an owner may keep, for each byte that is free. */
const PER_FREE_BYTE = 3;

export class FairRoom {
  readonly #bytesMax: number;
  #kept = 0;
  readonly #keptOf = new Map<string, number>();

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** @returns false: so much more would be too much, of this owner or of all */
  take(owner: string, bytes: number): boolean {
    const own = (this.#keptOf.get(owner) ?? 0) + bytes;
    const free = this.#bytesMax - this.#kept - bytes;
    // seam: room-is-left-for-others
    if (own > PER_FREE_BYTE * free) return false;
    this.#kept += bytes;
    this.#keptOf.set(owner, own);
    return true;
  }

  giveBack(owner: string, bytes: number): void {
    this.#kept -= bytes;
    const own = (this.#keptOf.get(owner) ?? 0) - bytes;
    if (own > 0) this.#keptOf.set(owner, own);
    else this.#keptOf.delete(owner);
  }
}
