/** Every bound of the warehouse on ClickHouse with its unit and its reason. */
import { FILE_SECONDS_MAX, QUERY_SECONDS_MAX } from './statement-settings.ts';

export const clickhouseLimits = {
  /** Until a connection is made, TLS included, ms. */
  connectTimeoutMs: 3_000,
  /** One SELECT with everything, ms: the engine stops it itself before that. */
  readTimeoutMs: (QUERY_SECONDS_MAX + 5) * 1_000,
  /** One command or insert, ms. Beyond it the outcome is unknown and the caller is told so. */
  writeTimeoutMs: 60_000,
  /** A statement for a whole cluster, ms: the server waits 180 s for all hosts. */
  clusterStatementTimeoutMs: 200_000,

  /** How long a SELECT whose connection failed is tried again, ms: a restart of the server. */
  readRetryMs: 5_000,
  /** Pause before the next try, ms, doubled up to the maximum. */
  retryPauseMs: { first: 50, max: 1_000 },

  /** SELECTs of ours under way at once, each with a connection of its own. */
  reads: 8,
  /** SELECTs that may wait; beyond it the caller is told at once. */
  readQueueMax: 256,
  /** SELECTs that others wrote under way at once, so that these never keep ours waiting. */
  guests: 2,
  /** Of those, how many may wait: each may take its whole time. */
  guestQueueMax: 8,
  /** Files under way at once, and waiting: each keeps its connection for as long as its reader takes. */
  files: 2,
  fileQueueMax: 8,
  /** Until a file is whole on the server, ms: the engine stops it itself before that. */
  fileTimeoutMs: (FILE_SECONDS_MAX + 5) * 1_000,
  /** How long a guest's query may go on after its own time limit, ms: then it is killed. */
  guestGraceMs: 2_000,
  /** To kill a statement, ms. */
  killTimeoutMs: 5_000,

  /**
   * An idle connection is closed after this, ms: below the server's `keep_alive_timeout` (3 s in
   * older versions), so that no insert goes out on a connection that the server is closing.
   */
  idleConnectionMs: 2_000,
  /** A running statement sends a header that often, ms, so that nothing between cuts it off. */
  progressIntervalMs: 10_000,
  /** All headers of an answer, bytes: one of progress is some 200. */
  headerBytesMax: 256 * 1024,
  /** Bytes of one insert: all rows or none holds for what the server takes as one block. */
  insertBytesMax: 128 * 1024 * 1024,
  /** Text that a command may answer with, bytes: one line per host of a cluster. */
  commandAnswerBytesMax: 1024 * 1024,
};

export type ClickhouseLimits = typeof clickhouseLimits;
