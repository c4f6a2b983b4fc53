/** Bounds of closing periods, each with its unit and its reason. */
export type ClosingLimits = { readonly [Bound in keyof typeof bounds]: number };

const bounds = {
  /**
   * A projector that is this late has stopped. The run fails with a named error, and may be
   * repeated.
   */
  projectorWaitMs: 30_000,
  /**
   * A look costs a scan of the offsets, so it is not much more frequent than the projector's
   * batches.
   */
  projectorPollMs: 50,
  /** Rows in one page of leaves: 20,000 × about 100 bytes of JSON take 20 ms of the event loop. */
  leafPageRows: 20_000,
  /**
   * At about 400 bytes each, this is a body of 8 MB, far more than anyone reads; beyond it, a run
   * fails.
   */
  snapshotLinesMax: 20_000,
  /**
   * Bytes of a line in a `SnapshotFrozen` with ids of usual length: 520 were measured with short
   * ids.
   */
  snapshotLineBytes: 700,
  /** Ids of unresolved attempts that a body lists (ADR 0001). */
  unresolvedIdsMax: 1000,
  /**
   * Steps of one customer in one run. A period takes about three (closing, snapshot, next period),
   * so this is ten years of months. A later run goes on from where this one ended.
   */
  stepsMax: 400,
  /** Events in one page of a stream. */
  streamPageEvents: 500,
  /** Time after the end of a period for usage that is still on its way. */
  graceMsDefault: 3_600_000,
} as const;

export const closingLimits: ClosingLimits = bounds;
