/**
 * Port: which partitions of a log a projector may own now. It only spreads the work. An owner that
 * has not yet heard that it lost a partition is stopped by the fence (docs/design.md, The fence),
 * not by this.
 */

export type Assignment = {
  /** Grows with every new distribution. */
  generation: number;
  partitions: readonly number[];
};

export type Ownership = {
  /** The last agreed distribution; no partitions while nothing is agreed. */
  current(): Assignment;
  /** Asks for a new distribution, unless one newer than `generation` exists already. */
  renew(generation: number): void;
  /** Gives everything back at once. */
  close(): Promise<void>;
};
