/**
 * A compressed answer on its way through: the client gets it as it came, and a copy is unpacked when
 * it has ended, if neither grows beyond its bound. Where it is a stream its last byte waits for the
 * usage event (I9), and with it the end that unpacks; one that is no stream is held as others are.
 */
import type { Packing } from '@tollgate/adapters/http/content-coding.ts';
import { GrowingBytes } from './growing-bytes.ts';
import { HeldBody } from './held-body.ts';
import { unpack } from './unpack.ts';

export type PackedLimits = {
  packedAnswerBytesMax: number;
  unpackedAnswerBytesMax: number;
  heldAnswerBytesMax: number;
  answerTailBytes: number;
};

const NOTHING: Buffer[] = [];

export class PackedBody {
  readonly #packing: Packing | 'unknown';
  readonly #limits: PackedLimits;
  /** Null: more than is kept has come. */
  #copy: GrowingBytes | null = new GrowingBytes();
  /** Of a stream: null, and its last byte. */
  readonly #held: HeldBody | null;
  #last: Buffer | null = null;

  constructor(packing: Packing | 'unknown', isStream: boolean, limits: PackedLimits) {
    this.#packing = packing;
    this.#limits = limits;
    const { heldAnswerBytesMax, answerTailBytes } = limits;
    this.#held = isStream ? null : new HeldBody(heldAnswerBytesMax, answerTailBytes);
  }

  push(chunk: Buffer): Buffer[] {
    this.#keep(chunk);
    if (this.#held !== null) return this.#held.push(chunk);
    if (chunk.length === 0) return NOTHING;
    const rest = chunk.subarray(0, -1);
    const passed = this.#last === null ? [rest] : [this.#last, rest];
    this.#last = chunk.subarray(-1);
    return passed;
  }

  end(): Buffer[] {
    if (this.#held !== null) return this.#held.end();
    return this.#last === null ? NOTHING : [this.#last];
  }

  /** What it says, as far as it has come; null if that cannot be known. */
  unpacked(): Buffer | null {
    const { unpackedAnswerBytesMax } = this.#limits;
    if (this.#packing === 'unknown' || this.#copy === null) return null;
    return unpack(this.#packing, this.#copy.view(), unpackedAnswerBytesMax);
  }

  #keep(chunk: Buffer): void {
    if (this.#packing === 'unknown' || this.#copy === null) return;
    const isTooMuch = this.#copy.length + chunk.length > this.#limits.packedAnswerBytesMax;
    if (isTooMuch) this.#copy = null;
    else this.#copy.append(chunk);
  }
}
