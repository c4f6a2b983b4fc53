/**
 * The bytes of an answer that is held whole until the usage event is durable (I9). A body that
 * outgrows the bound streams through; only its last bytes are held back then.
 */
export class HeldBody {
  readonly #heldBytesMax: number;
  readonly #tailBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #overflowed = false;

  /** @param tailBytes how much of the end of a larger body is held back at least */
  constructor(heldBytesMax: number, tailBytes: number) {
    this.#heldBytesMax = heldBytesMax;
    this.#tailBytes = tailBytes;
  }

  /** Bytes that may leave now. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (!this.#overflowed && this.#bytes <= this.#heldBytesMax) return [];
    this.#overflowed = true;
    const passed: Buffer[] = [];
    for (;;) {
      const first = this.#chunks[0];
      if (first === undefined || this.#bytes - first.length < this.#tailBytes) return passed;
      this.#bytes -= first.length;
      this.#chunks.shift();
      passed.push(first);
    }
  }

  /** Bytes that may leave once the usage event is durable. */
  end(): Buffer[] {
    return this.#chunks;
  }

  /** False: some of it has left, and `bytes` are the end alone. */
  get isWhole(): boolean {
    return !this.#overflowed;
  }

  /** All that is held. */
  bytes(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] as Buffer;
  }
}
