/**
 * Answers in memory, in front of a store that is slower: what was used least lately goes first. A copy
 * is good for a moment only, since other processes replace what is in the store.
 */
import type { PurgeScope } from './answer-cache.ts';

export type MemoryAnswer = {
  customerId: string;
  model: string;
  purgesSeen: number;
  value: Uint8Array;
  /** Unix ms. */
  goodUntilMs: number;
};

/** Of an entry without its value. */
const ENTRY_BYTES = 300;

export class MemoryAnswers {
  readonly #bytesMax: number;
  /** The order of a map is that of insertion: what is read is inserted again. */
  readonly #answers = new Map<string, MemoryAnswer>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string, nowMs: number): Uint8Array | null {
    const found = this.#answers.get(key);
    if (found === undefined) return null;
    this.#answers.delete(key);
    if (nowMs >= found.goodUntilMs) {
      this.#bytes -= bytesOf(found);
      return null;
    }
    this.#answers.set(key, found);
    return found.value;
  }

  put(key: string, answer: MemoryAnswer): void {
    this.delete(key);
    this.#answers.set(key, answer);
    this.#bytes += bytesOf(answer);
    for (const oldest of this.#answers.keys()) {
      if (this.#bytes <= this.#bytesMax) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const found = this.#answers.get(key);
    if (found === undefined) return;
    this.#answers.delete(key);
    this.#bytes -= bytesOf(found);
  }

  purge({ customerId, model }: PurgeScope, revision: number): void {
    for (const [key, answer] of this.#answers) {
      if (answer.purgesSeen >= revision) continue;
      if (customerId !== null && answer.customerId !== customerId) continue;
      if (model !== null && answer.model !== model) continue;
      this.delete(key);
    }
  }
}

function bytesOf({ value }: MemoryAnswer): number {
  return value.length + ENTRY_BYTES;
}
