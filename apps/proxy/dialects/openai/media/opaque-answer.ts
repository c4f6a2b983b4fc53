/**
 * An answer that is a recording, or a transcript as plain text: its bytes pass as they come, and say nothing of
 * what was used. Its last byte waits for the usage event (I9): a format of sound has no mark of its end that
 * could be trusted.
 */
import type { Answer, AnswerFault } from '../../dialect.ts';

export class OpaqueAnswer implements Answer {
  readonly progress = 'open';
  readonly tokensSeen = 0;
  #last: Buffer | null = null;

  get hasToken(): boolean {
    return this.#last !== null;
  }

  push(chunk: Buffer): Buffer[] {
    if (chunk.length === 0) return [];
    const before = this.#last === null ? [] : [this.#last];
    this.#last = chunk.subarray(-1);
    // seam: last-byte-of-a-recording-waits
    return chunk.length === 1 ? before : [...before, chunk.subarray(0, -1)];
  }

  readOn(): boolean {
    return false;
  }

  end(): Buffer[] {
    return this.#last === null ? [] : [this.#last];
  }

  isWhole(): boolean {
    return false;
  }

  quantities(): null {
    return null;
  }

  isUsageFinal(): boolean {
    return false;
  }

  usageNote(): null {
    return null;
  }

  fault(): AnswerFault | null {
    return this.#last === null ? 'nothing' : null;
  }

  whole(): null {
    return null;
  }

  refusedFor(): null {
    return null;
  }

  said(): null {
    return null;
  }

  model(): null {
    return null;
  }

  id(): null {
    return null;
  }

  outputText(): null {
    return null;
  }

  outputTokensMax(): null {
    return null;
  }
}
