/**
 * The state that a journal's writes add up to, as one fold. Writing a journal and reading it back
 * use the same fold. A write that contradicts an earlier one is refused, together with its whole
 * group.
 *
 * I9: an attempt's record and its charges are one write of one group. I3: a lease's total is
 * forgotten only by a separate write, made after the settlement was read back from the ledger.
 */
import { type Checkpoint, GroupReader, type JournalRecord, type Place } from './journal-codec.ts';
import type { Charge, JournalContents, LeaseRequest, LeaseTotal } from './journal-writes.ts';

/** A group holds a write that does not fit; nothing of the group is kept. */
export class WriteRefused extends Error {}

export class JournalState {
  /** Where the event of each unfinished attempt is in the current segment. */
  readonly attempts = new Map<string, Place>();
  readonly requests = new Map<string, LeaseRequest>();
  readonly leases = new Map<string, LeaseTotal>();
  /** The number of the next finished record. Records are numbered from 1 without a gap. */
  #nextSeq = 1;
  #shippedSeq = 0;

  get nextSeq(): number {
    return this.#nextSeq;
  }

  get shippedSeq(): number {
    return this.#shippedSeq;
  }

  /** How many finished records wait for the log. */
  get outboxRecords(): number {
    return this.#nextSeq - 1 - this.#shippedSeq;
  }

  /**
   * @param payloadAt where the payload begins in `group`
   * @param groupAt where the group begins in the segment
   * @returns the checkpoint, if the group has one
   * @throws WriteRefused after some of the writes: the state must then be read again
   */
  apply(group: Buffer, payloadAt: number, groupAt: number): Checkpoint | null {
    const reader = new GroupReader(group, payloadAt);
    let checkpoint: Checkpoint | null = null;
    for (let record = reader.next(); record !== null; record = reader.next()) {
      if (record.op === 'checkpoint') checkpoint = record;
      this.#apply(record, groupAt);
    }
    return checkpoint;
  }

  #apply(record: JournalRecord, groupAt: number): void {
    switch (record.op) {
      case 'started':
        return this.#start(record.attemptId, record.event, groupAt);
      case 'finished':
        return this.#finish(record.attemptId, record.charges);
      case 'charges':
        return this.#charge(record.charges);
      case 'recorded':
        this.#nextSeq++;
        return;
      case 'lease_requested':
        return this.#requestLease(record.request);
      case 'lease_granted':
        return this.#grantLease(record.leaseId);
      case 'lease_refused':
        this.requests.delete(record.leaseId);
        return;
      case 'lease_forgotten':
        this.leases.delete(record.leaseId);
        return;
      case 'shipped':
        return this.#ship(record.uptoSeq);
      case 'lease_total':
        this.leases.set(record.total.leaseId, record.total);
        return;
      case 'checkpoint':
        this.#nextSeq = record.nextSeq;
        this.#shippedSeq = record.shippedSeq;
        return;
      default:
        record satisfies never;
    }
  }

  #start(attemptId: string, { at, length }: Place, groupAt: number): void {
    if (this.attempts.has(attemptId)) refuse(`attempt ${attemptId} is started twice`);
    this.attempts.set(attemptId, { at: groupAt + at, length });
  }

  #finish(attemptId: string, charges: readonly Charge[]): void {
    if (!this.attempts.delete(attemptId)) {
      refuse(`attempt ${attemptId} is finished and was not started`);
    }
    this.#charge(charges);
    this.#nextSeq++;
  }

  #charge(charges: readonly Charge[]): void {
    for (const { leaseId, amount } of charges) {
      const lease = this.leases.get(leaseId);
      if (lease === undefined) refuse(`an attempt charges lease ${leaseId}, which is not there`);
      // seam: charge-adds-to-its-lease
      lease.spent += amount;
    }
  }

  #requestLease(request: LeaseRequest): void {
    const { leaseId } = request;
    if (this.requests.has(leaseId) || this.leases.has(leaseId)) {
      refuse(`lease ${leaseId} is requested twice`);
    }
    this.requests.set(leaseId, request);
  }

  #grantLease(leaseId: string): void {
    const request = this.requests.get(leaseId);
    if (request === undefined) refuse(`lease ${leaseId} is granted and was not requested`);
    this.requests.delete(leaseId);
    const { stream, amount } = request;
    this.leases.set(leaseId, { leaseId, stream, amount, spent: 0n });
  }

  #ship(uptoSeq: number): void {
    if (uptoSeq >= this.#nextSeq) refuse(`record ${uptoSeq} is shipped and was never finished`);
    this.#shippedSeq = Math.max(this.#shippedSeq, uptoSeq);
  }

  /** @param eventAt reads an event's text */
  contents(eventAt: (place: Place) => string): JournalContents {
    const unfinished = [...this.attempts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([attemptId, place]) => ({ attemptId, event: eventAt(place) }));
    return {
      unfinished,
      leaseRequests: [...this.requests.values()],
      leases: [...this.leases.values()],
      outboxRecords: this.outboxRecords,
    };
  }
}

function refuse(message: string): never {
  throw new WriteRefused(message);
}
