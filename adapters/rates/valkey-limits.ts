/** Every bound of the rates on Valkey with its unit and its reason. */
export const valkeyLimits = {
  /** Until a connection is made, TLS included, ms. */
  connectTimeoutMs: 2_000,
  /** One command, ms; beyond it its outcome is unknown, and what it granted is lost to its window. */
  commandTimeoutMs: 1_000,
  /** First and longest pause before the next connection, ms. */
  reconnectMs: { first: 50, max: 1_000 },
  /**
   * Slots are a proxy's own for so long after it claimed them, ms. It claims them again five times as
   * often, so a killed proxy's slots are free after 10 s, and a slow store frees none that run.
   */
  slotLeaseMs: 10_000,
  /** What the start of a server, stated in seconds, may be off by, ms. */
  uptimeErrorMs: 1_000,
};

export type ValkeyLimits = typeof valkeyLimits;
