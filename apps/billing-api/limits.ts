/** Every bound of the billing API with its unit and its reason. */
export type ApiLimits = { [K in keyof typeof apiLimits]: number };

const DAY_MS = 24 * 60 * 60 * 1000;

export const apiLimits = {
  /** Request body, bytes. A reconciliation bill of 20,000 lines is about 6 MB. */
  requestBodyBytesMax: 8 * 1024 * 1024,
  /**
   * One part of a path, bytes: an id of 256 characters, each of up to four bytes, percent-encoded.
   */
  pathPartBytesMax: 256 * 4 * 3,
  /** Deepest nesting of a JSON body; CloudEvents `data` is the only free-form part. */
  requestDepthMax: 32,
  /** Time in which a client must have sent its headers, ms (against slow-loris attacks). */
  requestHeadersTimeoutMs: 10_000,
  /** Time in which a client must have sent its whole request, ms. */
  requestTimeoutMs: 60_000,
  /** How long an idle connection is kept, ms: longer than the 60 s of common load balancers. */
  keepAliveTimeoutMs: 72_000,
  /** Requests in flight; one more is answered with 503 before its body is read. */
  requestsInFlightMax: 256,
  /** Files that are being sent at once: each may read from the warehouse for as long as it takes. */
  downloadsMax: 16,
  /** Events that are read for a file at a time: some 4 MB of texts; three such pages wait at most. */
  exportPageEvents: 5_000,
  /** How long a reader of a file may take nothing, ms; then it is cut off, and its place is free. */
  downloadStalledMs: 60_000,
  /** Longest and usual life of a signed link, seconds. */
  linkSecondsMax: 30 * 24 * 60 * 60,
  linkSecondsDefault: 24 * 60 * 60,
  /** Wrong fields that one error names; more would be noise. */
  fieldErrorsMax: 20,

  /** How many times a decision is made again because another append came first. */
  appendConflictsMax: 16,
  /** How many times an append whose outcome is unknown is tried again. */
  appendRetriesMax: 3,
  /** Longest wait until the read model shows a write, ms; the write is stored either way. */
  readYourWritesMs: 2_000,
  /** First and longest pause before a lost subscription to the ledger is renewed, ms. */
  ledgerRetryFirstMs: 50,
  ledgerRetryMaxMs: 2_000,
  /** A read model counts as ready if it caught up with the ledger within this time, ms. */
  ledgerStaleMaxMs: 30_000,
  /**
   * Budgets that have series of their own in `/metrics`, three each; the ledger is read for so many of
   * them at once, and not more often than this, ms: some 0.2 ms each.
   */
  budgetGaugesMax: 500,
  budgetGaugesReadsMax: 4,
  budgetGaugesKeptMs: 5_000,
  /** How long `/metrics` waits for that, ms; then it tells what was read last. */
  budgetGaugesWaitMs: 1_000,
  /** A projector that has rows to write and writes none for this long is stuck, ms. */
  projectorStalledMs: 30_000,
  /** Room that the disk must have, bytes: a merge of the warehouse needs it next to new data. */
  diskFreeBytesMin: 256 * 1024 * 1024,
  /** How long a store may take to answer `/readyz`, ms. */
  healthTimeoutMs: 5_000,
  /** How long what was found is given again, ms: anybody may ask. */
  healthKeptMs: 1_000,
  /** How long a shutdown may take, ms: longer than any statement of the warehouse may run. */
  drainTimeoutMs: 70_000,
  /** How often exchange rates are asked for, ms: new ones come once a day; and after a failure. */
  ratesEveryMs: 6 * 60 * 60 * 1000,
  ratesRetryMs: 15 * 60 * 1000,
  /** Events in one page of a ledger stream. */
  ledgerPageEvents: 1_000,

  /**
   * Top-ups of a budget with an end ahead: all that a window does not know of yet are in one event,
   * some 100 bytes each.
   */
  topUpsAheadMax: 100,
  /** Raises of a budget that are in force: each grant near the end of one looks at all. */
  raisesAheadMax: 100,

  /** Longest overlap of an old and a new secret at a rotation, seconds: 30 days. */
  rotationOverlapSecondsMax: 30 * 24 * 60 * 60,

  /** CloudEvents in one batch. */
  ingestBatchEventsMax: 1_000,
  /** How old an ingested event may be, ms: a year and a month of late collectors. */
  ingestAgeMaxMs: 400 * DAY_MS,
  /**
   * The same of imported history, ms: five years. Raw rows are in a part for each month, and the engine
   * refuses a batch of more than 100 of them, which would stop the projector.
   */
  historyAgeMaxMs: 5 * 366 * DAY_MS,
  /** How far ahead of our clock an ingested event may be, ms. */
  ingestAheadMaxMs: 5 * 60 * 1000,

  /** Longest range of a usage query, ms. */
  usageRangeMaxMs: 400 * DAY_MS,
  /** Longest range of a list of calls, ms: a quarter of a year. Nothing sums calls up before. */
  callsRangeMaxMs: 93 * DAY_MS,
  /** Rows of a usage query's answer: 400 days have 9,600 hourly windows. */
  usageWindowsMax: 10_000,

  /**
   * What a key has used is worked out once in this time, ms, for so many keys at once (one more gets 503);
   * the answers of so many keys are kept, of so many windows and models each.
   */
  ownUsageKeptMs: 1_000,
  ownUsageRunningMax: 8,
  ownUsageKeysMax: 1_000,
  ownUsageWindowsMax: 8,
  ownUsageModelsMax: 200,

  /** Time of one query of `POST /v1/sql`, seconds: the query shares two cores with metering. */
  sqlSecondsMax: 10,
  /** Memory of one such query, bytes; two may run at once, next to projector and API. */
  sqlMemoryBytesMax: 512 * 1024 * 1024,
  /** Size of its answer in the engine, bytes; the JSON that our event loop parses is twice that. */
  sqlResultBytesMax: 8 * 1024 * 1024,
  /** Threads of one such query, so that a long one does not starve the projector. */
  sqlThreadsMax: 2,
  /** How long the engine's list of functions counts as known, ms: a server may be replaced. */
  sqlNamesAgeMaxMs: 10 * 60 * 1000,

  /** Lines in one ledger event, which stays below 500 KB (a line has at most some 400 bytes). */
  reconciliationChunkLines: 1_000,
  /** Invoices that wait for the thread that renders them, or are rendered: each is up to some 10 MB. */
  documentsWaitingMax: 16,
  /** How long one is waited for, ms: 5,000 lines take some 5 s, behind others. */
  documentTimeoutMs: 60_000,
  /** Heap of that thread, MiB: a PDF of 5,000 lines is 6 MB, and its pages are held until it is done. */
  documentHeapMib: 512,
  /** How many attempts an answer lists for which the bill states other figures. */
  reconciliationDifferencesMax: 100,
  /** Rows of a provider's totals in one ledger event, below 500 KB: a row has at most some 450 bytes. */
  totalsChunkRows: 1_000,
  /** Longest comparison with a provider's totals, days. */
  totalsDaysMax: 400,
  /** Days times models that one answer shows, some 1 KB each. */
  totalsCellsMax: 3_000,
  /** The same of the answer to the request itself, which the ledger keeps for repetitions. */
  totalsCellsAnsweredMax: 300,
  /** Wait for the warehouse before a budget is answered without its unresolved part, ms. */
  unresolvedWaitMs: 2_000,
  /** Over how long the recent rate of a budget is measured, ms: a pause of minutes is no trend. */
  budgetRecentMs: 15 * 60 * 1000,
  /** Attempts of one ruling: its lines are held in memory while they are stored. */
  rulingAttemptsMax: 10_000,
  /** How far a bill must reach beyond its range, ms: the longest call (the proxy's
   * `attemptTimeoutMs`, 30 minutes) plus the difference of two clocks (5 minutes). */
  reconciliationMarginMs: 35 * 60 * 1000,
  /** Pause before the resolver looks for attempts again, ms. */
  resolverIdleMs: 1_000,
  /** Resolutions in one append to the log. */
  resolverBatchEvents: 500,

  /** Pause between two looks for budgets that changed, ms: an alarm comes that much later. */
  alarmPollMs: 1_000,
  /** Windows of budgets that one look takes: a sweep of 10,000 is 50 looks, some 2 s of reading. */
  alarmWindowsPerLook: 200,
  /** Ledger streams that are read at once for that: the ledger has other readers. */
  alarmReadsMax: 4,
  /** Percent of the time that the warehouse may be asked what it has counted. */
  alarmWarehouseShareMax: 5,
  /** Accounts of windows that are remembered, so that only what is new is read: some 1 KB each. */
  alarmAccountsKeptMax: 20_000,
  /** How long a window of a budget that is not known here may be looked for, ms. */
  alarmUnknownBudgetMs: 10_000,
  /** How long after its end a window is still looked at, ms: for usage that is late. */
  alarmLateUsageMs: 10 * 60 * 1000,
  /** The same at a start, ms: nobody may have looked at the end of a window. */
  alarmMissedWindowMs: DAY_MS,
  /** Percent of a window that must be over before it is forecast. */
  alarmForecastShareMin: 10,
  /** Percent of a limit that may be charged for attempts whose usage nobody has stated. */
  alarmUnresolvedShareMax: 5,
  /** For how long a changed budget may wait before /readyz says so, ms. */
  alarmLagMaxMs: 60_000,
  /** Alarms that are remembered, for lists: some 500 bytes each. */
  alarmsKeptMax: 50_000,

  /** Pause between two looks for keys of customers who do not pay, or have paid, ms. */
  dunningPollMs: 5_000,
  /** A webhook of the payment system, bytes: an invoice with its first lines is some 30 KB. */
  paymentWebhookBytesMax: 1024 * 1024,

  /** Live webhooks: each alarm is sent to each of them. */
  webhooksMax: 100,
  /** Longest overlap of an old and a new secret of a webhook, seconds: 30 days. */
  webhookOverlapSecondsMax: 30 * 24 * 60 * 60,
  /** Deliveries of one webhook that are remembered after they have ended. */
  deliveriesEndedKeptMax: 1_000,
  /** Pause between two looks for what is due, ms. */
  webhookPollMs: 250,
  /** Attempts at once, of all webhooks: each has a socket and a look-up of a name. */
  webhookSendsMax: 16,
  /** Of these, of one webhook that answers; one that fails has one. */
  webhookSendsPerEndpointMax: 4,
  /** One attempt from the name to the end of the answer, ms; Standard Webhooks advises 15 to 30 s. */
  webhookTimeoutMs: 15_000,
  /** What is read of an answer, bytes; nobody looks at it. */
  webhookAnswerBytesMax: 16 * 1024,
  /** A started attempt without an end counts as running for this long, ms: longer than its timeout. */
  webhookClaimMs: 45_000,
  /** First and longest pause before an event is sent again, ms; jittered by half. */
  webhookRetryFirstMs: 5_000,
  webhookRetryMaxMs: 4 * 60 * 60 * 1000,
  /** How long after an alarm it is still sent, ms: three days. */
  webhookGiveUpMs: 3 * DAY_MS,
  /** First and longest pause between two attempts at an endpoint that fails, whatever it is sent, ms. */
  webhookPaceFirstMs: 500,
  webhookPaceMaxMs: 60_000,
} as const;
