/** Reads finished records out of a journal's segments, in order, a page at a time. */
import { GROUP_HEADER_BYTES, GroupReader, type RecordSegment } from './journal-codec.ts';
import type { JournalFolder } from './journal-folder.ts';
import { JournalDamaged, SegmentReader } from './journal-segment.ts';
import type { OutboxPage } from './journal-writes.ts';

/** A group: where it begins, and the number of its first record. */
type Cursor = { segmentId: number; at: number; seq: number };

const FIRST_PAGE_BYTES = 256 * 1024;
/** Memory that is kept from page to page. */
const KEPT_BYTES_MAX = 1024 * 1024;
/** A page of this size takes no further record. */
const PAGE_BYTES_MAX = 16 * 1024 * 1024;

export class Outbox {
  /** No record before this one waits for the log. */
  #from: Cursor | null = null;
  /** The end of the groups that the last page took whole. */
  #behindPage: Cursor | null = null;
  /** Pages are gathered in it: one of its own size moves to the reader. */
  #memory = new Uint8Array(FIRST_PAGE_BYTES);

  /**
   * @param live the segments that may hold records of the outbox, oldest first
   * @throws JournalDamaged if a group that was durable is not whole
   */
  page(
    folder: JournalFolder,
    live: readonly RecordSegment[],
    shippedSeq: number,
    limit: number,
  ): OutboxPage {
    if (this.#behindPage !== null && this.#behindPage.seq - 1 <= shippedSeq) {
      this.#from = this.#behindPage;
    }
    const first = live.findIndex(({ id }) => id === this.#from?.segmentId);
    if (first < 0) this.#from = null;
    const page = new PageBuilder(shippedSeq, limit, this.#memory);
    for (const segment of live.slice(Math.max(first, 0))) {
      this.#from ??= startOf(segment);
      const begin = this.#from.segmentId === segment.id ? this.#from : startOf(segment);
      this.#behindPage = takeGroups(folder, segment, begin, page);
      if (page.isFull) break;
    }
    if (page.memory.length <= KEPT_BYTES_MAX) this.#memory = page.memory;
    return page.build();
  }
}

function startOf({ id, firstSeq }: RecordSegment): Cursor {
  return { segmentId: id, at: 0, seq: firstSeq };
}

/** @returns the end of the last group that the page took whole */
function takeGroups(
  folder: JournalFolder,
  { id, endBytes }: RecordSegment,
  begin: Cursor,
  page: PageBuilder,
): Cursor {
  if (begin.at === endBytes) return begin;
  const path = folder.segmentPath(id);
  const reader = new SegmentReader(path, id);
  try {
    let cursor = begin;
    while (cursor.at < endBytes) {
      const group = reader.group(cursor.at);
      if (group === null) throw new JournalDamaged(`${path} is damaged at byte ${cursor.at}`);
      const seq = page.take(group.bytes, cursor.seq);
      if (seq === null) return cursor;
      cursor = { segmentId: id, at: cursor.at + group.bytes.length, seq };
    }
    return cursor;
  } finally {
    reader.close();
  }
}

class PageBuilder {
  readonly #shippedSeq: number;
  readonly #limit: number;
  readonly #seqs: number[] = [];
  readonly #partitions: number[] = [];
  readonly #lengths: number[] = [];
  #values: Uint8Array<ArrayBuffer>;
  #bytes = 0;

  /** @param memory to gather in; the page outgrows it if it must */
  constructor(shippedSeq: number, limit: number, memory: Uint8Array<ArrayBuffer>) {
    this.#shippedSeq = shippedSeq;
    this.#limit = limit;
    this.#values = memory;
  }

  get memory(): Uint8Array<ArrayBuffer> {
    return this.#values;
  }

  get isFull(): boolean {
    return this.#seqs.length >= this.#limit || this.#bytes >= PAGE_BYTES_MAX;
  }

  /**
   * @returns the number of the first record after the group; null if the page is full before the
   *   group's end
   */
  take(group: Buffer, firstSeq: number): number | null {
    const reader = new GroupReader(group, GROUP_HEADER_BYTES);
    let seq = firstSeq;
    for (let record = reader.next(); record !== null; record = reader.next()) {
      if (record.op !== 'finished' && record.op !== 'recorded') continue;
      if (seq > this.#shippedSeq) {
        if (this.isFull) return null;
        const { at, length } = record.event;
        this.#add(seq, record.partition, group.subarray(at, at + length));
      }
      seq++;
    }
    return seq;
  }

  build(): OutboxPage {
    return {
      seqs: Float64Array.from(this.#seqs),
      partitions: Int32Array.from(this.#partitions),
      lengths: Int32Array.from(this.#lengths),
      values: this.#values.slice(0, this.#bytes),
    };
  }

  #add(seq: number, partition: number, value: Uint8Array): void {
    this.#seqs.push(seq);
    this.#partitions.push(partition);
    this.#lengths.push(value.length);
    const needed = this.#bytes + value.length;
    if (needed > this.#values.length) {
      const larger = new Uint8Array(Math.max(needed, this.#values.length * 2));
      larger.set(this.#values.subarray(0, this.#bytes));
      this.#values = larger;
    }
    this.#values.set(value, this.#bytes);
    this.#bytes = needed;
  }
}
