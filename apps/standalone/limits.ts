/** Every bound of the supervisor with its unit and its reason. */
export const supervisorLimits = {
  /** A child without a beat for this long is killed. Only time in which we ran ourselves counts. */
  beatTimeoutMs: 5_000,
  /**
   * A silent child that had a processor for a tenth of its silence is busy, not dead, and gets so
   * long: others may have had the rest. What blocks an event loop that long is a defect; killing it sooner would cut its calls.
   */
  busyTimeoutMs: 30_000,
  /** How often the beats are checked, ms. */
  watchEveryMs: 250,
  /** First and longest pause before a child is started again, ms; jittered by half. */
  restartMs: { first: 100, max: 5_000 },
  /** If one child dies this often within a minute, the supervisor ends. */
  deathsPerMinuteMax: 10,
  /** A child must be ready within this, ms: chDB opens a large warehouse slowly. */
  readyTimeoutMs: 60_000,
  /** A log of children, bytes; then it is moved away in the place of the one before. */
  logBytesMax: 64 * 1024 * 1024,
  /** How long a child may take to say what it measures, ms; one that is stopped or dead does not. */
  metricsAnswerMs: 1_000,
  /** Pause between two looks at what all measure, ms: a flood of scrapes costs ten a second. */
  metricsRestMs: 100,
  /** How often they are looked at if nobody scrapes, ms: what a killed process counted since is lost. */
  metricsLookMs: 5_000,
  /** Samples that are kept of ended processes, for each that was started again: some 4 MB. */
  endedSamplesMax: 20_000,
  /** A draining child is killed after this, ms. */
  stopTimeoutMs: 100_000,
  /** Room that the disk must have at the start, bytes: less, and the proxies are never ready. */
  diskFreeBytesMin: 64 * 1024 * 1024,
  /** What is written, and removed again, to see whether a folder can be written, bytes. */
  probeBytes: 65_536,
  /** npm passes Ctrl-C on, which the terminal has sent us already, ms: what npm may need for that. */
  signalEchoMs: 500,
};
