/** Every bound of the processes in which guests' queries run, with its unit and its reason. */
export const guestLimits = {
  /** Processes at once, each with one query: a kill ends the query of one guest, never two. */
  processes: 2,
  /** Guests that may wait for one: each query may take all of its time. */
  queueMax: 8,

  /**
   * Added to our own niceness: where processors are few, calls and the meter come before a guest's query,
   * whose time limit goes on meanwhile.
   */
  niceness: 10,

  /** From the start of a process to its first answer, ms: 0.2 s, more where the machine is busy. */
  startTimeoutMs: 30_000,
  /** To let go of an old snapshot or to take in a new one, ms: some 0.1 s for a million events. */
  snapshotTimeoutMs: 30_000,
  /** How long a query may go on after its own time limit, ms: then the engine has not noticed it. */
  graceMs: 2_000,
  /** To parse a query, ms. */
  parseTimeoutMs: 5_000,

  /**
   * Memory of a process, bytes: 0.4 GiB for the engine and 0.5 GiB for the query, which the engine counts
   * itself; it does not count constants and time zones.
   */
  rssBytesMax: 1_280 * 1024 * 1024,
  /** A process that has more than this after its query is not used again, bytes. */
  rssKeepBytesMax: 768 * 1024 * 1024,
  /** How often its memory is looked at while a query runs, ms. */
  rssPollMs: 50,
  /** After this without a query a process ends, ms, because it has some 0.3 GiB. */
  idleMs: 60_000,
};

export type GuestLimits = typeof guestLimits;
