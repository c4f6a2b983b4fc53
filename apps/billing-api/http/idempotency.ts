/**
 * `Idempotency-Key`: a POST that is sent again is answered again and carried out once, across
 * restarts and lost answers. What stands in the ledger decides; the set in memory only tells a
 * request that is still running from one that was cut short.
 */
import { sha256Hex } from '@tollgate/adapters/digest/sha256.ts';
import { ledgerEventId } from '@tollgate/adapters/ledger/event-ids.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { ledgerEventData } from '@tollgate/schemas/ledger/ledger-events.ts';
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
    const keyHash = sha256Hex(options.key);
    const stream = `idempotency-${keyHash}`;
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
    await this.#ledger.append(stream, 'no_stream', [
      {
        id: ledgerEventId(stream, 'RequestReceived', `${request_hash}|${received_at}`),
        type: 'RequestReceived',
        data: { request_hash, received_at },
      },
    ]);
    // Whatever became of our append: the first event of the stream is the one that counts.
    const [first, second] = await this.#ledger.read(stream, { limit: 2 });
    if (first === undefined) throw new Error(`${stream} is empty after an append`);
    const received = ledgerEventData.RequestReceived.parse(first.data);
    if (received.request_hash !== request_hash) throw new ApiProblem('idempotency_mismatch');
    return {
      receivedAtMs: Date.parse(received.received_at),
      answer: second === undefined ? null : ledgerEventData.RequestAnswered.parse(second.data),
      commandId: sha256Hex(`${stream}|${request_hash}`),
    };
  }

  async #store(stream: string, request_hash: string, answer: StoredAnswer): Promise<void> {
    // A conflict means that another process has answered the same request: its answer is the same.
    await this.#ledger.append(stream, 0n, [
      {
        id: ledgerEventId(stream, 'RequestAnswered', request_hash),
        type: 'RequestAnswered',
        data: { request_hash, ...answer },
      },
    ]);
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
