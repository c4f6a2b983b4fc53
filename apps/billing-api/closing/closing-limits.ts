/** Bounds of closing periods, each with its unit and its reason. */
export const closingLimits = {
  /** A projector that is this late has stopped; the run fails by name and resumes when asked again. */
  projectorWaitMs: 30_000,
  /** One look costs a scan of the offsets, so not much oftener than the projector's own batches. */
  projectorPollMs: 50,
  /** Rows of one page of leaves: 20,000 × about 100 bytes of JSON, 20 ms of the event loop. */
  leafPageRows: 20_000,
  /** About 400 bytes each: a body of 8 MB, far more than anybody reads; above it the run says so. */
  snapshotLinesMax: 20_000,
  /** Of a line in a `SnapshotFrozen`, with ids of usual length: 520 were measured with short ones. */
  snapshotLineBytes: 700,
  /** Ids of unresolved attempts in a body (ADR 0001). */
  unresolvedIdsMax: 1000,
  /**
   * Steps of one customer in one run, at about three a period (closing, snapshot, next period): ten
   * years of months. A run that is cut off here goes on when it is asked again.
   */
  stepsMax: 400,
  /** Events of one read of a stream; longer streams are read in pages. */
  streamPageEvents: 500,
  /** After the end of a period, for usage that is still on its way. */
  graceMsDefault: 3_600_000,
} as const;
