/**
 * A group of writes as bytes. The bytes that cross to the journal's worker are the bytes of the
 * file, so the hot path encodes once and clones nothing. Integers are little-endian; a text is its
 * length in bytes (u32) and UTF-8; amounts are decimal texts, because they exceed 64 bits.
 *
 * The worker never decodes the bytes of an event: a decoded record says where they are.
 */
import type { Charge, JournalWrite, LeaseRequest, LeaseTotal } from './journal-writes.ts';

/** Room in front of every group, which the segment fills in when it is written. */
export const GROUP_HEADER_BYTES = 20;
const FORMAT_VERSION = 1;
const FIRST_BUFFER_BYTES = 64 * 1024;
/** UTF-8 takes at most three bytes for one UTF-16 unit. */
const BYTES_PER_UNIT_MAX = 3;
const ASCII_MAX = 0x7f;
/** UTF-16 units. */
const SHORT_LENGTH_MAX = 64;

const OP = {
  checkpoint: 0,
  started: 1,
  finished: 2,
  recorded: 3,
  lease_requested: 4,
  lease_granted: 5,
  lease_refused: 6,
  lease_forgotten: 7,
  shipped: 8,
  lease_total: 9,
  /** A lease that is requested together with the opening of its window. */
  first_lease_requested: 10,
  /** What the finished attempts of a group charge, lease by lease: its last write. */
  charges: 11,
} as const;

/** A segment with finished records: at least one, numbered without a gap. */
export type RecordSegment = { id: number; endBytes: number; firstSeq: number; lastSeq: number };

/** What begins every segment; unfinished attempts, requests and totals follow in the same group. */
export type Checkpoint = {
  nextSeq: number;
  shippedSeq: number;
  /** Segments with records that were not shipped yet, oldest first. */
  older: RecordSegment[];
};

/** Where an event's bytes are in the buffer that was decoded. */
export type Place = { at: number; length: number };

export type JournalRecord =
  | ({ op: 'checkpoint' } & Checkpoint)
  | { op: 'started'; attemptId: string; event: Place }
  | { op: 'finished'; attemptId: string; partition: number; event: Place; charges: Charge[] }
  | { op: 'recorded'; partition: number; event: Place }
  | { op: 'charges'; charges: Charge[] }
  | { op: 'lease_total'; total: LeaseTotal }
  | Exclude<JournalWrite, { event: string }>;

type Finished = { attemptId: string; partition: number; event: string; charges: Charge[] };

/** Gathers writes in one growing buffer, after the room for a header. */
export class GroupWriter {
  #buffer: Buffer<SharedArrayBuffer>;
  #length = GROUP_HEADER_BYTES;
  /** By lease: a group holds many attempts, and they charge the same few leases. */
  readonly #charged = new Map<string, bigint>();

  /** @param buffer one to use again */
  constructor(buffer?: SharedArrayBuffer) {
    this.#buffer = Buffer.from(buffer ?? new SharedArrayBuffer(FIRST_BUFFER_BYTES));
  }

  /** With the header's room; without what its attempts charge. */
  get lengthBytes(): number {
    return this.#length;
  }

  /** It is another one once the group outgrows it. */
  get buffer(): SharedArrayBuffer {
    return this.#buffer.buffer;
  }

  /**
   * Ends the group.
   *
   * @returns the whole buffer; its first `lengthBytes` are the group, with the header's room
   */
  end(): { buffer: SharedArrayBuffer; lengthBytes: number } {
    if (this.#charged.size > 0) {
      this.#byte(OP.charges);
      this.#charges(this.#charged);
      this.#charged.clear();
    }
    return { buffer: this.buffer, lengthBytes: this.#length };
  }

  /** @throws RangeError if a number does not fit; nothing of the write is kept then */
  add(write: JournalWrite): void {
    const before = this.#length;
    try {
      this.#add(write);
    } catch (error) {
      this.#length = before;
      throw error;
    }
  }

  #add(write: JournalWrite): void {
    switch (write.op) {
      case 'started':
        return this.#started(write);
      case 'finished':
        return this.#finished(write);
      case 'charged':
        // Both are in one group, so a crash finds both or none.
        // seam: charged-record-is-one-write
        this.#started(write);
        return this.#finished(write);
      case 'recorded':
        this.#byte(OP.recorded);
        this.#uint(write.partition);
        return this.#text(write.event);
      case 'lease_requested':
        return this.#request(write.request);
      case 'lease_granted':
      case 'lease_refused':
      case 'lease_forgotten':
        this.#byte(OP[write.op]);
        return this.#text(write.leaseId);
      case 'shipped':
        this.#byte(OP.shipped);
        return this.#double(write.uptoSeq);
      default:
        return write satisfies never;
    }
  }

  addCheckpoint({ nextSeq, shippedSeq, older }: Checkpoint): void {
    this.#byte(OP.checkpoint);
    this.#byte(FORMAT_VERSION);
    this.#double(nextSeq);
    this.#double(shippedSeq);
    this.#uint(older.length);
    for (const { id, endBytes, firstSeq, lastSeq } of older) {
      this.#uint(id);
      this.#double(endBytes);
      this.#double(firstSeq);
      this.#double(lastSeq);
    }
  }

  /** A start, copied from another segment. @returns where its event is in this buffer */
  addStarted(attemptId: string, event: Uint8Array): Place {
    this.#byte(OP.started);
    this.#text(attemptId);
    this.#uint(event.length);
    this.#room(event.length);
    const at = this.#length;
    this.#buffer.set(event, at);
    this.#length += event.length;
    return { at, length: event.length };
  }

  addLeaseTotal({ leaseId, stream, amount, spent }: LeaseTotal): void {
    this.#byte(OP.lease_total);
    this.#text(leaseId);
    this.#text(stream);
    this.#text(String(amount));
    this.#text(String(spent));
  }

  #started({ attemptId, event }: { attemptId: string; event: string }): void {
    this.#byte(OP.started);
    this.#text(attemptId);
    this.#text(event);
  }

  #finished({ attemptId, partition, event, charges }: Finished): void {
    this.#byte(OP.finished);
    this.#text(attemptId);
    this.#uint(partition);
    this.#text(event);
    // Earlier versions wrote them here, attempt by attempt.
    this.#uint(0);
    // seam: group-charges-add-up
    for (let index = 0; index < charges.length; index++) {
      const { leaseId, amount } = charges[index] as Charge;
      const before = this.#charged.get(leaseId);
      this.#charged.set(leaseId, before === undefined ? amount : before + amount);
    }
  }

  #charges(charges: ReadonlyMap<string, bigint>): void {
    this.#uint(charges.size);
    for (const [leaseId, amount] of charges) {
      this.#text(leaseId);
      this.#text(String(amount));
    }
  }

  #request({ leaseId, stream, expectedRevision, eventId, amount, opening }: LeaseRequest): void {
    this.#byte(opening === null ? OP.lease_requested : OP.first_lease_requested);
    this.#text(leaseId);
    this.#text(stream);
    this.#text(expectedRevision);
    this.#text(eventId);
    this.#text(String(amount));
    if (opening !== null) this.#text(opening);
  }

  #byte(value: number): void {
    this.#room(1);
    this.#buffer[this.#length++] = value;
  }

  #uint(value: number): void {
    this.#room(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  #double(value: number): void {
    this.#room(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  #text(value: string): void {
    this.#room(4 + value.length * BYTES_PER_UNIT_MAX);
    const at = this.#length + 4;
    const bytes = this.#ascii(value, at) ? value.length : this.#buffer.write(value, at, 'utf8');
    this.#buffer.writeUInt32LE(bytes, this.#length);
    this.#length = at + bytes;
  }

  /** Ids and amounts: for so few letters, to ask the runtime takes longer. @returns false: it is none */
  #ascii(value: string, at: number): boolean {
    const { length } = value;
    if (length > SHORT_LENGTH_MAX) return false;
    const buffer = this.#buffer;
    for (let index = 0; index < length; index++) {
      const unit = value.charCodeAt(index);
      if (unit > ASCII_MAX) return false;
      buffer[at + index] = unit;
    }
    return true;
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.from(new SharedArrayBuffer(Math.max(needed, this.#buffer.length * 2)));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

/** Reads a group's writes one by one, from `at` to the end of the buffer. */
export class GroupReader {
  readonly #buffer: Buffer;
  #at: number;

  constructor(buffer: Buffer, at: number) {
    this.#buffer = buffer;
    this.#at = at;
  }

  /** @throws Error if the bytes are not what a `GroupWriter` made */
  next(): JournalRecord | null {
    if (this.#at === this.#buffer.length) return null;
    const op = this.#byte();
    switch (op) {
      case OP.started:
        return { op: 'started', attemptId: this.#text(), event: this.#place() };
      case OP.finished:
        return {
          op: 'finished',
          attemptId: this.#text(),
          partition: this.#uint(),
          event: this.#place(),
          charges: this.#charges(),
        };
      case OP.charges:
        return { op: 'charges', charges: this.#charges() };
      case OP.recorded:
        return { op: 'recorded', partition: this.#uint(), event: this.#place() };
      case OP.lease_requested:
        return { op: 'lease_requested', request: { ...this.#request(), opening: null } };
      case OP.first_lease_requested:
        return { op: 'lease_requested', request: { ...this.#request(), opening: this.#text() } };
      case OP.lease_granted:
        return { op: 'lease_granted', leaseId: this.#text() };
      case OP.lease_refused:
        return { op: 'lease_refused', leaseId: this.#text() };
      case OP.lease_forgotten:
        return { op: 'lease_forgotten', leaseId: this.#text() };
      case OP.shipped:
        return { op: 'shipped', uptoSeq: this.#double() };
      case OP.lease_total:
        return { op: 'lease_total', total: this.#total() };
      case OP.checkpoint:
        return { op: 'checkpoint', ...this.#checkpoint() };
      default:
        throw new Error(`a group of writes has an unknown one: ${op}`);
    }
  }

  #checkpoint(): Checkpoint {
    const version = this.#byte();
    if (version !== FORMAT_VERSION) {
      throw new Error(`the journal has format ${version}; this version reads ${FORMAT_VERSION}`);
    }
    const [nextSeq, shippedSeq] = [this.#double(), this.#double()];
    const older = Array.from({ length: this.#uint() }, () => ({
      id: this.#uint(),
      endBytes: this.#double(),
      firstSeq: this.#double(),
      lastSeq: this.#double(),
    }));
    return { nextSeq, shippedSeq, older };
  }

  #charges(): Charge[] {
    const charges: Charge[] = [];
    for (let left = this.#uint(); left > 0; left--) {
      charges.push({ leaseId: this.#text(), amount: BigInt(this.#text()) });
    }
    return charges;
  }

  #request(): Omit<LeaseRequest, 'opening'> {
    return {
      leaseId: this.#text(),
      stream: this.#text(),
      expectedRevision: this.#text(),
      eventId: this.#text(),
      amount: BigInt(this.#text()),
    };
  }

  #total(): LeaseTotal {
    const [leaseId, stream] = [this.#text(), this.#text()];
    return { leaseId, stream, amount: BigInt(this.#text()), spent: BigInt(this.#text()) };
  }

  #byte(): number {
    return this.#buffer.readUInt8(this.#take(1));
  }

  #uint(): number {
    return this.#buffer.readUInt32LE(this.#take(4));
  }

  #double(): number {
    return this.#buffer.readDoubleLE(this.#take(8));
  }

  #text(): string {
    const { at, length } = this.#place();
    return this.#buffer.toString('utf8', at, at + length);
  }

  #place(): Place {
    const length = this.#uint();
    return { at: this.#take(length), length };
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#buffer.length) throw new Error('a group of writes ends early');
    this.#at = at + bytes;
    return at;
  }
}
