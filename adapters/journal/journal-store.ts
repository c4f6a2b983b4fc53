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

export type OutboxRecord = { seq: number; partition: number; value: Uint8Array };
export type UnfinishedAttempt = { attemptId: string; event: string };

export type JournalContents = {
  unfinished: UnfinishedAttempt[];
  leaseRequests: LeaseRequest[];
  leases: LeaseTotal[];
  outboxRecords: number;
};

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS attempt (id TEXT PRIMARY KEY, event TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, partition INTEGER NOT NULL, value BLOB NOT NULL);
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
  readonly #insertAttempt: StatementSync;
  readonly #deleteAttempt: StatementSync;
  readonly #insertOutbox: StatementSync;
  readonly #saveLease: StatementSync;
  #outboxRecords = 0;

  constructor(path: string, busyTimeoutMs: number) {
    this.#db = new DatabaseSync(path, { timeout: busyTimeoutMs });
    this.#db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;');
    this.#db.exec(SCHEMA);
    this.#insertAttempt = this.#db.prepare('INSERT INTO attempt (id, event) VALUES (?, ?)');
    this.#deleteAttempt = this.#db.prepare('DELETE FROM attempt WHERE id = ?');
    this.#insertOutbox = this.#db.prepare('INSERT INTO outbox (partition, value) VALUES (?, ?)');
    this.#saveLease = this.#db.prepare(
      'INSERT OR REPLACE INTO lease (lease_id, stream, amount, spent) VALUES (?, ?, ?, ?)',
    );
    this.#load();
  }

  /** How many finished records wait for the log. */
  get outboxRecords(): number {
    return this.#outboxRecords;
  }

  /** All writes in one durable transaction, or none of them. */
  apply(writes: readonly JournalWrite[]): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const write of writes) this.#write(write);
      for (const leaseId of this.#dirtyLeases) this.#store(leaseId);
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      this.#load();
      throw error;
    } finally {
      this.#dirtyLeases.clear();
    }
  }

  /** The oldest finished records that were not shipped yet. */
  outbox(limit: number): OutboxRecord[] {
    const rows = this.#db
      .prepare('SELECT seq, partition, value FROM outbox ORDER BY seq LIMIT ?')
      .all(limit);
    return rows.map((row) => ({
      seq: Number(row['seq']),
      partition: Number(row['partition']),
      value: row['value'] as Uint8Array,
    }));
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
        this.#insertAttempt.run(write.attemptId, write.event);
        return;
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

  #record(partition: number, event: string): void {
    this.#insertOutbox.run(partition, Buffer.from(event));
    this.#outboxRecords++;
  }

  #forgetShipped(uptoSeq: number): void {
    const { changes } = this.#db.prepare('DELETE FROM outbox WHERE seq <= ?').run(uptoSeq);
    this.#outboxRecords -= Number(changes);
  }

  #finish(attemptId: string, charges: readonly Charge[]): void {
    const { changes } = this.#deleteAttempt.run(attemptId);
    if (changes !== 1) throw new Error(`attempt ${attemptId} is finished and was not started`);
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
    const outbox = this.#db.prepare('SELECT count(*) AS n FROM outbox').get();
    this.#outboxRecords = Number(outbox?.['n'] ?? 0);
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
