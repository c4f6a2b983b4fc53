/**
 * A journal on its files (ADR 0003). Synchronous: it runs inside the journal's worker thread, in the
 * instance that owns the journal or in the one that takes it over.
 *
 * The newest segment is the journal: it begins with a checkpoint of the whole state, and the groups
 * after it change that state. Older segments are kept for finished records that the log does not
 * have yet, and are then reused. I1: `started` is durable before the request is dispatched. I9: a
 * finished attempt and its charges are durable before the last byte leaves.
 */
import { GROUP_HEADER_BYTES, GroupWriter, type RecordSegment } from './journal-codec.ts';
import { JournalFolder } from './journal-folder.ts';
import { Outbox } from './journal-outbox.ts';
import { assertPresent, replayNewest } from './journal-replay.ts';
import { SegmentReader, SegmentWriter } from './journal-segment.ts';
import { JournalState, WriteRefused } from './journal-state.ts';
import type { JournalContents, OutboxPage } from './journal-writes.ts';

/** Small enough for a take-over to read it in an instant. */
const SEGMENT_BYTES = 16 * 1024 * 1024;
/** How many files are kept for reuse. After an outage of the log there would be many more. */
const SPARES_MAX = 2;

type EventSource = Pick<SegmentWriter, 'read'>;

export class JournalStore {
  readonly #folder: JournalFolder;
  readonly #segmentBytes: number;
  #state = new JournalState();
  #outbox = new Outbox();
  #current: SegmentWriter | null = null;
  /** The current segment's first record, or the next one. */
  #firstSeq = 1;
  #older: RecordSegment[] = [];
  #spares: number[] = [];
  #nextId = 1;
  #checkpointBytes = 0;

  /**
   * @param path of the journal's folder, made if missing
   * @param segmentBytes a segment that would grow above it ends; smaller in tests alone
   * @throws JournalDamaged if what was durable cannot be read; nothing was changed then
   */
  constructor(path: string, segmentBytes = SEGMENT_BYTES) {
    this.#segmentBytes = segmentBytes;
    this.#folder = new JournalFolder(path);
    this.#folder.make();
    this.#load();
  }

  /** How many finished records wait for the log. */
  get outboxRecords(): number {
    return this.#state.outboxRecords;
  }

  /**
   * All writes of a group, durable when it returns, or none of them.
   *
   * @param group as a `GroupWriter` made it
   * @throws WriteRefused if a write contradicts an earlier one: nothing of the group was kept
   * @throws Error if the disk refuses: the journal must not be used any more
   */
  apply(group: Buffer): void {
    let segment = this.#segment();
    // A segment that is mostly checkpoint would be full at once, again and again.
    const mostBytes = Math.max(this.#segmentBytes, 2 * this.#checkpointBytes);
    if (segment.endBytes + group.length > mostBytes) segment = this.#rotate(segment);
    try {
      this.#state.apply(group, GROUP_HEADER_BYTES, segment.endBytes);
    } catch (error) {
      this.#load();
      throw error instanceof WriteRefused
        ? error
        : new WriteRefused('not a group', { cause: error });
    }
    segment.append(group);
    this.#freeShipped();
  }

  /** The oldest finished records that were not shipped yet. */
  outbox(limit: number): OutboxPage {
    const { id, endBytes } = this.#segment();
    const lastSeq = this.#state.nextSeq - 1;
    const segments = [...this.#older, { id, endBytes, firstSeq: this.#firstSeq, lastSeq }];
    return this.#outbox.page(this.#folder, segments, this.#state.shippedSeq, limit);
  }

  contents(): JournalContents {
    const segment = this.#segment();
    return this.#state.contents(({ at, length }) => segment.read(at, length).toString());
  }

  close(): void {
    this.#current?.close();
    this.#current = null;
  }

  #segment(): SegmentWriter {
    if (this.#current === null) throw new Error('the journal is closed');
    return this.#current;
  }

  /** Loads the state from the files: at the start, and after a group was refused. */
  #load(): void {
    this.close();
    const replayed = replayNewest(this.#folder);
    if (replayed !== null) assertPresent(this.#folder, replayed);
    this.#state = replayed?.state ?? new JournalState();
    this.#outbox = new Outbox();
    this.#older = replayed?.withRecords ?? [];
    const ids = this.#folder.segmentIds();
    this.#nextId = (ids.at(-1) ?? 0) + 1;
    const newest = replayed?.newestId ?? null;
    const kept = new Set([newest, ...this.#older.map(({ id }) => id)]);
    this.#spares = ids.filter((id) => !kept.has(id));
    this.#beginAfter(newest);
    this.#freeShipped();
  }

  /** The newest segment is never continued: it may end in a group that was cut off. */
  #beginAfter(newest: number | null): void {
    if (newest === null) return void this.#begin(null);
    const reader = new SegmentReader(this.#folder.segmentPath(newest), newest);
    try {
      this.#begin(reader);
    } finally {
      reader.close();
    }
    this.#left(newest);
  }

  /** The next segment, after the current one is full. */
  #rotate(segment: SegmentWriter): SegmentWriter {
    const { id, endBytes } = segment;
    const records = { id, endBytes, firstSeq: this.#firstSeq, lastSeq: this.#state.nextSeq - 1 };
    if (records.lastSeq >= records.firstSeq) this.#older.push(records);
    const next = this.#begin(segment);
    segment.close();
    this.#left(id);
    return next;
  }

  /**
   * Everything of a segment that is still needed is in its successor's checkpoint, except its
   * records.
   */
  #left(id: number): void {
    if (this.#older.every((segment) => segment.id !== id)) this.#spares.push(id);
  }

  /** @param previous has the events of unfinished attempts; the caller closes it */
  #begin(previous: EventSource | null): SegmentWriter {
    const id = this.#nextId++;
    const spare = this.#spares.shift();
    if (spare !== undefined) this.#folder.reuse(spare, id);
    const segment = new SegmentWriter(this.#folder.segmentPath(id), id);
    segment.append(this.#checkpoint(previous));
    this.#folder.sync();
    this.#checkpointBytes = segment.endBytes;
    this.#firstSeq = this.#state.nextSeq;
    this.#current = segment;
    return segment;
  }

  /** The whole state, as the first group of a segment. */
  #checkpoint(previous: EventSource | null): Buffer {
    const { nextSeq, shippedSeq, requests, leases, attempts } = this.#state;
    const group = new GroupWriter();
    group.addCheckpoint({ nextSeq, shippedSeq, older: this.#older });
    for (const request of requests.values()) group.add({ op: 'lease_requested', request });
    for (const total of leases.values()) group.addLeaseTotal(total);
    for (const [attemptId, { at, length }] of attempts) {
      if (previous === null) throw new Error('an attempt is in no segment');
      attempts.set(attemptId, group.addStarted(attemptId, previous.read(at, length)));
    }
    const { buffer, lengthBytes } = group.end();
    return Buffer.from(buffer, 0, lengthBytes);
  }

  /** Segments whose records are all in the log are reused or removed. */
  #freeShipped(): void {
    for (;;) {
      const oldest = this.#older[0];
      if (oldest === undefined || oldest.lastSeq > this.#state.shippedSeq) break;
      this.#older.shift();
      this.#spares.push(oldest.id);
    }
    while (this.#spares.length > SPARES_MAX) {
      this.#folder.removeSegment(this.#spares.shift() as number);
    }
  }
}
