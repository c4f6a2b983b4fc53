/** Every bound of the stores of clients' keys with its unit and its reason. */
export const idempotencyLimits = {
  /** Keys of one virtual key, and of all: one a second all day is 86,400. */
  keysPerOwnerMax: 100_000,
  keysMax: 1_000_000,
  /** Bytes of answers of one virtual key, and of all: 60,000 ordinary answers, on a small disk. */
  bytesPerOwnerMax: 256 * 1024 * 1024,
  bytesMax: 1024 * 1024 * 1024,
  /** A record of less than this always has room: it says that there was none for the answer. */
  noteBytes: 1_024,
  /** How many keys whose life is over are removed by each claim. */
  removedAtOnce: 64,
  /** Requests that wait for the embedded store's thread; one more fails. */
  queueMax: 4_096,
  /** Of Valkey: until a connection is made, TLS included, and one command, ms. */
  connectTimeoutMs: 2_000,
  commandTimeoutMs: 1_000,
  /** First and longest pause before the next connection, ms. */
  reconnectMs: { first: 50, max: 1_000 },
};
export type IdempotencyLimits = typeof idempotencyLimits;
