/**
 * What is written to a journal and what it answers: the shapes that its users and its files share.
 */

/** Amounts are 1e-12 of the lease's unit. */
export type Charge = { leaseId: string; amount: bigint };

export type LeaseRequest = {
  leaseId: string;
  stream: string;
  /** 'no_stream' or a revision as text. */
  expectedRevision: string;
  eventId: string;
  amount: bigint;
  /** JSON of the event that opens the window: both are one append, at `no_stream`. null: it is open. */
  opening: string | null;
};

export type LeaseTotal = { leaseId: string; stream: string; amount: bigint; spent: bigint };

export type JournalWrite =
  | { op: 'started'; attemptId: string; event: string }
  | { op: 'finished'; attemptId: string; partition: number; event: string; charges: Charge[] }
  /** A record that had no start: a refusal, a cache hit. */
  | { op: 'recorded'; partition: number; event: string }
  /** The same, and it charges leases: a hit that costs something. Its start and its end are never apart. */
  | { op: 'charged'; attemptId: string; partition: number; event: string; charges: Charge[] }
  | { op: 'lease_requested'; request: LeaseRequest }
  | { op: 'lease_granted'; leaseId: string }
  | { op: 'lease_refused'; leaseId: string }
  | { op: 'lease_forgotten'; leaseId: string }
  | { op: 'shipped'; uptoSeq: number };

/**
 * A page of the outbox in one buffer, which moves between threads without a copy: record i has
 * `lengths[i]` bytes, one after another.
 */
export type OutboxPage = {
  seqs: Float64Array;
  partitions: Int32Array;
  lengths: Int32Array;
  values: Uint8Array<ArrayBuffer>;
};

export type OutboxRecord = { seq: number; partition: number; value: Uint8Array };
export type UnfinishedAttempt = { attemptId: string; event: string };

export type JournalContents = {
  unfinished: UnfinishedAttempt[];
  leaseRequests: LeaseRequest[];
  leases: LeaseTotal[];
  outboxRecords: number;
};
