/**
 * The bytes of an answer that is held whole until the usage event is durable (I9). A body that
 * outgrows the bound streams through; only its last bytes are held back then.
 */
import { CLOSE_BRACE, CLOSE_BRACKET } from './json-codes.ts';
import { JsonEnd } from './json-end.ts';

const SPACE = 32;
/** Chunks that are held as they came; most answers have fewer. */
const LOOSE_CHUNKS_MAX = 16;
/** Beyond those, smaller ones are copied into blocks: a million of them would take 100 MB. */
const BLOCK_BYTES = 64 * 1024;

export class HeldBody {
  readonly #heldBytesMax: number;
  readonly #tailBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #overflowed = false;
  #jsonEnd: JsonEnd | undefined;
  #scannedBytes = 0;
  /** The last of the chunks is the beginning of it, of this length. */
  #block: { memory: Buffer; length: number } | null = null;

  /** @param tailBytes how much of the end of a larger body is held back at least */
  constructor(heldBytesMax: number, tailBytes: number) {
    this.#heldBytesMax = heldBytesMax;
    this.#tailBytes = tailBytes;
  }

  /** Bytes that may leave now. */
  push(chunk: Buffer): Buffer[] {
    if (this.#chunks.length < LOOSE_CHUNKS_MAX) this.#add(chunk);
    else this.#gather(chunk);
    this.#bytes += chunk.length;
    if (!this.#overflowed && this.#bytes <= this.#heldBytesMax) return [];
    this.#overflowed = true;
    const passed: Buffer[] = [];
    for (;;) {
      const first = this.#chunks[0];
      if (first === undefined || this.#bytes - first.length < this.#tailBytes) return passed;
      this.#bytes -= first.length;
      this.#chunks.shift();
      if (this.#chunks.length === 0) this.#block = null;
      passed.push(first);
    }
  }

  #add(chunk: Buffer): void {
    this.#block = null;
    this.#chunks.push(chunk);
  }

  #gather(chunk: Buffer): void {
    if (this.#block === null || this.#block.length + chunk.length > BLOCK_BYTES) {
      if (chunk.length > BLOCK_BYTES / 2) return this.#add(chunk);
      this.#block = { memory: Buffer.allocUnsafeSlow(BLOCK_BYTES), length: 0 };
      this.#chunks.push(this.#block.memory);
    }
    const { memory, length } = this.#block;
    chunk.copy(memory, length);
    this.#block.length += chunk.length;
    this.#chunks[this.#chunks.length - 1] = memory.subarray(0, this.#block.length);
  }

  /** Bytes that may leave once the usage event is durable. */
  end(): Buffer[] {
    return this.#chunks;
  }

  /** Bytes that are held. */
  get length(): number {
    return this.#bytes;
  }

  /** False: some of it has left, and `bytes` are the end alone. */
  get isWhole(): boolean {
    return !this.#overflowed;
  }

  /** Its last byte may be the last of a JSON text, or a line end behind it. */
  get endsLikeJson(): boolean {
    const chunk = this.#chunks[this.#chunks.length - 1];
    if (chunk === undefined) return false;
    // Undefined of an empty one: nothing is smaller or equal then.
    const last = chunk[chunk.length - 1] as number;
    return last === CLOSE_BRACE || last === CLOSE_BRACKET || last <= SPACE;
  }

  /**
   * Whether the JSON text that is held has come to its end; false as well where not all of it is held.
   * However often it is asked, each byte is looked at once.
   */
  isClosedJson(): boolean {
    if (this.#overflowed) return false;
    this.#jsonEnd ??= new JsonEnd();
    let at = 0;
    for (const piece of this.#chunks) {
      const known = this.#scannedBytes - at;
      if (known < piece.length) this.#jsonEnd.push(piece.subarray(Math.max(0, known)));
      at += piece.length;
    }
    this.#scannedBytes = at;
    return this.#jsonEnd.isClosed;
  }

  /** Pieces that it is held in. */
  get pieces(): number {
    return this.#chunks.length;
  }

  /** All that is held. */
  bytes(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    this.#block = null;
    return this.#chunks[0] as Buffer;
  }
}
