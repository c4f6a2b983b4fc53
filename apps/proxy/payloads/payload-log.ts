/**
 * What calls of keys that opted in, and their answers, say, on its way to a store of its own. It is off
 * by default, and a failure of it is none of the call's: what has no room or cannot be written is lost
 * and counted. Redaction and writing are in a thread, which a pattern that takes too long ends alone.
 */
import type { PayloadSettings } from '@tollgate/adapters/config/payload-settings.ts';
import type { RawPayload } from '@tollgate/adapters/payloads/payloads.ts';
import { OrderThread } from '@tollgate/adapters/process/order-thread.ts';

export type PayloadLogLimits = {
  payloadGatherMs: number;
  payloadBodyBytesMax: number;
  payloadBytesMax: number;
  payloadBatchMax: number;
  payloadWriteTimeoutMs: number;
  payloadHeapMib: number;
  payloadCloseMs: number;
  payloadLostEveryMs: number;
};

export type PayloadOrder = { payloads: readonly RawPayload[] };
export type PayloadAnswer = { stored: number };

type Logger = { warn(fields: object, message: string): void };

/** What a call knows of itself when it has ended. */
type EndedCall = {
  key: { keyId: string; customerId: string; teamId: string | null };
  endpoint: { name: string };
  request: { model: string; body: Buffer } | null;
  callId: string;
  nowMs: number;
};

export class PayloadLog {
  readonly #limits: PayloadLogLimits;
  readonly #logger: Logger;
  readonly #thread: OrderThread<PayloadOrder, PayloadAnswer>;
  #waiting: RawPayload[] = [];
  /** Of answers that come in and of what waits. */
  #bytes = 0;
  #isBusy = false;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void) | undefined;
  #isClosing = false;
  #lost = 0;
  #lostSaidAtMs = Number.NEGATIVE_INFINITY;
  /** Calls. */
  stored = 0;
  dropped = 0;

  constructor(settings: PayloadSettings, limits: PayloadLogLimits, logger: Logger) {
    this.#limits = limits;
    this.#logger = logger;
    this.#thread = new OrderThread(
      new URL('./payload-writer-main.ts', import.meta.url),
      { timeoutMs: limits.payloadWriteTimeoutMs, heapMib: limits.payloadHeapMib },
      { workerData: settings, env: {} },
    );
  }

  /** Of a call whose key has opted in. */
  open(): CallPayload {
    return new CallPayload(this, this.#limits.payloadBodyBytesMax);
  }

  /** Room for so many bytes; false: there is none. */
  take(bytes: number): boolean {
    // seam: payloads-in-memory-are-bounded
    if (this.#bytes + bytes > this.#limits.payloadBytesMax) return false;
    this.#bytes += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** @param payload its bytes are taken already; null: they had no room */
  add(payload: RawPayload | null): void {
    if (payload === null) return this.#drop(1, 'full');
    this.#waiting.push(payload);
    if (this.#isBusy) return;
    this.#timer ??= setTimeout(() => void this.#write(), this.#limits.payloadGatherMs);
  }

  /** Writes what waits, within a bound. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (!this.#isBusy) void this.#write();
    if (this.#isBusy) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#idle = resolve;
      const late = setTimeout(resolve, this.#limits.payloadCloseMs);
      await promise;
      clearTimeout(late);
    }
    await this.#thread.close();
    this.dropped += this.#waiting.length;
    this.#waiting = [];
  }

  async #write(): Promise<void> {
    const { payloadBatchMax, payloadGatherMs } = this.#limits;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isBusy = true;
    do {
      const payloads = this.#waiting.splice(0, payloadBatchMax);
      if (payloads.length > 0) await this.#writeBatch(payloads);
    } while (this.#waiting.length >= (this.#isClosing ? 1 : payloadBatchMax));
    this.#isBusy = false;
    if (this.#waiting.length > 0) {
      this.#timer = setTimeout(() => void this.#write(), payloadGatherMs);
    }
    this.#idle?.();
  }

  async #writeBatch(payloads: readonly RawPayload[]): Promise<void> {
    const bodies = payloads.flatMap(({ request, answer }) => [request, answer]);
    const buffers = bodies.flatMap((body) => (body === null ? [] : [body]));
    const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
    const moved = buffers.map(({ buffer }) => buffer as ArrayBuffer);
    const written = await this.#thread.ask({ payloads }, moved);
    this.giveBack(bytes);
    if (written === null) this.#drop(payloads.length, 'store');
    else this.stored += written.stored;
  }

  #drop(calls: number, code: string): void {
    this.dropped += calls;
    this.#lost += calls;
    const nowMs = performance.now();
    if (nowMs - this.#lostSaidAtMs < this.#limits.payloadLostEveryMs) return;
    this.#lostSaidAtMs = nowMs;
    this.#logger.warn({ calls: this.#lost, code }, 'payloads of calls are lost');
    this.#lost = 0;
  }
}

/** The answer of one call, while it comes in. */
export class CallPayload {
  readonly #log: PayloadLog;
  readonly #bytesMax: number;
  #chunks: Buffer[] = [];
  #length = 0;
  #state: 'open' | 'too_large' | 'full' = 'open';

  constructor(log: PayloadLog, bytesMax: number) {
    this.#log = log;
    this.#bytesMax = bytesMax;
  }

  /** What leaves for the client. */
  take(bytes: Buffer): void {
    if (this.#state !== 'open') return;
    if (this.#length + bytes.length > this.#bytesMax) return this.#giveUp('too_large');
    if (!this.#log.take(bytes.length)) return this.#giveUp('full');
    this.#length += bytes.length;
    // A copy: the chunk is a part of what its socket has read.
    this.#chunks.push(Buffer.from(bytes));
  }

  /** Its record is durable, and its last byte is handed over. */
  ended({ key, endpoint, request, callId, nowMs }: EndedCall, httpStatus: number | null): void {
    if (request === null) return this.#giveUp('full');
    const { model, body } = request;
    const isSmall = body.length <= this.#bytesMax;
    if (this.#state === 'full' || (isSmall && !this.#log.take(body.length))) {
      this.#giveUp('full');
      return this.#log.add(null);
    }
    this.#log.add({
      ...{ callId, keyId: key.keyId, customerId: key.customerId, teamId: key.teamId },
      ...{ timeMs: nowMs, endpoint: endpoint.name, model, httpStatus },
      request: isSmall ? new Uint8Array(body) : null,
      answer: this.#state === 'open' ? joined(this.#chunks, this.#length) : null,
    });
    this.#chunks = [];
  }

  #giveUp(state: 'too_large' | 'full'): void {
    this.#log.giveBack(this.#length);
    this.#state = state;
    this.#length = 0;
    this.#chunks = [];
  }
}

/** In memory of its own: it moves to another thread. */
function joined(chunks: readonly Buffer[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
