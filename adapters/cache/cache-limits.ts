/** Every bound of the stores of answers with its unit and its reason. */
export const cacheLimits = {
  /** Entries of a store, and bytes of what they hold: a day of a busy service, on a small disk. */
  entriesMax: 200_000,
  bytesMax: 1024 * 1024 * 1024,
  /** Largest entry, bytes: an answer that is parsed has 256 KiB at most, and what is noted with it. */
  valueBytesMax: 320 * 1024,
  /** Of these, in the memory of an embedded store, bytes: what is asked for again and again. */
  memoryBytesMax: 64 * 1024 * 1024,
  /** So long a copy in memory is taken for what the file has, ms: other proxies write to it too. */
  memoryMs: 10_000,
  /**
   * So long what the file did not have is taken for missing, ms: other proxies write to it too. Under load
   * that spares most calls the way to the store's thread; calls that are rarer than this all ask it.
   */
  absentMs: 20,
  /** Requests and answers that wait for the embedded store's thread; one more is a miss, or is not stored. */
  queueMax: 4_096,
  /** Bytes of these answers. */
  waitingBytesMax: 64 * 1024 * 1024,
  /** Answers are handed to the thread so rarely at most, ms, but for when there are so many bytes of them. */
  batchMs: 50,
  batchBytes: 1024 * 1024,
  /**
   * Questions in an embedded store by what they mean, and of these, of those that are compared with each
   * other: a thousand vectors of 1,536 numbers take 5 ms of the store's thread. A vector has 3,072 numbers at
   * most, so all of them have 240 MB.
   */
  nearMax: 20_000,
  nearPerFrameMax: 1_000,
  vectorLengthMax: 3_072,
  /** How many entries are removed at once where there is no room, and read at once for a purge. */
  removedAtOnce: 64,
  scannedAtOnce: 512,
  /** Of Valkey: until a connection is made, TLS included, and one command, ms. */
  connectTimeoutMs: 2_000,
  commandTimeoutMs: 1_000,
  /** First and longest pause before the next connection, ms. */
  reconnectMs: { first: 50, max: 1_000 },
};
export type CacheLimits = typeof cacheLimits;
