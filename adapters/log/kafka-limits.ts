/** Every bound of the Kafka log with its unit and its reason. */
export const kafkaLimits = {
  /** Connecting to one broker, ms: an unreachable host must not delay the next one. */
  connectTimeoutMs: 3_000,
  /** One request to one broker, ms; a produce request has no other timeout. */
  requestTimeoutMs: 10_000,
  /**
   * Retries of one send. With the pauses below they outlast a leader that is killed (3 s measured).
   * A silent broker costs at most (1 + sendRetriesMax) × requestTimeoutMs.
   */
  sendRetriesMax: 8,
  /** Pause before a retry, ms, doubled up to the maximum. */
  retryPauseMs: { first: 100, max: 1_000 },
  /** How long a read, a commit or a query of the ends is retried before it is rejected, ms. */
  answerDeadlineMs: 30_000,

  /** Producers per open log; partitions are divided among them. More than 2 gain nothing. */
  producersMax: 2,
  /** Records per send: kafkajs groups them in quadratic time, so more is slower. */
  sendRecordsMax: 1_000,
  /** Bytes of values per send, before compression. */
  sendBytesMax: 1024 * 1024,
  /** Bytes of one value: it must fit into a send. */
  valueBytesMax: 900 * 1024,
  /** A send waits this long for more records, ms, unless it already has `lingerRecordsMin`. */
  lingerMs: 2,
  lingerRecordsMin: 100,
  /** Records and bytes of values that may wait to be sent; more is rejected at once. */
  queueRecordsMax: 50_000,
  queueBytesMax: 64 * 1024 * 1024,
  /** How long closing waits for the last sends, ms; then their appends are rejected. */
  closeTimeoutMs: 15_000,

  /**
   * Bytes asked for in one fetch of one partition, as stored (compressed); at least one batch
   * comes.
   */
  fetchBytesMax: 256 * 1024,
  /** Fetches in flight at once: with a full answer each, they bound the memory of many readers. */
  fetchesMax: 8,
  /** Values read ahead and kept for the next read, bytes over all partitions. */
  readAheadBytesMax: 64 * 1024 * 1024,

  /** Bytes of a commit's metadata: the default of the broker's `offset.metadata.max.bytes`. */
  metadataBytesMax: 4_096,
  /**
   * How long commits are kept, ms: longer than a projector may be down. The broker's default is 7
   * days.
   */
  commitRetentionMs: 10 * 365 * 24 * 3_600 * 1_000,

  /** A projector that is silent for this long loses its partitions, ms: above one slow insert. */
  groupSessionMs: 10_000,
  /** Interval of heartbeats to the group's coordinator, ms: several per session. */
  groupHeartbeatMs: 1_000,
  /** How long the other members wait for one member in a rebalance, ms. */
  groupRebalanceMs: 5_000,

  /** How long a new topic may take until every partition has a leader, ms. */
  topicReadyTimeoutMs: 30_000,
  topicReadyPollMs: 100,
};

export type KafkaLimits = typeof kafkaLimits;
