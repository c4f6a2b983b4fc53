/**
 * The journal's tables and the only transactions on them. Synchronous: it runs inside the journal's
 * worker thread, in the instance that owns the journal or in the one that takes it over.
 *
 * I1: `started` rows are durable before the request is dispatched. I9: `finished` moves the attempt
 * to the outbox and adds to its leases' totals in one transaction, before the last byte leaves.
 * I3: a lease's total is deleted only after its settlement was read back from the ledger.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** Amounts are 1e-12 of the lease's unit, as text: they exceed SQLite's integers. */
export type Charge = { leaseId: string; amount: bigint };

export type LeaseRequest = {
  leaseId: string;
  stream: string;
  /** 'no_stream' or a revision as text. */
  expectedRevision: string;
  eventId: string;
  amount: bigint;
};

export type LeaseTotal = { leaseId: string; stream: string; amount: bigint; spent: bigint };

export type JournalWrite =
  | { op: 'started'; attemptId: string; event: string }
  | { op: 'finished'; attemptId: string; partition: number; event: string; charges: Charge[] }
  /** A record that had no start: a refusal, a cache hit. */
  | { op: 'recorded'; partition: number; event: string }
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

/**
 * Tables of large rows have integer keys that grow: new rows fill the last page, and none spills
 * into overflow pages, as a row of 1 kB in a `WITHOUT ROWID` table would.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS attempt (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, event TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY, partition INTEGER NOT NULL, value TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS lease_request (
    lease_id TEXT PRIMARY KEY, stream TEXT NOT NULL, expected_revision TEXT NOT NULL,
    event_id TEXT NOT NULL, amount TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS lease (
    lease_id TEXT PRIMARY KEY, stream TEXT NOT NULL, amount TEXT NOT NULL,
    spent TEXT NOT NULL) WITHOUT ROWID;
`;

export class JournalStore {
  readonly #db: DatabaseSync;
  readonly #leases = new Map<string, LeaseTotal>();
  readonly #dirtyLeases = new Set<string>();
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #insertAttempt: StatementSync;
  readonly #deleteAttempt: StatementSync;
  readonly #insertOutbox: StatementSync;
  readonly #saveLease: StatementSync;
  readonly #selectOutbox: StatementSync;
  readonly #deleteShipped: StatementSync;
  /** Where each unfinished attempt stands in the file. */
  readonly #attempts = new Map<string, number>();
  #nextSeq = 1;
  #outboxRecords = 0;

  constructor(path: string, busyTimeoutMs: number) {
    this.#db = new DatabaseSync(path, { timeout: busyTimeoutMs });
    this.#db.exec(
      'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000;',
    );
    this.#db.exec(SCHEMA);
    this.#begin = this.#db.prepare('BEGIN IMMEDIATE');
    this.#commit = this.#db.prepare('COMMIT');
    this.#insertAttempt = this.#db.prepare('INSERT INTO attempt VALUES (?, ?, ?)');
    this.#deleteAttempt = this.#db.prepare('DELETE FROM attempt WHERE seq = ?');
    this.#insertOutbox = this.#db.prepare('INSERT INTO outbox VALUES (?, ?, ?)');
    this.#saveLease = this.#db.prepare(
      'INSERT OR REPLACE INTO lease (lease_id, stream, amount, spent) VALUES (?, ?, ?, ?)',
    );
    this.#selectOutbox = this.#db.prepare(
      'SELECT seq, partition, CAST(value AS BLOB) AS value FROM outbox ORDER BY seq LIMIT ?',
    );
    this.#deleteShipped = this.#db.prepare('DELETE FROM outbox WHERE seq <= ?');
    this.#load();
  }

  /** How many finished records wait for the log. */
  get outboxRecords(): number {
    return this.#outboxRecords;
  }

  /** All writes in one durable transaction, or none of them. */
  apply(writes: readonly JournalWrite[]): void {
    this.#begin.run();
    try {
      for (const write of writes) this.#write(write);
      for (const leaseId of this.#dirtyLeases) this.#store(leaseId);
      this.#commit.run();
    } catch (error) {
      this.#db.exec('ROLLBACK');
      this.#load();
      throw error;
    } finally {
      this.#dirtyLeases.clear();
    }
  }

  /** The oldest finished records that were not shipped yet. */
  outbox(limit: number): OutboxPage {
    const rows = this.#selectOutbox.all(limit);
    const values = rows.map((row) => row['value'] as Uint8Array);
    const page = {
      seqs: Float64Array.from(rows, (row) => Number(row['seq'])),
      partitions: Int32Array.from(rows, (row) => Number(row['partition'])),
      lengths: Int32Array.from(values, (value) => value.length),
    };
    const all = new Uint8Array(values.reduce((sum, value) => sum + value.length, 0));
    let at = 0;
    for (const value of values) {
      all.set(value, at);
      at += value.length;
    }
    return { ...page, values: all };
  }

  contents(): JournalContents {
    const unfinished = this.#db.prepare('SELECT id, event FROM attempt ORDER BY id').all();
    const requests = this.#db.prepare('SELECT * FROM lease_request').all();
    return {
      unfinished: unfinished.map((row) => ({
        attemptId: String(row['id']),
        event: String(row['event']),
      })),
      leaseRequests: requests.map((row) => ({
        leaseId: String(row['lease_id']),
        stream: String(row['stream']),
        expectedRevision: String(row['expected_revision']),
        eventId: String(row['event_id']),
        amount: BigInt(String(row['amount'])),
      })),
      leases: this.#readLeases(),
      outboxRecords: this.#outboxRecords,
    };
  }

  close(): void {
    this.#db.close();
  }

  #write(write: JournalWrite): void {
    switch (write.op) {
      case 'started':
        return this.#start(write.attemptId, write.event);
      case 'finished':
        this.#finish(write.attemptId, write.charges);
        return this.#record(write.partition, write.event);
      case 'recorded':
        return this.#record(write.partition, write.event);
      case 'lease_requested':
        this.#requestLease(write.request);
        return;
      case 'lease_granted':
        this.#grantLease(write.leaseId);
        return;
      case 'lease_refused':
        this.#db.prepare('DELETE FROM lease_request WHERE lease_id = ?').run(write.leaseId);
        return;
      case 'lease_forgotten':
        this.#leases.delete(write.leaseId);
        this.#dirtyLeases.delete(write.leaseId);
        this.#db.prepare('DELETE FROM lease WHERE lease_id = ?').run(write.leaseId);
        return;
      case 'shipped':
        return this.#forgetShipped(write.uptoSeq);
      default:
        return write satisfies never;
    }
  }

  #start(attemptId: string, event: string): void {
    if (this.#attempts.has(attemptId)) throw new Error(`attempt ${attemptId} is started twice`);
    this.#attempts.set(attemptId, this.#nextSeq);
    this.#insertAttempt.run(this.#nextSeq++, attemptId, event);
  }

  #record(partition: number, event: string): void {
    this.#insertOutbox.run(this.#nextSeq++, partition, event);
    this.#outboxRecords++;
  }

  #forgetShipped(uptoSeq: number): void {
    const { changes } = this.#deleteShipped.run(uptoSeq);
    this.#outboxRecords -= Number(changes);
  }

  #finish(attemptId: string, charges: readonly Charge[]): void {
    const seq = this.#attempts.get(attemptId);
    if (seq === undefined) throw new Error(`attempt ${attemptId} is finished and was not started`);
    this.#attempts.delete(attemptId);
    this.#deleteAttempt.run(seq);
    for (const { leaseId, amount } of charges) {
      const lease = this.#leases.get(leaseId);
      if (lease === undefined) throw new Error(`attempt ${attemptId} charges no lease ${leaseId}`);
      lease.spent += amount;
      this.#dirtyLeases.add(leaseId);
    }
  }

  #requestLease(request: LeaseRequest): void {
    this.#db
      .prepare('INSERT INTO lease_request VALUES (?, ?, ?, ?, ?)')
      .run(
        request.leaseId,
        request.stream,
        request.expectedRevision,
        request.eventId,
        String(request.amount),
      );
  }

  #grantLease(leaseId: string): void {
    const row = this.#db
      .prepare('DELETE FROM lease_request WHERE lease_id = ? RETURNING stream, amount')
      .get(leaseId);
    if (row === undefined) throw new Error(`lease ${leaseId} is granted and was not requested`);
    const amount = BigInt(String(row['amount']));
    this.#leases.set(leaseId, { leaseId, stream: String(row['stream']), amount, spent: 0n });
    this.#dirtyLeases.add(leaseId);
  }

  #store(leaseId: string): void {
    const lease = this.#leases.get(leaseId);
    if (lease === undefined) return;
    this.#saveLease.run(leaseId, lease.stream, String(lease.amount), String(lease.spent));
  }

  /** What is kept in memory is what the file says: at the start and after a rollback. */
  #load(): void {
    const outbox = this.#db.prepare('SELECT count(*) AS n, max(seq) AS last FROM outbox').get();
    this.#outboxRecords = Number(outbox?.['n'] ?? 0);
    this.#nextSeq = Math.max(this.#nextSeq, Number(outbox?.['last'] ?? 0) + 1);
    this.#attempts.clear();
    for (const row of this.#db.prepare('SELECT seq, id FROM attempt').all()) {
      const seq = Number(row['seq']);
      this.#attempts.set(String(row['id']), seq);
      this.#nextSeq = Math.max(this.#nextSeq, seq + 1);
    }
    this.#leases.clear();
    for (const lease of this.#readLeases()) this.#leases.set(lease.leaseId, lease);
  }

  #readLeases(): LeaseTotal[] {
    const rows = this.#db.prepare('SELECT lease_id, stream, amount, spent FROM lease').all();
    return rows.map((row) => ({
      leaseId: String(row['lease_id']),
      stream: String(row['stream']),
      amount: BigInt(String(row['amount'])),
      spent: BigInt(String(row['spent'])),
    }));
  }
}
