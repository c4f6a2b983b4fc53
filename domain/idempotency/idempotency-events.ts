/**
 * Stream `idempotency-<sha256 of the key>`: one repeatable request. It is received before it is
 * carried out, with the time that all its ids are made from, so that a request that was cut short
 * by a crash is carried out again as the very same appends.
 */

export type RequestReceived = {
  type: 'RequestReceived';
  data: {
    /** SHA-256 over method, path and body, lower-case hex. */
    request_hash: string;
    received_at: string;
  };
};

/** What every repetition is answered with. Never holds a secret (I12). */
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
