/**
 * The trace of one call while it runs: ids, times, and what its attempts came to. Nothing but that is
 * kept, so no body, header or secret can reach a span (I12); the spans are made in another thread, of
 * calls that have ended, whose records are durable by then.
 */
import { randomFillSync } from 'node:crypto';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { type RemoteParent, traceParentText } from './trace-context.ts';

/** A request to a provider, as its span tells it. Times are Unix ms. */
export type AttemptRecord = {
  spanId: string;
  attemptId: string;
  attempt: number;
  provider: string;
  /** The model's name there. */
  model: string;
  startMs: number;
  endMs: number;
  outcome: AttemptOutcome;
};

/** A call that has ended, as its spans tell it. Plain values: it goes to another thread. */
export type CallRecord = {
  traceId: string;
  spanId: string;
  parentId: string | null;
  state: string | null;
  startMs: number;
  endMs: number;
  callId: string;
  keyId: string;
  customerId: string;
  teamId: string | null;
  endpoint: string;
  path: string;
  model: string | null;
  stream: boolean;
  httpStatus: number | null;
  refusal: string | null;
  attempts: readonly AttemptRecord[];
};

/** What a call knows of itself when it has ended, as far as it is told here. */
type EndedCall = {
  key: { keyId: string; customerId: string; teamId: string | null };
  endpoint: { name: string; path: string };
  request: { model: string; stream: boolean } | null;
  callId: string;
  /** performance.now() */
  arrivedAtMs: number;
};

/** The same of an attempt. */
type SettledAttempt = {
  attemptId: string;
  attempt: number;
  deployment: { provider: { name: string }; model: string };
};

/** Where the records of calls go, and what is said to providers. */
export type TraceOwner = {
  toProviders: boolean;
  instanceId: string;
  add(record: CallRecord): void;
};

export class CallTrace {
  readonly owner: TraceOwner;
  readonly traceId: string;
  readonly state: string | null;
  readonly sampled: boolean;
  readonly #spanId: string;
  readonly #parentId: string | null;
  /** From performance.now() to Unix ms, for as long as this call runs. */
  readonly #epochMs: number;
  readonly #attempts: AttemptRecord[] = [];

  constructor(owner: TraceOwner, traceId: string, sampled: boolean, parent: RemoteParent | null) {
    this.owner = owner;
    this.traceId = traceId;
    this.sampled = sampled;
    this.state = parent?.state ?? null;
    this.#parentId = parent?.spanId ?? null;
    this.#spanId = newSpanId();
    this.#epochMs = Date.now() - performance.now();
  }

  attempt(): AttemptTrace {
    return new AttemptTrace(this);
  }

  /** @param at performance.now() */
  epochMs(at: number): number {
    return this.#epochMs + at;
  }

  addAttempt(record: AttemptRecord): void {
    this.#attempts.push(record);
  }

  /** The last byte is handed over, or was never to come. */
  ended(facts: EndedCall, end: Pick<CallRecord, 'httpStatus' | 'refusal'>): void {
    // seam: sampling-decision-is-kept
    if (!this.sampled) return;
    const { key, endpoint, request, callId, arrivedAtMs } = facts;
    this.owner.add({
      traceId: this.traceId,
      spanId: this.#spanId,
      parentId: this.#parentId,
      state: this.state,
      startMs: this.epochMs(arrivedAtMs),
      endMs: this.epochMs(performance.now()),
      callId,
      keyId: key.keyId,
      customerId: key.customerId,
      teamId: key.teamId,
      endpoint: endpoint.name,
      path: endpoint.path,
      model: request?.model ?? null,
      stream: request?.stream ?? false,
      httpStatus: end.httpStatus,
      // seam: span-of-a-call-has-no-text
      refusal: end.refusal,
      attempts: this.#attempts,
    });
  }
}

export class AttemptTrace {
  readonly #call: CallTrace;
  readonly #spanId = newSpanId();
  /** performance.now(); NaN: it never was. */
  #sentAtMs = Number.NaN;

  constructor(call: CallTrace) {
    this.#call = call;
  }

  /** It leaves now. @param headers get those of the trace */
  sent(headers: Record<string, string>, atMs: number): void {
    const { owner, traceId, sampled, state } = this.#call;
    this.#sentAtMs = atMs;
    if (!owner.toProviders) return;
    // seam: trace-goes-on-at-the-provider
    headers['traceparent'] = traceParentText(traceId, this.#spanId, sampled);
    if (state !== null) headers['tracestate'] = state;
  }

  /** Its record is durable. What was never sent has no span. */
  settled(facts: SettledAttempt, outcome: AttemptOutcome): void {
    if (!this.#call.sampled || Number.isNaN(this.#sentAtMs)) return;
    const startMs = this.#call.epochMs(this.#sentAtMs);
    this.#call.addAttempt({
      spanId: this.#spanId,
      attemptId: facts.attemptId,
      attempt: facts.attempt,
      provider: facts.deployment.provider.name,
      model: facts.deployment.model,
      startMs,
      endMs: startMs + (outcome.latency_ms ?? 0),
      outcome,
    });
  }
}

/** Bytes of a span's id; a trace's has twice as many. */
const ID_BYTES = 8;
/** Randomness for so many ids at once, so that an id costs no system call. */
const pool = Buffer.alloc(512 * ID_BYTES);
let used = pool.length;

function newSpanId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += ID_BYTES;
  return pool.toString('hex', used - ID_BYTES, used);
}

export function newTraceId(): string {
  return newSpanId() + newSpanId();
}
