/**
 * Stream `idempotency-<sha256 of the key>`: one repeatable request. `RequestReceived` comes before
 * the work, with the time from which all ids of the request are made. So a request that a crash
 * interrupted is repeated as exactly the same appends.
 */

import { streamCategory } from '../stream/stream-category.ts';

/** The id is the SHA-256 of the client's key, lower-case hex. */
export const idempotencyStreams = streamCategory('idempotency');

export type RequestReceived = {
  type: 'RequestReceived';
  data: {
    /** SHA-256 over method, path and body, lower-case hex. */
    request_hash: string;
    received_at: string;
  };
};

/** The answer to every repetition. It never holds a secret (I12). */
export type RequestAnswered = {
  type: 'RequestAnswered';
  data: {
    request_hash: string;
    status: number;
    /** JSON text. */
    body: string;
  };
};

export type IdempotencyEvent = RequestReceived | RequestAnswered;
