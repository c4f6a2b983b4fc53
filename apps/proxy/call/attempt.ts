/**
 * One attempt: from the durable start record to the last byte (design §7.6–§7.8).
 *
 * I1: nothing is dispatched before `started` is durable. I9: the last byte leaves after `finished`
 * is. I3: what the provider did not state is charged at the hold; a hold is freed only when its
 * charge is durable, or the attempt is known to be unbilled. I11: bytes pass as they came.
 */
import type { ServerResponse } from 'node:http';
import type {
  UpstreamControl,
  UpstreamFailure,
  UpstreamHandler,
  UpstreamHeaders,
} from '@tollgate/adapters/provider/upstream.ts';
import type { UsageStatus } from '@tollgate/domain/usage/usage-event.ts';
import { errorCatalogue, errorHeaders, openAiErrorBody, type Refusal } from '../errors.ts';
import { type Answer, HeldAnswer, StreamedAnswer } from './answer.ts';
import {
  type AttemptFacts,
  type AttemptOutcome,
  finishedJson,
  startedJson,
} from './attempt-event.ts';
import type { CallDeps } from './call-deps.ts';
import { answerHeaders } from './headers.ts';
import { upstreamBody } from './request.ts';
import { type Outcome, settle } from './settle.ts';

const PATHS = { 'chat.completions': '/chat/completions', embeddings: '/embeddings' } as const;

/** Answers up to this are copied into one write with their head; above it copying costs more. */
const ONE_WRITE_BYTES_MAX = 16 * 1024;

export type AttemptOptions = {
  deps: CallDeps;
  facts: AttemptFacts;
  response: ServerResponse;
  /** performance.now() when the request had arrived. */
  arrivedAtMs: number;
  onDone: () => void;
};

export class Attempt implements UpstreamHandler {
  readonly #deps: CallDeps;
  readonly #facts: AttemptFacts;
  readonly #response: ServerResponse;
  readonly #arrivedAtMs: number;
  readonly #onDone: () => void;
  /** The event as far as the start knows it. */
  readonly #started: string;
  #control: UpstreamControl | undefined;
  #takeBackDeadline: (() => void) | undefined;
  #stallTimer: NodeJS.Timeout | undefined;
  #answer: Answer | undefined;
  #status: number | null = null;
  #headers: UpstreamHeaders = {};
  #sentAtMs = 0;
  #firstByteAtMs: number | null = null;
  #clientGone = false;
  #timedOut = false;
  #finished = false;

  constructor(options: AttemptOptions) {
    this.#deps = options.deps;
    this.#facts = options.facts;
    this.#response = options.response;
    this.#arrivedAtMs = options.arrivedAtMs;
    this.#onDone = options.onDone;
    this.#started = startedJson(options.facts);
  }

  start(): void {
    this.#response.on('close', () => this.#onClientClose());
    const { attemptId } = this.#facts;
    this.#deps.journal.submit({ op: 'started', attemptId, event: this.#started }, (error) => {
      // seam: started-durable-not-sent
      if (error === undefined) this.#dispatch();
      else this.#abandon(error);
    });
  }

  /** Client gone before the answer was complete: by the key's policy (design §7.8). */
  #onClientClose(): void {
    if (this.#response.writableFinished || this.#finished) return;
    this.#clientGone = true;
    clearTimeout(this.#stallTimer);
    if (this.#facts.key.onDisconnect === 'abort') {
      this.#control?.abort(new Error('the client has gone'));
    } else {
      this.#control?.resume();
    }
  }

  #dispatch(): void {
    const { request, deployment, attemptId } = this.#facts;
    this.#sentAtMs = performance.now();
    if (this.#clientGone) {
      const cause = new Error('the client left before anything was sent');
      return this.#finish('client_closed', { kind: 'aborted', unsent: true, cause });
    }
    this.#takeBackDeadline = this.#deps.deadlines.add(this.#sentAtMs, () => {
      this.#timedOut = true;
      this.#control?.abort(new Error('the attempt took too long'));
    });
    // seam: request-is-sent
    const body = upstreamBody(request, deployment.model);
    const headers = {
      'x-client-request-id': attemptId,
      accept: request.stream ? 'text/event-stream' : 'application/json',
    };
    this.#control = deployment.provider.upstream.post(PATHS[request.endpoint], body, headers, this);
  }

  onHeaders(status: number, headers: UpstreamHeaders): void {
    // seam: upstream-accepted-nothing-relayed
    this.#status = status;
    this.#headers = headers;
    const { limits } = this.#deps;
    const { request } = this.#facts;
    const type = String(headers['content-type'] ?? '').toLowerCase();
    const isStream = type.startsWith('text/event-stream');
    if (!isStream) {
      this.#answer = new HeldAnswer(limits.heldAnswerBytesMax, limits.answerTailBytes);
      return;
    }
    this.#answer = new StreamedAnswer({
      stripInjectedUsage: request.stream && !request.wantsUsageChunk,
      eventBytesMax: limits.sseEventBytesMax,
      textBytesMax: limits.estimateTextBytesMax,
    });
    this.#writeHead(null);
  }

  onData(chunk: Buffer): void {
    this.#firstByteAtMs ??= performance.now();
    // seam: mid-stream
    for (const bytes of this.#answer?.push(chunk) ?? []) this.#send(bytes);
  }

  onEnd(): void {
    // seam: usage-seen-not-settled
    this.#finish(this.#clientGone ? 'client_closed' : this.#completeStatus(), null);
  }

  onFailure(failure: UpstreamFailure): void {
    if (this.#timedOut || failure.kind === 'timeout') return this.#finish('timeout', failure);
    if (this.#clientGone) return this.#finish('client_closed', failure);
    this.#finish('upstream_error', failure);
  }

  #completeStatus(): UsageStatus {
    return this.#status !== null && this.#status < 400 ? 'ok' : 'upstream_error';
  }

  #send(bytes: Buffer): void {
    if (this.#clientGone || bytes.length === 0) return;
    const response = this.#response;
    if (!response.headersSent) this.#writeHead(null);
    response.write(bytes);
    if (response.writableLength <= this.#deps.limits.clientBufferBytesMax) return;
    // A slow client slows its provider down; one that reads nothing at all is gone.
    if (this.#stallTimer !== undefined) return;
    this.#control?.pause();
    this.#stallTimer = setTimeout(() => response.destroy(), this.#deps.limits.clientStallTimeoutMs);
    response.once('drain', () => {
      clearTimeout(this.#stallTimer);
      this.#stallTimer = undefined;
      this.#control?.resume();
    });
  }

  #writeHead(cost: string | null, contentLength?: number): void {
    if (this.#clientGone || this.#response.headersSent) return;
    const overheadUs = cost === null ? null : this.#overheadUs(performance.now());
    const headers = answerHeaders(this.#headers, { facts: this.#facts, cost, overheadUs });
    if (contentLength !== undefined) headers['content-length'] = contentLength;
    this.#response.writeHead(this.#status ?? 502, headers);
  }

  #overheadUs(endedAtMs: number): number {
    const beforeMs = this.#sentAtMs - this.#arrivedAtMs;
    const afterMs = performance.now() - endedAtMs;
    return Math.max(0, Math.round((beforeMs + afterMs) * 1000));
  }

  #finish(status: UsageStatus, failure: UpstreamFailure | null): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#takeBackDeadline?.();
    clearTimeout(this.#stallTimer);
    const endedAtMs = performance.now();
    const outcome: Outcome = {
      status,
      httpStatus: this.#status,
      unsent: failure?.unsent ?? false,
      completed: failure === null,
      answer: this.#answer,
    };
    // seam: attempt-is-settled
    const settlement = settle(this.#facts, outcome);
    const firstByteAtMs = this.#firstByteAtMs;
    const event: AttemptOutcome = {
      ...settlement.usage,
      status,
      http_status: this.#status,
      error_type: failure === null ? null : `upstream_${failure.kind}`,
      latency_ms: roundMs(endedAtMs - this.#sentAtMs),
      ttft_ms: firstByteAtMs === null ? null : roundMs(firstByteAtMs - this.#sentAtMs),
      overhead_us: this.#overheadUs(endedAtMs),
      recorded_at: new Date().toISOString(),
    };
    const { attemptId, key } = this.#facts;
    // seam: charge-is-submitted
    this.#deps.journal.submit(
      {
        op: 'finished',
        attemptId,
        partition: key.partition,
        event: finishedJson(this.#started, event),
        charges: settlement.charges.map(({ lease, amount }) => ({
          leaseId: lease.leaseId,
          amount,
        })),
      },
      (error) => {
        if (error !== undefined) return this.#abandon(error);
        // seam: settled-durable-hold-not-released
        settlement.release();
        this.#deps.onSettled(this.#facts.deployment.provider.name, event, settlement.overruns);
        // seam: settled-last-byte-not-sent
        this.#conclude(event, failure);
      },
    );
  }

  /** The record is durable: the last bytes may leave. */
  #conclude(event: AttemptOutcome, failure: UpstreamFailure | null): void {
    this.#onDone();
    if (this.#clientGone) return;
    const response = this.#response;
    if (failure !== null) {
      if (response.headersSent) response.destroy();
      else this.#refuse(refusalOf(failure, this.#timedOut));
      return;
    }
    const last = this.#answer?.end() ?? [];
    if (!response.headersSent) {
      const length = last.reduce((sum, bytes) => sum + bytes.length, 0);
      this.#writeHead(event.cost, length);
      if (length <= ONE_WRITE_BYTES_MAX) {
        // As text of bytes, the body leaves in one write with the head: a system call less.
        response.end(Buffer.concat(last, length).toString('latin1'), 'latin1');
        return;
      }
    }
    for (const bytes of last) if (bytes.length > 0) response.write(bytes);
    response.end();
  }

  #refuse(refusal: Refusal): void {
    const { status } = errorCatalogue[refusal.code];
    this.#response.writeHead(status, {
      ...answerHeaders({}, { facts: this.#facts, cost: null, overheadUs: null }),
      ...errorHeaders(refusal),
    });
    this.#response.end(openAiErrorBody(refusal));
  }

  /** The journal has failed: nothing more may leave; the process ends and is taken over. */
  #abandon(error: Error): void {
    this.#onDone();
    this.#deps.onJournalFailure(error);
    this.#response.destroy();
  }
}

function roundMs(ms: number): number {
  return Math.max(0, Math.round(ms * 1000) / 1000);
}

function refusalOf(failure: UpstreamFailure, timedOut: boolean): Refusal {
  if (timedOut || failure.kind === 'timeout') return { code: 'upstream_timeout' };
  return { code: failure.unsent ? 'upstream_unreachable' : 'upstream_failed' };
}
