/**
 * Port: which partitions of a log a projector may own now. It only spreads the work: an owner that
 * has not heard yet that it lost a partition is stopped by the fence (design §9), never by this.
 */

export type Assignment = {
  /** Grows with every new distribution. */
  generation: number;
  partitions: readonly number[];
};

export type Ownership = {
  /** What was agreed last; no partitions while nothing is agreed. */
  current(): Assignment;
  /** Asks for a new distribution, unless there is one that is newer than `generation` already. */
  renew(generation: number): void;
  /** Gives everything back at once. */
  close(): Promise<void>;
};
