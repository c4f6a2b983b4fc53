/**
 * The body of an answer whose status is about this gateway, while it may be about the request: a content
 * policy refuses some with 403 (theopenco/llmgateway PR#1785). It is read for that alone, and nobody is
 * shown it: such texts name our team and our key (I12).
 */
import type { Answer } from '../dialects/dialect.ts';

/** What a provider says of a request that it refuses is short. */
const BYTES_MAX = 64 * 1024;

export class FlaggedBody {
  readonly #open: (first: Buffer) => Answer;
  #answer: Answer | undefined;
  #bytes = 0;

  /** @param open what reads a body that begins so */
  constructor(open: (first: Buffer) => Answer) {
    this.#open = open;
  }

  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > BYTES_MAX) return;
    this.#answer ??= this.#open(chunk);
    this.#answer.push(chunk);
  }

  /** Asked for when it has ended. */
  get isFlagged(): boolean {
    if (this.#bytes > BYTES_MAX) return false;
    // seam: flagged-request-is-no-refused-account
    return this.#answer?.refusedFor() === 'content_policy';
  }
}
