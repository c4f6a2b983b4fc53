/**
 * One attempt: the provider's side of a call, from the durable start record to the durable end
 * (docs/design.md, Start record, Settle). It knows nothing of the client but what its listener does
 * with the bytes, and it ends in a value.
 *
 * I1: nothing is dispatched before `started` is durable. I9: what waits for the record is handed
 * over when `finished` is durable. I3: what the provider did not state is charged at the hold; a hold
 * is freed only when its charge is durable, or the attempt is known to be unbilled.
 */
import type {
  UpstreamControl,
  UpstreamFailure,
  UpstreamHandler,
  UpstreamHeaders,
} from '@tollgate/adapters/provider/upstream.ts';
import type { AttemptEnding } from '@tollgate/domain/routing/next-step.ts';
import type { Shortfall } from '@tollgate/domain/routing/route.ts';
import { timeText } from '@tollgate/domain/text/time-text.ts';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { finishedText, startedText } from '@tollgate/domain/usage/event/event-text.ts';
import type { UsageStatus } from '@tollgate/domain/usage/usage-event.ts';
import type { Answer } from '../dialects/dialect.ts';
import { JudgedAnswer } from '../guardrails/judged-answer.ts';
import type { Tape } from '../idempotency/recording.ts';
import { isBlank } from '../relay/body-kind.ts';
import type { KeyAnswer } from '../routing/key-ring.ts';
import { CALL_DEADLINE, FLAGGED } from '../routing/provider-health.ts';
import { retryAfterMs } from '../routing/retry-after.ts';
import { type AttemptListener, endingOf, errorTypeOf, roundMs } from './attempt-end.ts';
import type { AttemptFacts } from './attempt-facts.ts';
import type { CallDeps } from './call-deps.ts';
import { Drain } from './drain.ts';
import { FlaggedBody } from './flagged-body.ts';
import { gatewayFault, mayBeFlagged } from './gateway-fault.ts';
import { answerHeaders } from './headers.ts';
import { Intake, type IntakeOwner } from './intake.ts';
import { type Outcome, settle } from './settle.ts';

const NOTHING: readonly Buffer[] = [];
/** As on events: its call was answered by another attempt. */
const HEDGE_LOST = 'hedge.lost';

export class Attempt implements UpstreamHandler, IntakeOwner {
  readonly facts: AttemptFacts;
  readonly #deps: CallDeps;
  readonly #listener: AttemptListener;
  readonly #readyAtMs: number;
  /** The event as far as the start knows it. */
  readonly #started: string;
  readonly #intake: Intake;
  #control: UpstreamControl | undefined;
  #takeBackDeadline: (() => void) | undefined;
  /** Of a look at an answer that may be whole, or of giving the socket of a whole one up. */
  #takeBackLook: (() => void) | undefined;
  #headers: UpstreamHeaders = {};
  /** What of them is the client's. */
  #shown: UpstreamHeaders = {};
  #answer: Answer | undefined;
  /** Of an answer that may be about the request, although its status says that it is about us. */
  #flagged: FlaggedBody | undefined;
  #status: number | null = null;
  #sentAtMs = 0;
  #firstTokenAtMs: number | null = null;
  #endedAtMs: number | null = null;
  /** What waits until guardrails have judged it; null: the answer leaves as it comes. */
  readonly #judged: JudgedAnswer | null;
  /** Of what its client gets; null: none is made. */
  readonly #tape: Tape | null;
  /** Tokens of its input and output, where its usage is an estimate. */
  #counted: readonly number[] | null = null;
  /** What of its answer is not good enough for its cascade. */
  #short: Shortfall | null = null;
  #clientGone = false;
  /** While the answer is read on without a client. */
  #drain: Drain | undefined;
  #timedOut = false;
  /** Another attempt of its call has answered. */
  #hasLost = false;
  /** Its call had no time left: that says nothing of its provider. */
  #cutShort = false;
  /** Why it was not sent after all: its provider knows nothing of it. */
  #late: string | null = null;
  /** Nothing more will come of the provider's side. */
  #upstreamEnded = false;
  #finished = false;
  /** It ends when all of its answer is read, and counted if it must be. */
  #isEnding = false;

  /** @param readyAtMs performance.now() when nothing but this gateway kept it from being sent */
  constructor(deps: CallDeps, facts: AttemptFacts, listener: AttemptListener, readyAtMs: number) {
    this.#deps = deps;
    this.facts = facts;
    this.#listener = listener;
    this.#readyAtMs = readyAtMs;
    this.#intake = new Intake(this, deps.turns);
    this.#started = startedText(facts);
    this.#tape = facts.recording?.tape() ?? null;
    const judges = facts.guard?.judges;
    this.#judged = facts.guard && judges?.length ? new JudgedAnswer(facts.guard, judges) : null;
  }

  start(): void {
    const { attemptId } = this.facts;
    this.#deps.journal.submit({ op: 'started', attemptId, event: this.#started }, (error) => {
      // seam: started-durable-not-sent
      if (error === undefined) this.#dispatch();
      else this.#listener.onEnd({ ending: 'unrecorded', error });
    });
  }

  /** No bytes for now. */
  pause(): void {
    this.#intake.pause();
  }

  resume(): void {
    this.#intake.resume();
  }

  /** Something that the model generated has come. */
  get hasToken(): boolean {
    return this.#answer?.hasToken === true;
  }

  /** Its call has no time left. */
  timeOut(): void {
    this.#timedOut = true;
    this.#cutShort = !this.#finished;
    this.#control?.abort(new Error('the call took too long'));
  }

  /** Another attempt of its call has answered: what this one may be billed for stays charged. */
  lose(): void {
    if (this.#finished) return;
    this.#hasLost = true;
    this.clientLeft('abort');
  }

  get control(): UpstreamControl | undefined {
    return this.#control;
  }

  /**
   * Nobody wants the answer any more: it is read on within a bound, so that its usage is known, or
   * aborted.
   */
  clientLeft(policy: 'drain' | 'abort'): void {
    if (this.#finished) return;
    this.#clientGone = true;
    if (policy === 'abort') return this.#control?.abort(new Error('the client has gone'));
    this.#drain = new Drain(this.#deps, this.#answer?.tokensSeen ?? 0, () => {
      this.#control?.abort(new Error('its client has gone, and it went on for too long'));
    });
    this.#intake.resume();
  }

  /** The disk took its time, and a rate limit has another window by now. */
  async #countAgain(): Promise<void> {
    this.#late = await this.#listener.onLate();
    if (this.#late === null) return this.#dispatch();
    const cause = new Error('a rate limit was used up while the attempt was recorded');
    this.#finish('upstream_error', { kind: 'aborted', unsent: true, cause });
  }

  #dispatch(): void {
    const { request, deployment, attemptId, rates } = this.facts;
    this.#sentAtMs = performance.now();
    // seam: sent-in-the-window-it-counts-in
    if (rates !== null && !this.#clientGone && !rates.isCurrent()) return void this.#countAgain();
    if (this.#clientGone) {
      const cause = new Error('the client left before anything was sent');
      return this.#finish('client_closed', { kind: 'aborted', unsent: true, cause });
    }
    if (this.#timedOut) {
      const cause = new Error('its call had no time left when it was recorded');
      return this.#finish('timeout', { kind: 'aborted', unsent: true, cause });
    }
    this.#takeBackDeadline = this.#deps.deadlines.add(this.#sentAtMs, () => {
      this.#timedOut = true;
      this.#control?.abort(new Error('the attempt took too long'));
    });
    // seam: request-is-sent
    const { model, provider } = deployment;
    const sent = request.upstream(model, this.facts.imposedLimit, provider.asksForUsage);
    const headers = { 'x-client-request-id': attemptId, ...sent.headers };
    this.facts.trace?.sent(headers, this.#sentAtMs);
    const path = provider.pathOf?.(sent.path, model) ?? sent.path;
    const key = provider.keys?.take(this.#sentAtMs);
    this.facts.providerKey = key;
    const { upstream } = provider;
    this.#control = upstream.post(path, sent.body, headers, this, sent.auth, key?.index);
  }

  onHeaders(status: number, headers: UpstreamHeaders): void {
    // seam: upstream-accepted-nothing-relayed
    this.#status = status;
    // Its head and bytes are for us alone.
    if (gatewayFault(status) !== null) {
      if (!mayBeFlagged(status)) return;
      const { request } = this.facts;
      this.#flagged = new FlaggedBody((first) => request.answer(headers, this.#deps.limits, first));
      return;
    }
    this.#headers = headers;
    const { request } = this.facts;
    this.#shown = request.shownHeaders?.(headers) ?? headers;
    const waits = this.#judged !== null || !request.streams(headers);
    this.#listener.onHead(status, this.#shown, waits);
  }

  onData(chunk: Buffer, pieces?: number): void {
    this.#intake.push(chunk, pieces);
  }

  take(chunk: Buffer): void {
    // What comes behind the end of an answer is no part of it.
    if (this.#finished || this.#isEnding) return;
    const answer = this.#answer ?? this.#open(chunk);
    if (answer === undefined) return;
    // seam: mid-stream
    for (const bytes of answer.push(chunk)) this.#relay(bytes);
    if (this.#firstTokenAtMs === null && answer.hasToken) this.#firstTokenAtMs = performance.now();
    if (this.facts.request.stored?.inBackground === true)
      this.#deps.owned?.named(this.facts, answer);
    const { progress } = answer;
    if (progress === 'done') return this.#complete();
    if (progress === 'perhaps' && !this.#hasCome) this.#lookSoon(answer);
    this.#drain?.read(answer.tokensSeen);
  }

  #relay(bytes: Buffer): void {
    // seam: judged-answer-is-held
    if (this.#judged !== null) return this.#judged.hold(bytes);
    this.#tape?.add(bytes);
    this.#listener.onBytes(bytes);
  }

  onEnd(): void {
    this.#upstreamEnded = true;
    if (this.#intake.waits) return this.#intake.whenTaken(() => this.#complete());
    // seam: usage-seen-not-settled
    this.#complete();
  }

  onFailure(failure: UpstreamFailure): void {
    this.#upstreamEnded = true;
    if (this.#intake.waits) return this.#intake.whenTaken(() => this.#fail(failure));
    this.#fail(failure);
  }

  #fail(failure: UpstreamFailure): void {
    if (this.#finished) return this.#takeBackLook?.();
    if (this.#isAnswered()) return this.#complete();
    if (this.#timedOut || failure.kind === 'timeout') return this.#finish('timeout', failure);
    if (this.#clientGone) return this.#finish('client_closed', failure);
    this.#finish('upstream_error', failure);
  }

  get #isAnswerForClient(): boolean {
    return this.#status !== null && gatewayFault(this.#status) === null;
  }

  /** What reads the answer is known by its first bytes; blank lines before them leave as they come. */
  #open(first: Buffer): Answer | undefined {
    if (!this.#isAnswerForClient) {
      this.#flagged?.push(first);
      return undefined;
    }
    if (isBlank(first)) {
      this.#relay(first);
      return undefined;
    }
    this.#answer = this.#read(first);
    return this.#answer;
  }

  #read(first?: Buffer): Answer {
    const { request, deployment } = this.facts;
    const { asksForUsage } = deployment.provider;
    return request.answer(this.#headers, this.#deps.limits, first, asksForUsage, this.#status);
  }

  /**
   * The provider has said all, although its connection broke: the answer is whole by what it says
   * itself, or it is a refusal that is not billed, and its status says enough. Not so an error of its
   * own: whether that is billed depends on what it says.
   */
  #isAnswered(): boolean {
    const status = this.#status;
    const { notBilledStatuses } = this.facts.deployment.provider;
    if (status !== null && status < 500 && notBilledStatuses.has(status)) return true;
    return this.#answer?.isWhole() === true;
  }

  /** All that its head has announced: its end comes with it. */
  get #hasCome(): boolean {
    return Number(this.#headers['content-length']) === this.#intake.bytes;
  }

  /** The answer may be whole: if the connection does not say so soon, it is asked itself. */
  #lookSoon(answer: Answer): void {
    this.#takeBackLook ??= this.#deps.lingers.add(performance.now(), () => {
      this.#takeBackLook = undefined;
      if (answer.isWhole()) this.#complete();
    });
  }

  #complete(): void {
    this.#finish(this.#clientGone ? 'client_closed' : this.#completeStatus(), null);
  }

  /** The answer has ended before its connection: that is given up unless it ends soon. */
  #giveUpSoon(): void {
    const control = this.#control;
    this.#intake.resume();
    this.#takeBackLook = this.#deps.lingers.add(performance.now(), () => {
      control?.abort(new Error('the answer ended and its connection did not'));
    });
  }

  #completeStatus(): UsageStatus {
    return this.#status !== null && this.#status < 300 ? 'ok' : 'upstream_error';
  }

  #overheadUs(endedAtMs: number): number {
    const beforeMs = this.#sentAtMs - this.#readyAtMs;
    const afterMs = performance.now() - endedAtMs;
    return Math.max(0, Math.round((beforeMs + afterMs) * 1000));
  }

  /** To settle an answer may take as long as to read it: what is more than a part waits for its turn. */
  #mustWait(nowMs: number): boolean {
    const { turns } = this.#deps;
    if (turns.isOver || (turns.isSpent && !this.#intake.isSmall)) return true;
    const hasMore = this.#answer?.readOn() === true;
    turns.spend(performance.now() - nowMs);
    return hasMore;
  }

  #finish(status: UsageStatus, failure: UpstreamFailure | null): void {
    this.#takeBackLook?.();
    if (this.#finished || this.#isEnding) return;
    const nowMs = performance.now();
    if (this.#mustWait(nowMs)) {
      this.#isEnding = true;
      return this.#deps.turns.wait(() => {
        this.#isEnding = false;
        this.#finish(status, failure);
      });
    }
    this.#endedAtMs ??= nowMs;
    const endedAtMs = this.#endedAtMs;
    // Of an answer without a body.
    if (this.#isAnswerForClient) this.#answer ??= this.#read();
    const gaveUpAt = this.#drain?.reached ?? null;
    if (this.#judged?.isPending === true && this.#isForClient(failure)) {
      return this.#judgeFirst(this.#judged);
    }
    const fault = status === 'ok' ? (this.#answer?.fault() ?? null) : null;
    const outcome: Outcome = {
      status,
      httpStatus: this.#status,
      // seam: given-up-is-not-unsent
      unsent: failure?.unsent ?? false,
      completed: failure === null,
      givenUp: failure !== null && gaveUpAt !== null,
      answer: this.#answer,
    };
    // seam: attempt-is-settled
    const settlement = settle(this.facts, outcome, this.#counted);
    if ('uncounted' in settlement) return this.#countFirst(settlement.uncounted, status, failure);
    this.#short = status === 'ok' && fault === null ? this.#shortfall() : null;
    this.#finished = true;
    this.facts.providerKey?.ended(this.#keyAnswer(), nowMs);
    this.#takeBackDeadline?.();
    this.#drain?.end();
    const firstTokenAtMs = this.#firstTokenAtMs;
    const event: AttemptOutcome = {
      ...settlement.usage,
      status: fault === null ? status : 'upstream_error',
      http_status: this.#status,
      error_type:
        this.#late ??
        (status === 'client_closed' && this.#hasLost ? HEDGE_LOST : null) ??
        (status === 'timeout' && this.#cutShort ? CALL_DEADLINE : null) ??
        this.#judged?.note ??
        (this.#flagged?.isFlagged === true ? FLAGGED : null) ??
        errorTypeOf(this.#status, failure, fault, gaveUpAt) ??
        settlement.note ??
        (this.#short === null ? null : `cascade.${this.#short}`),
      latency_ms: roundMs(endedAtMs - this.#sentAtMs),
      ttft_ms: firstTokenAtMs === null ? null : roundMs(firstTokenAtMs - this.#sentAtMs),
      overhead_us: this.#overheadUs(endedAtMs),
      recorded_at: timeText(Date.now()),
    };
    const { attemptId, key } = this.facts;
    const holds = settlement.proven;
    const started = holds === null ? this.#started : startedText({ ...this.facts, holds });
    const text = finishedText(started, event);
    // Along with the record: its client is to find what its answer names.
    const kept = this.#deps.owned?.keep(this.facts, this.#answer) ?? null;
    // seam: charge-is-submitted
    this.#deps.journal.submit(
      {
        op: 'finished',
        attemptId,
        partition: key.partition,
        event: text,
        charges: settlement.charges,
      },
      (error) => {
        if (error !== undefined) return this.#listener.onEnd({ ending: 'unrecorded', error });
        if (!this.#upstreamEnded) this.#giveUpSoon();
        // seam: settled-durable-hold-not-released
        settlement.release();
        this.facts.rates?.settle(event);
        this.facts.trace?.settled(this.facts, event);
        // Its own: another attempt of the call may have got another one.
        this.facts.answer = this.#answer;
        if (this.#late === null) this.#deps.onSettled(this.facts, event, settlement, failure);
        // seam: settled-last-byte-not-sent
        const begun = this.#deps.owned?.begin(this.facts, this.#answer, event, text) ?? kept;
        if (begun === null) this.#conclude(event, failure);
        else void Promise.all([kept, begun]).then(() => this.#conclude(event, failure));
      },
    );
  }

  #keyAnswer(): KeyAnswer {
    return {
      status: this.#status,
      isAboutRequest: this.#flagged?.isFlagged === true,
      retryAfterMs: retryAfterMs(this.#headers, Date.now()),
    };
  }

  /** What a guardrail keeps from the client is not judged: no other candidate may answer it. */
  #shortfall(): Shortfall | null {
    const { cascade, imposedLimit } = this.facts;
    if (cascade === undefined || this.#answer === undefined) return null;
    return this.#judged?.refusal ? null : cascade.judge(this.#answer, imposedLimit);
  }

  /** It is whole, and its client gets it: now, or when the call comes again. */
  #isForClient(failure: UpstreamFailure | null): boolean {
    if (failure !== null || this.#completeStatus() !== 'ok') return false;
    return !this.#clientGone || this.#tape !== null;
  }

  /** Whatever guardrails say of a whole answer, it is settled and recorded next. */
  #judgeFirst(judged: JudgedAnswer): void {
    const { callId, request } = this.facts;
    const answer = this.#answer as Answer;
    this.#isEnding = true;
    const text = answer.outputText();
    for (const bytes of answer.end()) judged.hold(bytes);
    const status = this.#status ?? 0;
    const whole = { callId, call: request, status, headers: this.#shown, text };
    void judged.judge(whole).then(() => {
      this.#isEnding = false;
      this.#finish(this.#clientGone ? 'client_closed' : 'ok', null);
    });
  }

  /** An estimate needs the tokens of what went to and fro; they are counted elsewhere. */
  #countFirst(
    texts: readonly string[],
    status: UsageStatus,
    failure: UpstreamFailure | null,
  ): void {
    this.#isEnding = true;
    this.#deps.tokens.count(texts, (counted) => {
      this.#counted = counted;
      this.#isEnding = false;
      this.#finish(status, failure);
    });
  }

  #ending(status: UsageStatus, failure: UpstreamFailure | null): AttemptEnding {
    if (this.#flagged?.isFlagged === true) return 'flagged';
    return gatewayFault(this.#status) ?? endingOf(status, failure);
  }

  /** The record is durable: the last bytes may leave. */
  #conclude(outcome: AttemptOutcome, failure: UpstreamFailure | null): void {
    const last = this.#judged?.isPending === false ? NOTHING : (this.#answer?.end() ?? NOTHING);
    const end = {
      ending: this.#ending(outcome.status, failure),
      outcome,
      overheadUs: this.#overheadUs(performance.now()),
      last: this.#judged === null ? last : [...this.#judged.release(), ...last],
      blocked: this.#judged?.refusal ?? this.#answer?.untold?.() ?? null,
      short: this.#short,
      answer: this.#answer,
    };
    if (this.#tape !== null) {
      const { facts } = this;
      const head = answerHeaders(this.#shown, {
        facts,
        cost: null,
        overheadUs: null,
        attempts: null,
      });
      this.#tape.ended(end, head);
    }
    this.#listener.onEnd(end);
  }
}
