/** Every bound of the ledger on EventStoreDB with its unit and its reason. */
export const eventStoreLimits = {
  /**
   * How long an append or a read is tried before it is rejected, ms. An election of the cluster's
   * leader (a few seconds) is waited out.
   */
  answerDeadlineMs: 10_000,
  /** One try of it, ms: an answer that is lost must leave time for a second try. */
  attemptTimeoutMs: 3_000,
  /** Pause before the next try, ms, doubled up to the maximum. */
  retryPauseMs: { first: 50, max: 1_000 },
  /** How long closing waits for the calls that it cancels, ms. */
  closeTimeoutMs: 2_000,
  /** Appends and reads under way at once; more are rejected. */
  callsAtOnceMax: 1_024,
  /** Bytes of JSON in one append: the server's MaxAppendSize is 1 MiB with its own framing. */
  appendBytesMax: 900 * 1024,
  /** Default page of `read`, events. */
  readEventsMax: 10_000,

  /** Pause between two looks at the end of $all, ms; the port promises at most 250. */
  lookIntervalMs: 100,
  /** One look, ms; a ledger that does not answer it is lost. */
  lookTimeoutMs: 3_000,
  /** Events per look, of any stream. More than that behind means: not level yet. */
  lookEventsMax: 256,
  /**
   * The server sends a checkpoint after at most 32 times this many events that it has looked at. A
   * new subscription goes through no more than that again.
   */
  checkpointInterval: 4,
  /** A subscription that owes an event for this long, ms, is lost though the ledger answers. */
  silenceMaxMs: 5_000,
  /** Resume points kept, one per set of prefixes and position: subscribers of one process. */
  resumePointsMax: 16,
};

export type EventStoreLimits = typeof eventStoreLimits;
