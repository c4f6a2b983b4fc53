/** Every bound of the Kafka log with its unit and its reason. */
export const kafkaLimits = {
  /** Connecting to one broker, ms: a host that is away must not stall the next one. */
  connectTimeoutMs: 3_000,
  /** One request to one broker, ms; a produce request has no other clock. */
  requestTimeoutMs: 10_000,
  /**
   * Tries of one send after the first. With the pauses below, a leader that is killed (3 s
   * measured) is waited out; a broker that is silent costs (1 + sendRetriesMax) × requestTimeoutMs
   * at worst.
   */
  sendRetriesMax: 8,
  /** Pause before a retry, ms, doubled up to the maximum. */
  retryPauseMs: { first: 100, max: 1_000 },
  /** How long a read, a commit or a look at the ends is retried before it is rejected, ms. */
  answerDeadlineMs: 30_000,

  /** Producers per open log; partitions are dealt out over them. Beyond 2, nothing is gained. */
  producersMax: 2,
  /** Records per send: kafkajs groups them in quadratic time, so more is slower. */
  sendRecordsMax: 1_000,
  /** Bytes of values per send, before compression. */
  sendBytesMax: 1024 * 1024,
  /** Bytes of one value: it must fit into a send. */
  valueBytesMax: 900 * 1024,
  /** A send waits this long for company, ms, unless it has `lingerRecordsMin` already. */
  lingerMs: 2,
  lingerRecordsMin: 100,
  /** Records and bytes of values that may wait to be sent; more is rejected at once. */
  queueRecordsMax: 50_000,
  queueBytesMax: 64 * 1024 * 1024,
  /** How long closing waits for the last sends, ms; then their appends are rejected. */
  closeTimeoutMs: 15_000,

  /** Bytes asked for in one fetch of one partition, as stored (compressed); one batch at least. */
  fetchBytesMax: 256 * 1024,
  /** Fetches under way at once: with a full answer each, they bound the memory of many readers. */
  fetchesMax: 8,
  /** Values read ahead and kept for the next read, bytes over all partitions. */
  readAheadBytesMax: 64 * 1024 * 1024,

  /** Bytes of a commit's metadata: the default of the broker's `offset.metadata.max.bytes`. */
  metadataBytesMax: 4_096,
  /** Commits must outlive a projector that is down; the broker's default is 7 days. ms. */
  commitRetentionMs: 10 * 365 * 24 * 3_600 * 1_000,

  /** A projector that is silent for this long loses its partitions, ms: above one slow insert. */
  groupSessionMs: 10_000,
  /** Sign of life to the group's coordinator, ms: several per session. */
  groupHeartbeatMs: 1_000,
  /** How long the others wait for a member when they meet again, ms. */
  groupRebalanceMs: 5_000,

  /** How long a new topic may take until every partition has a leader, ms. */
  topicReadyTimeoutMs: 30_000,
  topicReadyPollMs: 100,
};

export type KafkaLimits = typeof kafkaLimits;
