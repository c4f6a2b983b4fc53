/**
 * Calls whose clients state an `Idempotency-Key` (docs/design.md, Idempotency keys): each is claimed in a
 * store that all proxies share before it is read, held or sent, and answered from there when it comes
 * again. A call without the header costs one look at its head.
 *
 * Claims are renewed for as long as their calls run. What the store could not be told is told again, so
 * that a short outage loses no key.
 */
import { createHash, randomBytes } from 'node:crypto';
import type {
  Claimed,
  IdempotencyStore,
} from '@tollgate/adapters/idempotency/idempotency-store.ts';
import type { CallTarget, Endpoint } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import type { ProxyLimits } from '../limits.ts';
import { type AnswerRecord, readRecord, writeRecord } from './answer-record.ts';
import { Recording, type RecordingHouse } from './recording.ts';

export type IdempotentOptions = {
  store: IdempotencyStore;
  /** How long a key is remembered, ms. */
  lifeMs: number;
  limits: ProxyLimits;
  failures: RecordingHouse['failures'];
  /** What became of each call that stated a key. */
  onClaim: (kind: Claimed['kind'] | 'unavailable') => void;
  onError: (error: unknown) => void;
};

export type IdempotentCall = {
  endpoint: Endpoint;
  target?: CallTarget | undefined;
  key: Pick<KeyView, 'keyId'>;
  callId: string;
  /** Names more that makes two calls the same. */
  endUser: string | null;
  body: Buffer;
};

/** What the store is yet to be told. */
type Untold = { id: string; token: string; record: Buffer | null };

const PRINTABLE = /^[\x20-\x7e]{1,255}$/;
const MISMATCH: Refusal = { code: 'idempotency_mismatch', param: 'idempotency-key' };
const LOST: Refusal = { code: 'idempotency_answer_lost', param: 'idempotency-key' };

export class IdempotentCalls implements RecordingHouse {
  readonly answerBytesMax: number;
  readonly failures: RecordingHouse['failures'];
  readonly #options: IdempotentOptions;
  readonly #running = new Set<Recording>();
  #untold: Untold[] = [];
  #heldBytes = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(options: IdempotentOptions) {
    this.#options = options;
    this.failures = options.failures;
    this.answerBytesMax = options.limits.replayBytesMax;
    this.#timer = setInterval(() => void this.#tellAgain(), options.limits.idempotencyRenewMs);
    this.#timer.unref();
  }

  /** @returns a recording: the call is the first; a record: what the first one came to */
  async begin(header: string, call: IdempotentCall): Promise<Recording | AnswerRecord | Refusal> {
    if (!PRINTABLE.test(header)) {
      return { code: 'idempotency_key_invalid', param: 'idempotency-key' };
    }
    const { limits, lifeMs, store, onClaim, onError } = this.#options;
    const { keyId } = call.key;
    const claim = {
      // seam: key-is-of-one-virtual-key
      id: createHash('sha256').update(`${keyId}\n${header}`).digest('hex'),
      owner: keyId,
      request: await requestHash(call, limits.bodyInlineBytesMax),
      token: randomBytes(16).toString('hex'),
      leaseMs: limits.idempotencyLeaseMs,
      lifeMs,
    };
    let claimed: Claimed;
    try {
      claimed = await store.claim(claim);
    } catch (error) {
      // It may have been taken all the same: nothing will be sent under it.
      this.#tell({ ...claim, record: null });
      onError(error);
      onClaim('unavailable');
      return { code: 'idempotency_unavailable' };
    }
    onClaim(claimed.kind);
    switch (claimed.kind) {
      case 'first': {
        const recording = new Recording(this, claim, call);
        this.#running.add(recording);
        return recording;
      }
      case 'running':
        return { code: 'idempotency_in_flight', retryMs: limits.idempotencyRetryMs };
      case 'mismatch':
        return MISMATCH;
      case 'lost':
        return LOST;
      case 'answered':
        return readRecord(claimed.record) ?? LOST;
      case 'full':
        return { code: 'idempotency_keys_exhausted', retryMs: null };
      default:
        return claimed satisfies never;
    }
  }

  takeRoom(bytes: number): boolean {
    if (this.#heldBytes + bytes > this.#options.limits.replaysHeldBytesMax) return false;
    this.#heldBytes += bytes;
    return true;
  }

  giveRoomBack(bytes: number): void {
    this.#heldBytes -= bytes;
  }

  ended(recording: Recording, record: AnswerRecord | null | 'unsent'): void {
    this.#running.delete(recording);
    const { id, token } = recording;
    this.#tell({ id, token, record: record === 'unsent' ? null : writeRecord(record) });
  }

  abandoned(recording: Recording): void {
    this.#running.delete(recording);
  }

  /** Calls have ended by then. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#tellAgain();
    await this.#options.store.close();
  }

  #tell(what: Untold): void {
    this.#say(what).catch((error: unknown) => {
      this.#options.onError(error);
      // seam: the-store-is-told-again
      if (this.#untold.length < this.#options.limits.idempotencyUntoldMax) this.#untold.push(what);
    });
  }

  async #say({ id, token, record }: Untold): Promise<void> {
    const { store } = this.#options;
    if (record === null) return store.forget(id, token);
    if (await store.finish(id, token, record)) return;
    await store.finish(id, token, writeRecord(null));
  }

  /** Who runs a call says that it lives; what was not told is told. */
  async #tellAgain(): Promise<void> {
    const { store, limits, onError } = this.#options;
    const untold = this.#untold;
    this.#untold = [];
    for (const what of untold) this.#tell(what);
    const renewals = [...this.#running].map(({ id, token }) =>
      store.renew(id, token, limits.idempotencyLeaseMs),
    );
    const [failed] = (await Promise.allSettled(renewals)).filter(
      (renewal) => renewal.status === 'rejected',
    );
    if (failed !== undefined) onError(failed.reason);
  }
}

/** What a call asks for, whose end user it is for, and by which path: another of them is another call. */
async function requestHash(call: IdempotentCall, inlineBytesMax: number): Promise<string> {
  const { endpoint, target, endUser, body } = call;
  // seam: path-is-part-of-what-is-asked
  const path = target === undefined ? '' : JSON.stringify(target);
  const head = `${endpoint.name}${path}\n${JSON.stringify(endUser)}\n`;
  // Large ones elsewhere than on the event loop.
  const digest =
    body.length <= inlineBytesMax
      ? createHash('sha256').update(body).digest()
      : Buffer.from(await crypto.subtle.digest('SHA-256', new Uint8Array(body)));
  return createHash('sha256').update(head).update(digest).digest('hex');
}
