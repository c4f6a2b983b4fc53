/**
 * Every bound of the simulator, with its unit and its reason. A fake provider is driven by load
 * generators and by fault tests, so an unbounded buffer here would end the test run, not the test.
 */
export const limits = {
  /** The biggest prompt of a trace with a wide margin; larger bodies get 413. */
  requestBodyBytesMax: 32 * 1024 * 1024,
  /** The control endpoints take small objects only. */
  knobsBodyBytesMax: 64 * 1024,
  /** Calls being served at one time; a further one gets 503 and is not charged. */
  concurrentCallsMax: 10_000,
  /** Streams among them; each keeps a timer and a socket buffer. */
  concurrentStreamsMax: 4_000,
  /** Node's own bound on the time for a request's headers and whole body to arrive. */
  requestHeadersTimeoutMs: 30_000,
  requestBodyTimeoutMs: 120_000,
  /** Longer than any client pool keeps a socket, so that the client is the one that closes it. */
  keepAliveTimeoutMs: 75_000,
  /** A steered latency beyond this is a typing error, not a test. */
  latencyMsMax: 600_000,
  tokenPaceMsMax: 60_000,
  /** A stalled answer is cut off after this; a client without a time-out would hold it forever. */
  stallMsMax: 600_000,
  /** A reader that takes nothing for this long counts as gone. */
  writeStallMsMax: 120_000,
  /** Content that the `huge` fault adds; one string of this size still fits in memory easily. */
  hugeBytesMax: 64 * 1024 * 1024,
  /** Bytes gathered before one socket write of an unpaced stream. */
  streamBatchCharsMax: 16 * 1024,
  /** Most tokens per streamed chunk: one chunk must not be a whole answer by accident. */
  chunkTokensMax: 65_536,
  /** OpenAI's own bounds on `n`, on embedding inputs and on the size of a vector. */
  choicesMax: 128,
  embeddingInputsMax: 2_048,
  embeddingDimensionsMax: 3_072,
  /** What fills a schema: levels of objects and lists, below which no model was seen to nest. */
  schemaDepthMax: 40,
  /** Values in it, and characters in each string: an answer is cut at its tokens anyway. */
  schemaValuesMax: 4_000,
  schemaTextCharsMax: 4_096,
  /** From this depth, or this many values, on only what the schema requires is filled. */
  schemaOptionalDepthMax: 4,
  schemaOptionalValuesMax: 500,
  /** Tries for a further item or name that has to be another one. */
  schemaTriesMax: 64,
  /**
   * A regular expression of a schema. A harmless one takes microseconds; the clock runs on while other
   * processes have the processor.
   */
  patternMsMax: 3_000,
  /** What of a tool's result is said again. */
  resultCharsMax: 2_000,
  /** The largest count that a knob can state; far above every context window. */
  steeredTokensMax: 100_000_000,
  /** Searches of one call; real providers stop at a few dozen. */
  searchesMax: 1_000,
  /** Responses that can be retrieved; the oldest is forgotten for a further one. */
  storedResponsesMax: 1_000,
  storedCharsMax: 64 * 1024 * 1024,
  /** Header `x-client-request-id`; longer than any id that a client makes. */
  attemptIdCharsMax: 200,
  /** A line of a bill is below 1 KiB; a file with a longer one is not a bill. */
  billLineBytesMax: 16 * 1024,
  /** SIGTERM: how long running calls may go on before their sockets are closed. */
  drainMsMax: 10_000,
  /** startSimulator: from spawn to the ready line, and from SIGTERM to the exit. */
  startMsMax: 20_000,
  stopMsMax: 15_000,
} as const;
