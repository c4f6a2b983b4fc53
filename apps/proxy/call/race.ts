/**
 * Two attempts of one call at once (docs/design.md, Route): when the first one has said nothing for as long
 * as its route waits, a second one is admitted, held, recorded and sent at another candidate. The first of
 * them that has something of an answer wins, and the other is given up: what it may be billed stays charged.
 * Until then nothing of either leaves, so no provider is changed after a byte was relayed.
 */
import type { UpstreamHeaders } from '@tollgate/adapters/provider/upstream.ts';
import type { BudgetHold } from '../budget/budget-book.ts';
import type { CallRequest, ImposedLimit } from '../dialects/dialect.ts';
import type { Deployment } from '../routing/deployments.ts';
import { type Applicant, admit } from './admission.ts';
import type { Attempt } from './attempt.ts';
import {
  type AttemptEnd,
  type AttemptListener,
  type Recorded,
  routedFailure,
} from './attempt-end.ts';
import type { CallDeps } from './call-deps.ts';
import { Place } from './in-flight.ts';
import type { CallFacts } from './refusal.ts';

/** The call that both are made for. */
export type Racing = AttemptListener & {
  readonly deps: CallDeps;
  readonly facts: CallFacts & { request: CallRequest };
  isOver(): boolean;
  /** Where a second attempt may go; null: nowhere. */
  hedgeAt(): { deployment: Deployment; index: number } | null;
  /** One of both is to be sent, and says all to `listener`. */
  attemptOf(
    deployment: Deployment,
    limit: ImposedLimit | null,
    holds: readonly BudgetHold[],
    startedAtMs: number,
    request: CallRequest,
    lane: Lane,
  ): Attempt;
  /** From now on the call is this attempt's. */
  adopt(attempt: Attempt, index: number): void;
  /** Of two that run, this one's answer is not waited for. */
  givesUp(index: number): void;
  /** @param place that the attempt has its rate limits of, if not the call's own */
  onLate(place?: Place): Promise<string | null>;
  /** One of both has failed while the other runs, or was given up. */
  lost(attempt: Attempt, index: number, end: Recorded, headers: UpstreamHeaders): void;
  /** Something is still under way for the call, or is no more. */
  began(): void;
  ended(): void;
};

type Head = { status: number; headers: UpstreamHeaders; waits: boolean };

export class Race {
  readonly first: Lane;
  readonly #call: Racing;
  readonly #bytesMax: number;
  readonly #timer: NodeJS.Timeout;
  #hedge: Lane | null = null;
  /** Whose the call is; null: neither has said anything. */
  #winner: Lane | null = null;

  /** @param index of the candidate that the first one goes to */
  constructor(call: Racing, index: number, afterMs: number) {
    this.#call = call;
    this.#bytesMax = call.deps.limits.heldBackBytesMax;
    this.first = new Lane(this, index);
    this.#timer = setTimeout(() => this.#second(), afterMs);
  }

  get isDecided(): boolean {
    return this.#winner !== null;
  }

  /** Neither has said anything. The second one would be read on for nobody. */
  clientLeft(policy: 'drain' | 'abort'): void {
    clearTimeout(this.#timer);
    this.#hedge?.attempt?.lose();
    this.first.attempt?.clientLeft(policy);
  }

  timeOut(): void {
    clearTimeout(this.#timer);
    for (const lane of [this.first, this.#hedge]) lane?.attempt?.timeOut();
  }

  onHead(lane: Lane): void {
    if (this.#winner === lane) return this.#giveHead(lane);
    // The head of a whole answer comes with it; a stream's comes before anybody knows more.
    if (this.#winner === null && lane.head !== null && lane.head.status < 300 && lane.head.waits) {
      this.#wins(lane);
    }
  }

  onBytes(lane: Lane, bytes: Buffer): void {
    if (this.#winner === lane) return this.#call.onBytes(bytes);
    if (this.#winner !== null) return;
    lane.kept.push(bytes);
    lane.keptBytes += bytes.length;
    const isAnswer = (lane.head?.status ?? 0) < 300 && lane.attempt?.hasToken === true;
    if (isAnswer || lane.keptBytes > this.#bytesMax) this.#wins(lane);
  }

  onEnd(lane: Lane, end: AttemptEnd): void {
    clearTimeout(this.#timer);
    lane.end();
    if (lane === this.#hedge) this.#call.ended();
    const other = lane === this.first ? this.#hedge : this.first;
    if (this.#winner !== null && this.#winner !== lane) {
      if (lane === this.first) this.#call.ended();
      return this.#lost(lane, end);
    }
    const isAnswer = end.ending === 'unrecorded' || routedFailure(end) === null;
    if (this.#winner === null && !isAnswer && other?.isRunning === true) {
      // The call goes on with the other one, as if it were alone.
      this.#lost(lane, end);
      return this.#wins(other);
    }
    if (this.#winner === null) this.#wins(lane);
    this.#call.onEnd(end);
  }

  async onLate(lane: Lane): Promise<string | null> {
    if (lane.place === null) return this.#call.onLate();
    // The first one has failed: it is the call's only one by now.
    if (this.#winner === lane) return this.#call.onLate(lane.place);
    // Its window ended while it was recorded: a call does without a second attempt.
    const { attempt } = lane;
    lane.isGivenUp = true;
    if (attempt === null) return null;
    attempt.facts.rates?.cancel();
    attempt.facts.rates = null;
    attempt.lose();
    return null;
  }

  #second(): void {
    if (this.#winner !== null || this.#call.isOver()) return;
    const found = this.#call.hedgeAt();
    if (found === null) return;
    const { deployment, index } = found;
    const { deps, facts } = this.#call;
    const place = new Place({ left: () => undefined }, facts.key);
    this.#call.began();
    const notSent = () => {
      place.leave();
      this.#call.ended();
    };
    const applicant: Applicant = {
      // A smaller answer could win, although the first one has room for all of it.
      ...{ deps, facts, place, isSpare: true },
      isOver: () => this.#winner !== null || this.#call.isOver(),
      onRefused: notSent,
      onOver: notSent,
      onAdmitted: (to, limit, holds, nowMs, request) => {
        const lane = new Lane(this, index, place);
        lane.attempt = this.#call.attemptOf(to, limit, holds, nowMs, request, lane);
        this.#hedge = lane;
        lane.attempt.start();
      },
    };
    admit(applicant, deployment, Date.now()).catch((error) => {
      deps.onDefect(error);
      if (this.#hedge === null) notSent();
    });
  }

  #wins(lane: Lane): void {
    clearTimeout(this.#timer);
    this.#winner = lane;
    const loser = lane === this.first ? this.#hedge : this.first;
    this.#call.adopt(lane.attempt as Attempt, lane.index);
    if (loser?.isRunning === true) {
      if (loser === this.first) this.#call.began();
      this.#call.givesUp(loser.index);
      // seam: loser-is-given-up
      loser.attempt?.lose();
    }
    this.#giveHead(lane);
    for (const bytes of lane.kept.splice(0)) this.#call.onBytes(bytes);
  }

  #lost({ attempt, index, head }: Lane, end: AttemptEnd): void {
    if (end.ending === 'unrecorded') return this.#call.deps.onJournalFailure(end.error);
    this.#call.lost(attempt as Attempt, index, end, head?.headers ?? {});
  }

  #giveHead({ head }: Lane): void {
    if (head !== null) this.#call.onHead(head.status, head.headers, head.waits);
  }
}

/** One of the two: what it says goes to the race, until that is decided. */
export class Lane implements AttemptListener {
  readonly index: number;
  /** Of the second one: what it took of rate limits; null: the call's own place has that. */
  readonly place: Place | null;
  attempt: Attempt | null = null;
  head: Head | null = null;
  readonly kept: Buffer[] = [];
  keptBytes = 0;
  /** It gave itself up: its candidate was not asked. */
  isGivenUp = false;
  #hasEnded = false;
  readonly #race: Race;

  constructor(race: Race, index: number, place: Place | null = null) {
    this.#race = race;
    this.index = index;
    this.place = place;
  }

  onHead(status: number, headers: UpstreamHeaders, waits: boolean): void {
    this.head = { status, headers, waits };
    this.#race.onHead(this);
  }

  onBytes(bytes: Buffer): void {
    this.#race.onBytes(this, bytes);
  }

  onEnd(end: AttemptEnd): void {
    this.#race.onEnd(this, end);
  }

  onLate(): Promise<string | null> {
    return this.#race.onLate(this);
  }

  /** Something may come of it. */
  get isRunning(): boolean {
    return !this.#hasEnded && !this.isGivenUp;
  }

  end(): void {
    this.#hasEnded = true;
    this.place?.leave();
  }
}
