/** Every bound of the stores of owners with its unit and its reason. */
export const storedLimits = {
  /** What a provider keeps itself, ms: OpenAI keeps responses for 30 days. */
  lifeMs: 30 * 24 * 3_600_000,
  /** Objects of one customer, and of all: some 300 MB on the disk. Beyond it, the oldest are forgotten. */
  objectsPerOwnerMax: 500_000,
  objectsMax: 2_000_000,
  /** How many are removed by each write, whose life is over or for which there is no room: more than come. */
  removedAtOnce: 64,
  /** Objects of one request: those of a response with all its items. */
  objectsAtOnceMax: 1_024,
  /** Objects that go on without a call: thirty a second, for ten minutes each. */
  runningMax: 20_000,
  /** Requests that wait for the embedded store's thread; one more fails. */
  queueMax: 4_096,
  /** Of Valkey: until a connection is made, TLS included, and one command, ms. */
  connectTimeoutMs: 2_000,
  commandTimeoutMs: 1_000,
  /** First and longest pause before the next connection, ms. */
  reconnectMs: { first: 50, max: 1_000 },
};
export type StoredLimits = typeof storedLimits;
