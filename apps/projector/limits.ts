/** Every bound of the projector with its unit and its reason. */
export const projectorLimits = {
  /** Records per batch over all partitions: one insert, one block. Smaller ones cost more merges. */
  batchRecordsMax: 40_000,
  /** Records that are parsed in one turn of the event loop: some 10 ms. */
  sliceRecords: 500,
  /** Bytes per batch over all partitions; up to four batches are in memory, from read to written. */
  batchBytesMax: 64 * 1024 * 1024,
  /** Pause before an idle log is read again, ms. */
  idleMs: 50,
  /** Pause after a failure of a store, ms, doubled up to the maximum; there is no last attempt. */
  retryMs: { first: 100, max: 5_000 },
  /** A projector that has records to project and projects none for this long is stuck, ms. */
  stalledMs: 30_000,
  /** How often closed buckets are rolled up, ms. */
  rollupEveryMs: 500,
  /** Share of the time that roll-ups may take while there is a backlog. */
  rollupShareMax: 0.1,
  /** Longest pause between two passes, ms, however long one takes. */
  rollupPauseMsMax: 30_000,
  /** Buckets per roll-up pass. */
  rollupBucketsMax: 10_000,
  /** How long a new owner waits for statements of an older one, ms. */
  claimWaitMs: 70_000,
  /** Pause before the running statements are listed again, ms. */
  claimPollMs: 50,
  /** How long a projector waits for the billing API to make the tables, ms. */
  schemaWaitMs: 120_000,
  /** How long a client of the health server may take to send its request, ms. */
  healthRequestMs: 10_000,
  /** SIGTERM: longer than any statement of the warehouse may run, ms. */
  drainTimeoutMs: 70_000,
};

export type ProjectorLimits = typeof projectorLimits;
