/**
 * Bytes that gather until they can be used, however small the pieces they come in: each is copied a
 * few times at most, and a million pieces of one byte take the memory of a megabyte.
 */

/** Room for a first piece, bytes; what is cut in two by a packet is mostly shorter. */
const FIRST_BYTES = 1024;

export class GrowingBytes {
  #memory: Buffer | null = null;
  #length = 0;
  /** All that was ever copied: what the work is measured by. */
  copiedBytes = 0;

  get length(): number {
    return this.#length;
  }

  append(piece: Buffer): void {
    const needed = this.#length + piece.length;
    if (this.#memory === null || needed > this.#memory.length) this.#grow(needed);
    piece.copy(this.#memory as Buffer, this.#length);
    this.#length = needed;
    this.copiedBytes += piece.length;
  }

  /** What has gathered, still to be added to. */
  view(): Buffer {
    return this.#memory?.subarray(0, this.#length) ?? Buffer.alloc(0);
  }

  /** What has gathered, and nothing is left here: its memory goes with it. */
  take(): Buffer {
    const bytes = this.view();
    this.#memory = null;
    this.#length = 0;
    return bytes;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(FIRST_BYTES, 2 * needed));
    this.#memory?.copy(larger, 0, 0, this.#length);
    this.copiedBytes += this.#length;
    this.#memory = larger;
  }
}
