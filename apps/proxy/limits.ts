/**
 * Every bound of the proxy with its unit and its reason. Relations between them are asserted where
 * the process starts (`assertLimits`).
 */
import { QUEUE_MAX } from '@tollgate/adapters/journal/journal.ts';

export type ProxyLimits = typeof proxyLimits;

export const proxyLimits = {
  /** How long a request may take that no provider bills, such as a count of tokens, ms. */
  freeTimeoutMs: 60_000,
  /** Its body, bytes: it is read on the event loop, 2 MB in some 15 ms. */
  freeRequestBytesMax: 2 * 1024 * 1024,
  /** Its answer, bytes: some ten of them say all there is to say. */
  freeAnswerBytesMax: 1024 * 1024,
  /** Largest request body, bytes. Long contexts are ~4 MB of text; images in data URLs more. */
  requestBodyBytesMax: 16 * 1024 * 1024,
  /**
   * Largest form, with the files in it, bytes: OpenAI takes recordings of 25 MB. It is held in memory as it
   * came, once, until its call has ended: it may be sent again, and the model may be named behind the files.
   */
  formBodyBytesMax: 32 * 1024 * 1024,
  /** Deepest nesting of a request body; tool schemas reach 20, attacks thousands. */
  requestDepthMax: 64,
  // seam: bound-is-stated-to-strangers
  /** Values in a request body; the most that a provider takes is some 300,000 tokens as numbers. */
  requestValuesMax: 500_000,
  /** Fields of a request body; providers know some fifty. */
  requestMembersMax: 1_000,
  /**
   * Bodies up to this are read on the event loop, bytes: 0.2 ms of text, 9 ms of 4,000 parts (median of
   * 5 on two slow cores). Larger ones in a thread.
   */
  bodyInlineBytesMax: 64 * 1024,
  /** Of one body in that thread, ms; 99,000 parts took 240 ms, 16 MB of escapes 90. */
  bodyReadTimeoutMs: 10_000,
  /** How long a body waits for the thread, ms; then 503. */
  bodyReadQueueMs: 10_000,
  /** Heap of that thread, MiB: some ten times what those bodies left on it (36 MB at most). */
  bodyReaderHeapMib: 512,
  /** Texts that wait to be counted, two of an attempt; a text takes 17 ms at most. */
  tokenTextsMax: 64,
  /**
   * How long an attempt waits for the count of its tokens, ms; then its bytes are counted. The first one
   * waits until the tables are loaded: 0.3 s on a quiet machine.
   */
  tokenCountTimeoutMs: 5_000,
  /** Heap of the thread that counts, MiB: its tables take 70. */
  tokenHeapMib: 256,
  /** Bytes of request bodies that the process holds, in all and of one key; beyond them 503. */
  bodyBytesMax: 256 * 1024 * 1024,
  bodyBytesPerKeyMax: 64 * 1024 * 1024,
  /**
   * What still comes of a body that was refused is thrown away for so long, or so many bytes, so that
   * the client can read the answer; then its connection is closed.
   */
  lingerMs: 500,
  lingerBytesMax: 256 * 1024,
  /** Request line and headers, bytes, as Node's own default. */
  requestHeaderBytesMax: 16 * 1024,
  /** A client must have sent its headers within this, ms (slow-loris). */
  requestHeadersTimeoutMs: 10_000,
  /** A client must have sent its whole request within this, ms. */
  requestTimeoutMs: 60_000,
  /** Idle keep-alive connections of clients, ms. Above common load balancers' 60 s. */
  keepAliveTimeoutMs: 72_000,
  /** Calls in flight in one proxy; beyond it 503, before anything is held. */
  callsInFlightMax: 4096,
  /** Of these, of one key, team and customer; beyond it 429. The configuration may say otherwise. */
  callsPerKeyMax: 1024,
  callsPerTeamMax: 1024,
  callsPerCustomerMax: 1536,

  /** TCP and TLS to the provider, ms. */
  upstreamConnectTimeoutMs: 10_000,
  /** Until the provider's headers, ms. Reasoning models think for minutes before they answer. */
  upstreamHeadersTimeoutMs: 600_000,
  /**
   * An answer whose client has left is read on for so long, ms, and for so many tokens, so that its usage
   * is the provider's figure; then it is given up, and its budgets are charged the hold. Four times the
   * output limit that a call gets by default, and about as long as fast models take to write that.
   */
  drainMsMax: 120_000,
  drainTokensMax: 16_384,
  /** Between two chunks of the provider's body, ms. */
  upstreamBodyTimeoutMs: 300_000,
  /** A whole attempt, ms: the longest call. Reconciliation ranges are judged by it. */
  attemptTimeoutMs: 1_800_000,
  /**
   * Sockets to one provider. One customer alone gets three quarters of them, the 1024 that a key may
   * have in flight; the rest is for others, however slow the calls of that one are.
   */
  upstreamConnectionsMax: 1366,
  /** How long a call waits for one of them, in turn with other customers' calls, ms; then 503. */
  upstreamQueueMs: 5_000,
  /** JSON answers up to this leave whole after settling; larger ones stream through, bytes. */
  heldAnswerBytesMax: 8 * 1024 * 1024,
  /**
   * JSON answers up to this are parsed; in larger ones only the members that state the usage are looked
   * for, bytes: a megabyte of empty lists takes 75 ms to parse, and no other call is served meanwhile.
   */
  parsedAnswerBytesMax: 256 * 1024,
  /** End of a larger answer that is held back and searched for its usage, bytes. */
  answerTailBytes: 64 * 1024,
  /**
   * A compressed answer is copied up to this and unpacked up to that, bytes, on the event loop: 4 MiB
   * take 20 ms. Beyond either its usage is unknown.
   */
  packedAnswerBytesMax: 1024 * 1024,
  unpackedAnswerBytesMax: 4 * 1024 * 1024,
  /**
   * What an answer has said it needs no connection to confirm: so long an upstream socket may take to
   * end behind it, and so long a body that looks whole is waited for, ms. The last chunk comes in the
   * same packet or the next.
   */
  upstreamLingerMs: 1_000,
  /**
   * What all answers together may take of one turn of the event loop, ms; what is more waits for the next
   * one. An ordinary chunk takes 0.02 ms, the most expensive read that was found some 20. A call has some
   * eight turns, so this is what it waits for the answers of others.
   */
  answerTurnMs: 5,
  /**
   * The same with what is small, ms: a chunk, or the end of a small answer. Ordinary calls need not wait
   * for a turn because of one expensive answer; this is the bound for a thousand hostile ones.
   */
  answerTurnSmallMs: 30,
  /** One SSE event, bytes; a larger one is relayed unread. */
  sseEventBytesMax: 1024 * 1024,
  /**
   * Values in one event, as far as one is counted; with more it is relayed unread. A megabyte of text or of
   * a picture takes 2 ms to parse, of empty lists 75.
   */
  sseEventValuesMax: 50_000,
  /** Output text that is kept to estimate tokens when the provider states no usage, bytes. */
  estimateTextBytesMax: 1024 * 1024,
  /**
   * Tokens of a whole answer that its text does not show although nothing is hidden: the role and the
   * end of the turn, space that is trimmed, up to 3 bytes of a character that was cut. Chat formats have
   * some 3 to 10.
   */
  structureTokensPerAnswer: 32,
  /** The same of each tool call: what marks it, its name and its arguments. Formats have some 10 to 30. */
  structureTokensPerToolCall: 64,
  /**
   * An answer up to this is kept by the cache, bytes: as much as is parsed. Requests above that are not
   * looked for: 128 KiB take a millisecond to be made canonical and hashed.
   */
  cachedAnswerBytesMax: 256 * 1024,
  cachedBodyBytesMax: 128 * 1024,
  /** After a failure of the store of answers was logged, the next one is not, ms: calls may cause each. */
  cacheFailureLogMs: 60_000,
  /** How long a call waits for the store of answers, ms; then it is a miss. */
  cacheLookupMs: 250,
  /** How long a call waits for the answer of an equal one that runs, ms; then it is sent as well. */
  cacheFlightMs: 30_000,
  /** Such calls at once; one more is sent as it comes. */
  cacheFlightsMax: 4_096,
  /** How long a call waits for the vector of its question, ms; then it is sent. */
  cacheEmbedMs: 2_000,
  /** Purges that wait for the store; with one more, all that is older is removed. */
  cachePurgesMax: 4_096,
  /** First and longest pause before a purge that the store did not carry out is repeated, ms. */
  cachePurgeRetryMs: { first: 500, max: 60_000 },
  /** What may wait for a slow client before the provider is paused, bytes. */
  clientBufferBytesMax: 256 * 1024,
  /** A client that reads nothing for this long is treated as gone, ms. */
  clientStallTimeoutMs: 120_000,

  /** How old the view of the ledger may be before a call first catches up, ms. */
  ledgerStaleSoftMs: 800,
  /** How long calls are served while the ledger does not answer, ms; then 503. */
  ledgerStaleMaxMs: 30_000,
  /** Wait of one call for catching up, ms. */
  ledgerCatchUpTimeoutMs: 1_000,
  /**
   * Calls with an unknown key that wait for catching up at once; one more is refused without a look.
   * Anybody can make up a key with a right checksum.
   */
  unknownKeyWaitersMax: 256,
  /** First and longest pause before the ledger is subscribed to again, ms. */
  ledgerRetryMs: { first: 50, max: 2_000 },

  /**
   * How long a start waits for the ledger, ms. Then the proxy listens and refuses with 503, not
   * ready, until it has caught up: neither silence nor a loop of restarts.
   */
  startWaitMs: 5_000,

  /** Wait of one call for a slice of a budget, ms; then 503: hard budgets fail closed. */
  grantTimeoutMs: 5_000,
  /** The same for all budgets on its path together: a busy ledger may take a second for each. */
  grantsTimeoutMs: 10_000,
  /** What is left of that for a later budget of the call at least, ms: so long the ledger may take. */
  grantTimeoutMsMin: 1_000,
  /** Calls that wait for slices of one budget. */
  grantWaitersMax: 4096,
  /** Times that one grant is retried after a conflict with another proxy. */
  grantConflictsMax: 64,
  /** So many of them at once; most conflicts are with one other proxy, and end there. */
  grantConflictsAtOnce: 3,
  /** First and longest pause after each further one, ms; jittered, so that proxies part. */
  grantConflictMs: { first: 4, max: 128 },
  /** A slice without calls for this long goes back, ms; longer in a window with a long stream. */
  leaseIdleMs: 5_000,
  /** The same while little of the budget is left: other proxies may miss it. */
  leaseScarceIdleMs: 500,
  /** No idle slice is kept for longer, ms, however long the stream: people look at what is held. */
  leaseIdleMsMax: 3_600_000,
  /** How often idle slices are looked for, ms. */
  leaseSweepMs: 1_000,
  /**
   * How old what is left of a budget may be in the head of an answer, ms: at 10,000 calls a second, twenty
   * heads then state the same. A client that waits for its answers sees each of its own calls.
   */
  statedLeftMs: 2,
  /**
   * How long a call that the budget could pay waits for slices that other proxies have, ms: they look
   * for idle ones every `leaseSweepMs`, and give up those of a scarce budget after
   * `leaseScarceIdleMs`. Then 402.
   */
  leaseReturnWaitMs: 3_000,
  /**
   * What no call uses goes back at the next sweep for so long after another proxy asked for it, ms: as
   * long as its calls wait.
   */
  leaseRecallHeardMs: 3_000,
  /** Between two such requests in a window, by whatever proxy, ms; longer where the stream is long. */
  leaseRecallEveryMs: 3_000,
  /** Pause between two looks for such a slice, ms. */
  leaseReturnPollMs: 100,
  /** After such a wait without effect, calls of this window are refused at once for so long, ms. */
  leaseReturnAgainMs: 5_000,
  /**
   * Windows of end users in memory, some 3 KB each; a call of one more gets 503. One is forgotten when its
   * slice has gone back and it was not used for so long, ms.
   */
  endUserWindowsMax: 32_768,
  endUserForgetMs: 1_000,
  /**
   * Slices of end users are kept for longer the more events a window has, ms: one who calls all month has
   * some 300. So many of them, because a proxy asks the ledger about each every few seconds; of what is
   * more, those go back that cost their stream the least.
   */
  endUserIdleMsMax: 21_600_000,
  endUserKeptMax: 256,
  /**
   * Grants for end users at once, and their windows that are looked after at once: a crowd of new ones
   * leaves the ledger to others.
   */
  endUserGrantsMax: 64,
  endUserSweepsMax: 16,
  /** How long "so much is not left" is believed without asking the ledger again, ms. */
  exhaustedForMs: 50,

  /** Wait of one call for its share of a rate limit, ms; then the limit's policy decides. */
  rateWaitMs: 500,
  /** After a store of rates has failed, nobody asks it for so long, ms. */
  rateAwayMs: 500,
  /** A call starts at least so long before its window ends, ms: so it reaches the provider in it. */
  rateWindowGuardMs: 25,
  /** How long "so much is not left" of a window, or "no slot", is believed without asking, ms. */
  rateSeenForMs: 50,
  /** What of a share nobody uses for so long goes back, ms; looked for that often. */
  rateIdleMs: 100,
  rateSweepMs: 100,
  /** What a call that found no slot is told to wait, ms. */
  rateSlotRetryMs: 1_000,
  /** Shares in memory, some 400 bytes each: limits, and end users of the running windows. */
  rateSharesMax: 100_000,

  /**
   * A call that a budget is about to refuse is counted by its provider's tokenizer in a thread, if its
   * body has at most so many bytes: a megabyte of text takes 0.3 s there, of one long run of signs 0.5.
   */
  countBodyBytesMax: 1024 * 1024,
  /** How long such a call waits for the thread, ms; then its bytes decide. */
  countQueueMs: 1_000,
  /** Of one count, ms; the first of a vocabulary loads its table for 0.3 s. */
  countTimeoutMs: 3_000,
  /** Heap of that thread, MiB: the tables of two vocabularies take 130. */
  counterHeapMib: 384,

  /**
   * Guardrails look through a body at once if its bytes times their patterns are at most so many: 64 KiB
   * take 1 to 2 ms for one pattern. What is more goes to a thread.
   */
  scanInlineBytesMax: 128 * 1024,
  /** Of one body in that thread, ms; 16 MB take 0.5 s for each pattern. How long one waits for it, ms. */
  scanTimeoutMs: 10_000,
  scanQueueMs: 5_000,
  /** Heap of that thread, MiB: the body as text, twice, and what patterns remember. */
  scannerHeapMib: 512,
  /**
   * Questions to webhooks of guardrails at once, asked or waiting for a socket; one more is not asked, and
   * their policy decides. One customer alone gets three quarters of them, as many as calls of a key may be
   * in flight; the rest is for others, however slow the webhooks of that one are.
   */
  guardrailQuestionsMax: 1_366,
  /** Sockets to one such webhook: one customer gets three quarters of them. Bytes read of its answer. */
  guardrailConnectionsMax: 86,
  guardrailAnswerBytesMax: 16 * 1024,
  /**
   * A request, or an answer that is held back until it is judged, bytes: the longest outputs have some
   * 128,000 tokens, half a megabyte, and as a stream ten times that. All answers that are held: as bodies.
   */
  judgedTextBytesMax: 8 * 1024 * 1024,
  judgedBytesMax: 256 * 1024 * 1024,

  /**
   * A call that states an `Idempotency-Key` keeps it for so long after it last said that it runs, ms, and
   * says so that often: a killed proxy's keys are stuck no longer, and a slow store frees none.
   */
  idempotencyLeaseMs: 30_000,
  idempotencyRenewMs: 10_000,
  /** What a call is told to wait whose first one runs, ms. */
  idempotencyRetryMs: 1_000,
  /** Ends of calls that the store could not be told and will be. */
  idempotencyUntoldMax: 1_000,
  /**
   * How long the end of an answer waits until it is noted whose the objects are that it names, ms; how many such
   * notes are made later, and how often, ms.
   */
  storedWaitMs: 1_000,
  storedUntoldMax: 1_000,
  storedRetryMs: 2_000,
  /**
   * How often it is looked for background responses whose turn it is, ms; how many at once; how long one that is
   * looked at is left to its proxy, ms: longer than a provider may take to answer. A response is asked for when
   * it has gone on for another tenth of its time, within these, and for a day: OpenAI keeps one for 10 minutes at
   * least, and ends it within hours.
   */
  backgroundPollMs: 1_000,
  backgroundAtOnceMax: 16,
  backgroundLeaseMs: 90_000,
  backgroundPauseMs: { first: 2_000, max: 60_000 },
  backgroundAgeMsMax: 24 * 3_600_000,
  /**
   * Largest answer that is kept for a repetition, bytes: as a stream, some 5,000 tokens. And of all calls
   * that run: what is more is not kept.
   */
  replayBytesMax: 1024 * 1024,
  replaysHeldBytesMax: 256 * 1024 * 1024,

  /**
   * `GET /v1/me` is worked out for a key once in this time, ms, for so many keys at once (one more gets
   * 503), and the answers of so many keys are kept, some KB each.
   */
  meKeptMs: 1_000,
  meRunningMax: 32,
  meKeysMax: 1_000,
  /** Budget windows that it remembers as it last read them: what it reads next is what is new. */
  meWindowsMax: 1_000,
  /** How long it waits for what the billing API knows of a key's usage, ms. */
  meUsageWaitMs: 1_500,

  /** Records that the journal may hold for the log; beyond it 503, nothing is dropped. */
  outboxRecordsMax: 1_000_000,
  /**
   * Writes that may wait for the disk; beyond it 503. Otherwise, while a disk stalls, refusals
   * would take the room that calls in flight need for their ends.
   */
  journalWritesMax: 32_768,
  /** Records per append to the log. */
  shipBatchRecordsMax: 1_000,
  /**
   * Pause after a batch that was not full, ms: what gathers meanwhile shares one append. 50 ms was not
   * cheaper, and its batches took more memory.
   */
  shipIdleMs: 20,
  /** Pause after a failed append to the log, ms, doubled up to the maximum. */
  shipRetryMs: { first: 50, max: 5_000 },

  /** A proxy whose disk has less room than this is not ready, bytes: a segment of the journal or two. */
  diskFreeBytesMin: 64 * 1024 * 1024,
  /** A provider is ill after so many failures in a row, and for so long after the last one, ms. */
  illAfterFailures: 5,
  illForMs: 15_000,
  /** A deployment of a route is left alone after so many failures in a row. */
  breakerFailures: 5,
  /**
   * For so long, ms, and twice as long after each try that fails, up to the maximum: a call every minute
   * is what it costs to learn that a provider serves again.
   */
  coolDownMs: 5_000,
  coolDownMsMax: 60_000,
  /** What was seen of a deployment's latency counts a third after so long, ms: as Finagle has it. */
  latencyForgetMs: 10_000,
  /** A failure counts as an answer that took so long, ms: failing fast is not being fast. */
  failureLatencyMs: 10_000,
  /** The first wait of a retry is up to so long, ms, each next one up to twice as long. */
  retryBackoffMs: 250,
  /** A retry that would wait longer, ms, is left to the client: its own library waits as long. */
  retryWaitMsMax: 10_000,
  /**
   * Of an answer that may still be replaced by another candidate's, bytes that wait: an error's body, or
   * what comes of a stream before its first token.
   */
  heldBackBytesMax: 64 * 1024,
  /**
   * An answer of a cascade that waits until it is judged, bytes, and those of all calls: the longest outputs
   * take half a megabyte, and as a stream of chunks several times that; beyond it an answer is given as it is.
   */
  cascadeAnswerBytesMax: 4 * 1024 * 1024,
  cascadeBytesMax: 64 * 1024 * 1024,

  /**
   * A cause of upstream failures is logged once, then with its number at the end of each window, ms: an
   * outage is a line a minute. Causes at once; a provider may make up statuses, so more are one cause.
   */
  failureWindowMs: 60_000,
  failureCausesMax: 128,
  /**
   * Models that metrics count by name, and codes (statuses of a provider, kinds of errors) of one
   * counter; beyond them `other`. A model has 60 lines of `/metrics`, so a proxy has 0.7 MB of them at most.
   */
  metricModelsMax: 100,
  metricCodesMax: 64,
  /** Customers that metrics count by name, where a token guards `/metrics`; beyond them `other`. */
  metricCustomersMax: 200,
  /** How long what `/readyz` found is given again, ms. */
  healthKeptMs: 100,

  /**
   * Lines of the access log gather for so long, ms; so many of them wait while they cannot be written
   * (1 KB each), and one more is dropped; one write has so many, 1 ms of text.
   */
  accessGatherMs: 100,
  accessLinesMax: 8_192,
  accessBatchMax: 512,
  /** A stop waits for the last lines so long, ms. */
  accessCloseMs: 1_000,
  /** Lost lines are said not more often than this, ms; `/metrics` counts them all. */
  accessLostEveryMs: 60_000,

  /**
   * Calls that have ended gather for so long for their traces, ms, or until a batch is full; so many of
   * them wait (1 KB each), and one more is dropped. A batch takes its thread some 20 ms.
   */
  traceGatherMs: 500,
  traceCallsMax: 8_192,
  traceBatchMax: 256,
  /** Of one batch, ms: the exporter itself tries again for 10 s. */
  traceSendTimeoutMs: 30_000,
  /** Heap of the thread that sends, MiB: the SDK and a batch take some 20. */
  traceHeapMib: 128,
  /** A stop waits for the last spans so long, ms. */
  traceCloseMs: 2_000,
  /** Lost spans are said not more often than this, ms; `/metrics` counts them all. */
  traceLostEveryMs: 60_000,

  /**
   * Payloads of keys that opted in: bodies up to so many bytes are kept, all that come in or wait up to so
   * many; they gather for so long, ms, and so many calls are a batch. The thread that redacts and writes
   * them has so long for one, ms, and so much heap, MiB.
   */
  payloadBodyBytesMax: 256 * 1024,
  payloadBytesMax: 64 * 1024 * 1024,
  payloadGatherMs: 200,
  payloadBatchMax: 32,
  payloadWriteTimeoutMs: 10_000,
  payloadHeapMib: 256,
  /** A stop waits for the last of them so long, ms. */
  payloadCloseMs: 2_000,
  /** Lost ones are said not more often than this, ms; `/metrics` counts them all. */
  payloadLostEveryMs: 60_000,

  /** How often the locks of other instances are tried, ms. */
  takeoverEveryMs: 5_000,

  /** SIGTERM: running calls may finish within this, ms. */
  drainTimeoutMs: 30_000,
};

/** @throws Error naming the relation that does not hold */
export function assertLimits(limits: ProxyLimits): void {
  const relations: [boolean, string][] = [
    [limits.ledgerStaleSoftMs < limits.ledgerStaleMaxMs, 'ledgerStaleSoftMs < ledgerStaleMaxMs'],
    [limits.answerTailBytes < limits.heldAnswerBytesMax, 'answerTailBytes < heldAnswerBytesMax'],
    [
      limits.parsedAnswerBytesMax <= limits.heldAnswerBytesMax,
      'parsedAnswerBytesMax <= heldAnswerBytesMax',
    ],
    [
      limits.upstreamHeadersTimeoutMs < limits.attemptTimeoutMs,
      'upstreamHeadersTimeoutMs < attemptTimeoutMs',
    ],
    [limits.drainMsMax <= limits.attemptTimeoutMs, 'drainMsMax <= attemptTimeoutMs'],
    // A larger body could never be taken in.
    [
      limits.requestBodyBytesMax <= limits.bodyBytesPerKeyMax,
      'requestBodyBytesMax <= bodyBytesPerKeyMax',
    ],
    [
      limits.formBodyBytesMax <= limits.bodyBytesPerKeyMax,
      'formBodyBytesMax <= bodyBytesPerKeyMax',
    ],
    [limits.leaseSweepMs <= limits.leaseIdleMs, 'leaseSweepMs <= leaseIdleMs'],
    [
      limits.leaseScarceIdleMs + limits.leaseSweepMs < limits.leaseReturnWaitMs,
      'leaseScarceIdleMs + leaseSweepMs < leaseReturnWaitMs',
    ],
    [limits.grantTimeoutMs <= limits.grantsTimeoutMs, 'grantTimeoutMs <= grantsTimeoutMs'],
    [limits.leaseReturnWaitMs < limits.grantTimeoutMs, 'leaseReturnWaitMs < grantTimeoutMs'],
    [
      2 * limits.idempotencyRenewMs < limits.idempotencyLeaseMs,
      '2 × idempotencyRenewMs < idempotencyLeaseMs',
    ],
    [limits.rateWindowGuardMs < limits.rateWaitMs, 'rateWindowGuardMs < rateWaitMs'],
    // A call in flight writes its start and its end.
    [
      limits.journalWritesMax + 2 * limits.callsInFlightMax < QUEUE_MAX,
      'journalWritesMax + 2 × callsInFlightMax < the queue of the journal',
    ],
  ];
  for (const [holds, relation] of relations) {
    if (!holds) throw new Error(`limits: ${relation} does not hold`);
  }
}
