/**
 * Traces of calls, off their path: a call notes ids and times, and when it has ended its record waits
 * here for a thread that makes spans of it and sends them. What has no room is dropped and counted; a
 * collector that is slow, wrong or away costs spans and nothing else.
 */
import { OrderThread } from '@tollgate/adapters/process/order-thread.ts';
import type { OtlpSettings, Sent } from '@tollgate/adapters/tracing/otlp-sender.ts';
import type { TracedProviders } from './call-spans.ts';
import { type CallRecord, CallTrace, newTraceId, type TraceOwner } from './call-trace.ts';
import { remoteParent } from './trace-context.ts';

export type TracingLimits = {
  traceGatherMs: number;
  traceCallsMax: number;
  traceBatchMax: number;
  traceSendTimeoutMs: number;
  traceHeapMib: number;
  traceCloseMs: number;
  traceLostEveryMs: number;
};

export type TracingSettings = {
  otlp: OtlpSettings;
  /** Of traces that begin here. */
  sampleRatio: number;
  /** Whether a client's own decision is kept. */
  keepsDecisions: boolean;
  toProviders: boolean;
  providers: TracedProviders;
  /** What the exporter reads: OpenTelemetry's variables, and no other. */
  environment: Readonly<Record<string, string>>;
};

/** What the thread is given at its start, and what it is asked. */
export type SenderSettings = { otlp: OtlpSettings; providers: TracedProviders };
export type TraceOrder = { calls: readonly CallRecord[] };

type Logger = { warn(fields: object, message: string): void };

export class Tracing implements TraceOwner {
  readonly toProviders: boolean;
  readonly instanceId: string;
  readonly #settings: TracingSettings;
  readonly #limits: TracingLimits;
  readonly #logger: Logger;
  readonly #thread: OrderThread<TraceOrder, Sent>;
  #waiting: CallRecord[] = [];
  #isBusy = false;
  #isClosing = false;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void) | undefined;
  #lost = 0;
  #lostSaidAtMs = Number.NEGATIVE_INFINITY;
  /** Spans that the collector has, and those that it never will. */
  sent = 0;
  dropped = 0;

  constructor(
    settings: TracingSettings,
    instanceId: string,
    limits: TracingLimits,
    logger: Logger,
  ) {
    this.toProviders = settings.toProviders;
    this.instanceId = instanceId;
    this.#settings = settings;
    this.#limits = limits;
    this.#logger = logger;
    const { otlp, providers, environment } = settings;
    const resource = { 'service.instance.id': instanceId, ...otlp.resource };
    const given: SenderSettings = { otlp: { ...otlp, resource }, providers };
    this.#thread = new OrderThread(
      new URL('./trace-sender-main.ts', import.meta.url),
      { timeoutMs: limits.traceSendTimeoutMs, heapMib: limits.traceHeapMib },
      { workerData: given, env: { ...environment } },
    );
  }

  /** The trace of a call that has arrived. */
  open(headers: Readonly<Record<string, string | string[] | undefined>>): CallTrace {
    const parent = remoteParent(headers);
    if (parent === null) return new CallTrace(this, newTraceId(), this.#isSampled(), null);
    const sampled = this.#settings.keepsDecisions ? parent.sampled : this.#isSampled();
    return new CallTrace(this, parent.traceId, sampled, parent);
  }

  add(record: CallRecord): void {
    const { traceCallsMax, traceBatchMax, traceGatherMs } = this.#limits;
    // seam: traces-that-wait-are-bounded
    if (this.#waiting.length >= traceCallsMax) return this.#drop(spansIn(record), 'full');
    this.#waiting.push(record);
    if (this.#isBusy) return;
    if (this.#waiting.length >= traceBatchMax) return void this.#send();
    this.#timer ??= setTimeout(() => void this.#send(), traceGatherMs);
  }

  /** Sends what waits, within a bound; what is left then is dropped. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (!this.#isBusy) void this.#send();
    if (this.#isBusy) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#idle = resolve;
      const late = setTimeout(resolve, this.#limits.traceCloseMs);
      await promise;
      clearTimeout(late);
    }
    await this.#thread.close();
    this.dropped += spansOfAll(this.#waiting);
    this.#waiting = [];
  }

  #isSampled(): boolean {
    const { sampleRatio } = this.#settings;
    return sampleRatio >= 1 || Math.random() < sampleRatio;
  }

  /** Batch after batch while one is full: a burst does not wait for the next timer. */
  async #send(): Promise<void> {
    const { traceBatchMax, traceGatherMs } = this.#limits;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isBusy = true;
    do {
      const calls = this.#waiting.splice(0, traceBatchMax);
      if (calls.length > 0) await this.#sendBatch(calls);
    } while (this.#waiting.length >= (this.#isClosing ? 1 : traceBatchMax));
    this.#isBusy = false;
    if (this.#waiting.length > 0) {
      this.#timer = setTimeout(() => void this.#send(), traceGatherMs);
    }
    this.#idle?.();
  }

  async #sendBatch(calls: readonly CallRecord[]): Promise<void> {
    const answer = await this.#thread.ask({ calls });
    if (answer === null) return this.#drop(spansOfAll(calls), 'thread');
    this.sent += answer.sent;
    if (answer.failed > 0) this.#drop(answer.failed, answer.error);
  }

  #drop(spans: number, code: string | null): void {
    this.dropped += spans;
    this.#lost += spans;
    const nowMs = performance.now();
    if (nowMs - this.#lostSaidAtMs < this.#limits.traceLostEveryMs) return;
    this.#lostSaidAtMs = nowMs;
    this.#logger.warn({ spans: this.#lost, code }, 'spans are lost');
    this.#lost = 0;
  }
}

function spansOfAll(calls: readonly CallRecord[]): number {
  return calls.reduce((sum, call) => sum + spansIn(call), 0);
}

function spansIn({ attempts }: CallRecord): number {
  return 1 + attempts.length;
}
