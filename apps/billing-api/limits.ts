/** Every bound of the billing API with its unit and its reason. */
export type ApiLimits = { [K in keyof typeof apiLimits]: number };

const DAY_MS = 24 * 60 * 60 * 1000;

export const apiLimits = {
  /** Request body, bytes. A reconciliation bill of 20,000 lines is about 6 MB. */
  requestBodyBytesMax: 8 * 1024 * 1024,
  /** Deepest nesting of a JSON body; CloudEvents `data` is the only free-form part. */
  requestDepthMax: 32,
  /** A client must have sent its headers within this, ms (slow-loris). */
  requestHeadersTimeoutMs: 10_000,
  /** A client must have sent its whole request within this, ms. */
  requestTimeoutMs: 60_000,
  /** Idle keep-alive connections, ms. Above common load balancers' 60 s. */
  keepAliveTimeoutMs: 72_000,
  /** Requests in flight; beyond it 503, before a body is read. */
  requestsInFlightMax: 256,
  /** Offending fields that one error names; more would be noise. */
  fieldErrorsMax: 20,

  /** Times that a decision is made again after somebody else appended first. */
  appendConflictsMax: 16,
  /** Times that an append whose outcome is unknown is tried again. */
  appendRetriesMax: 3,
  /** Wait until the read model has seen a write, ms; the write stands either way. */
  readYourWritesMs: 2_000,
  /** First and longest pause before the ledger is subscribed to again, ms. */
  ledgerRetryFirstMs: 50,
  ledgerRetryMaxMs: 2_000,
  /** The read model counts as level if the ledger was seen to its head within this, ms. */
  ledgerStaleMaxMs: 30_000,
  /** SIGTERM: longer than any statement of the warehouse may run, ms. */
  drainTimeoutMs: 70_000,
  /** Events of one ledger stream that are read in one page. */
  ledgerPageEvents: 1_000,
  /** How long the answer to a repeated `POST /v1/keys` still shows the secret, ms. */
  secretReplayMs: DAY_MS,

  /** Longest overlap of an old and a new secret at a rotation, seconds: 30 days. */
  rotationOverlapSecondsMax: 30 * 24 * 60 * 60,

  /** CloudEvents in one batch. */
  ingestBatchEventsMax: 1_000,
  /** How old an ingested event may be, ms: a year and a month of late collectors. */
  ingestAgeMaxMs: 400 * DAY_MS,
  /** How far ahead of our clock an ingested event may be, ms. */
  ingestAheadMaxMs: 5 * 60 * 1000,

  /** Length of a usage query's range, ms. */
  usageRangeMaxMs: 400 * DAY_MS,
  /** Windows × nothing: how many windows a usage query may span (400 days of hours). */
  usageWindowsMax: 10_000,

  /** Time of one query of `POST /v1/sql`, seconds: it shares two cores with metering. */
  sqlSecondsMax: 10,
  /** Memory of one of them, bytes; two run at once, beside projector and API. */
  sqlMemoryBytesMax: 512 * 1024 * 1024,
  /** Size of its answer in the engine, bytes; as JSON, which is parsed on our event loop, about twice. */
  sqlResultBytesMax: 8 * 1024 * 1024,
  /** Threads of one, so that a long one does not starve the projector. */
  sqlThreadsMax: 2,

  /** Lines of one ledger event, so that it stays below 500 KB (a line is at most ~400 bytes). */
  reconciliationChunkLines: 1_000,
  /** Attempts that an answer lists because the bill states other figures for them. */
  reconciliationDifferencesMax: 100,
  /** How far a bill must reach beyond its range, ms: the longest call (the proxy's
   * `attemptTimeoutMs`, 30 minutes) and what the provider's clock and ours may be apart (5). */
  reconciliationMarginMs: 35 * 60 * 1000,
  /** Pause between two looks for attempts to resolve, ms. */
  resolverIdleMs: 1_000,
  /** Attempts that are resolved in one append to the log. */
  resolverBatchEvents: 500,
} as const;
