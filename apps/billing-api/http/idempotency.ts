/**
 * `Idempotency-Key`: a POST that is sent again is answered again and carried out once, across
 * restarts and lost answers. What is in the ledger decides; the set in memory only tells a request
 * that is still running from one that was cut short.
 */
import { sha256Hex } from '@tollgate/adapters/digest/sha256.ts';
import { idempotencyEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { ApiProblem } from './errors.ts';

const USABLE_KEY = /^[\x21-\x7e]{1,255}$/;

export type StoredAnswer = { status: number; body: string };

export type Claim = {
  /** When the first request with this key came in, Unix ms. */
  receivedAtMs: number;
  /** Null: to be carried out now, and then given to `answer` (unless it may be tried again). */
  answer: StoredAnswer | null;
  /** Names the command: the same in every repetition. */
  commandId: string;
};

/** @throws ApiProblem idempotency_key_invalid */
export function readIdempotencyKey(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header !== 'string' || !USABLE_KEY.test(header)) {
    throw new ApiProblem('idempotency_key_invalid');
  }
  return header;
}

/** @param request method, path and parsed body: what makes two requests the same */
export function hashRequest(request: { method: string; path: string; body: unknown }): string {
  const text = JSON.stringify([request.method, request.path, request.body ?? null]);
  return sha256Hex(text);
}

export class Idempotency {
  readonly #ledger: Ledger;
  readonly #inFlight = new Set<string>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /**
   * Runs `work` with the key claimed.
   *
   * @throws ApiProblem idempotency_in_flight, idempotency_mismatch, and what the ledger throws
   */
  async withClaim<T>(
    options: { key: string; requestHash: string; nowMs: number },
    work: (claim: Claim, store: (answer: StoredAnswer) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    const stream = idempotencyEvents.of(sha256Hex(options.key));
    if (this.#inFlight.has(stream)) throw new ApiProblem('idempotency_in_flight');
    this.#inFlight.add(stream);
    try {
      const claim = await unavailable(this.#claim(stream, options));
      return await work(claim, (answer) =>
        unavailable(this.#store(stream, options.requestHash, answer)),
      );
    } finally {
      this.#inFlight.delete(stream);
    }
  }

  async #claim(stream: string, options: { requestHash: string; nowMs: number }): Promise<Claim> {
    const request_hash = options.requestHash;
    const received_at = new Date(options.nowMs).toISOString();
    const event = { type: 'RequestReceived', data: { request_hash, received_at } } as const;
    const received = newLedgerEvent(stream, event, `${request_hash}|${received_at}`);
    await this.#ledger.append(stream, 'no_stream', [received]);
    // Whatever became of our append: the first event of the stream is the one that counts.
    const stored = await this.#ledger.read(stream, { limit: 2 });
    const [first, second] = stored.map((at) => idempotencyEvents.parse(at));
    if (first?.type !== 'RequestReceived') throw new Error(`${stream} has no request`);
    if (first.data.request_hash !== request_hash) throw new ApiProblem('idempotency_mismatch');
    return {
      receivedAtMs: Date.parse(first.data.received_at),
      answer: second?.type === 'RequestAnswered' ? second.data : null,
      commandId: sha256Hex(`${stream}|${request_hash}`),
    };
  }

  async #store(stream: string, request_hash: string, answer: StoredAnswer): Promise<void> {
    // A conflict means that another process has answered the same request: its answer is the same.
    const event = { type: 'RequestAnswered', data: { request_hash, ...answer } } as const;
    await this.#ledger.append(stream, 0n, [newLedgerEvent(stream, event, request_hash)]);
  }
}

/** Of the ledger itself; refusals stay what they are. */
async function unavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ApiProblem) throw error;
    throw new ApiProblem('ledger_unavailable', { cause: error });
  }
}
