/**
 * One call of a cascade (docs/routing.md, Cascade): whether an answer is good enough, and the last one that
 * was not, which the client gets if no better one comes. What waits has a bound, for one answer and for all;
 * no customer fills that alone.
 */
import type { UpstreamHeaders } from '@tollgate/adapters/provider/upstream.ts';
import { type Said, shortfallOf, type Wanted } from '@tollgate/domain/routing/cascade/cascade.ts';
import type { Shortfall } from '@tollgate/domain/routing/route.ts';
import type { Answer, CallRequest, ImposedLimit } from '../dialects/dialect.ts';
import type { FairRoom } from '../guardrails/fair-room.ts';
import type { Recorded } from './attempt-end.ts';

/** An answer that was not good enough, whole. */
export type Kept<Of> = {
  end: Recorded;
  status: number;
  headers: UpstreamHeaders;
  /** The attempt that it is of. */
  of: Of;
};

/** @template Of what an answer is of: an attempt */
export class Cascade<Of = unknown> {
  readonly #request: CallRequest;
  readonly #escalateOn: readonly Shortfall[];
  readonly #room: FairRoom;
  readonly #customerId: string;
  readonly #answerBytesMax: number;
  #wanted: Omit<Wanted, 'cutByLimit'> | undefined;
  /** Bytes that wait of the answer that comes, and of the one that is kept. */
  #ofAnswer = 0;
  #ofKept = 0;
  #kept: Kept<Of> | null = null;

  constructor(
    request: CallRequest,
    escalateOn: readonly Shortfall[],
    room: FairRoom,
    customerId: string,
    answerBytesMax: number,
  ) {
    request.judge();
    this.#request = request;
    this.#escalateOn = escalateOn;
    this.#room = room;
    this.#customerId = customerId;
    this.#answerBytesMax = answerBytesMax;
  }

  /** Of a whole answer. @returns null: it is good enough, as far as it shows, or was not read */
  judge(answer: Answer, limit: ImposedLimit | null): Shortfall | null {
    const all = answer.said();
    if (all === null) return null;
    this.#wanted ??= this.#request.wanted();
    const wanted = { ...this.#wanted, cutByLimit: this.#isCutByLimit(answer, limit) };
    const found = (said: Said) => {
      const shortfall = shortfallOf(said, wanted);
      return shortfall !== null && this.#escalateOn.includes(shortfall) ? [shortfall] : [];
    };
    return all.flatMap(found)[0] ?? null;
  }

  /** Where nobody knows how much was written, a limit that there was is taken to have been reached. */
  #isCutByLimit(answer: Answer, limit: ImposedLimit | null): boolean {
    const { outputTokensMax, answerCount } = this.#request;
    const each = limit?.tokens ?? (outputTokensMax === null ? null : outputTokensMax / answerCount);
    const used = answer.quantities();
    return each !== null && (used === null || used.outputTokens + used.reasoningTokens >= each);
  }

  /** @returns false: no more of this answer may wait */
  takeRoom(bytes: number): boolean {
    // seam: waiting-answer-has-a-bound
    if (this.#ofAnswer + bytes > this.#answerBytesMax) return false;
    if (!this.#room.take(this.#customerId, bytes)) return false;
    this.#ofAnswer += bytes;
    return true;
  }

  /** In place of the one before: the later candidate is the better one. */
  keep(kept: Kept<Of>): void {
    this.#room.giveBack(this.#customerId, this.#ofKept);
    this.#kept = kept;
    this.#ofKept = this.#ofAnswer;
    this.#ofAnswer = 0;
  }

  get hasKept(): boolean {
    return this.#kept !== null;
  }

  /** What the client gets instead of this; null: this. What guardrails block is not gone around. */
  instead(end: Recorded): Kept<Of> | null {
    const isKept = this.#kept?.end.outcome === end.outcome;
    const isBetter = !isKept && end.ending === 'answered' && end.outcome.status === 'ok';
    // seam: kept-answer-is-better-than-none
    return isBetter || end.blocked !== null ? null : this.#kept;
  }

  /** Another attempt begins: what waited of the last one is dropped, or kept by now. */
  begin(): void {
    this.#room.giveBack(this.#customerId, this.#ofAnswer);
    this.#ofAnswer = 0;
  }

  /** The call has ended. */
  release(): void {
    this.#room.giveBack(this.#customerId, this.#ofAnswer + this.#ofKept);
    this.#ofAnswer = 0;
    this.#ofKept = 0;
  }
}
