/**
 * How groups cross to the journal's worker and back. Both threads have the same few buffers, each in a
 * seat, so that a group is one number to say and its answer another: a message that moves a buffer costs
 * both threads more than the group's bytes do, and each move counts as memory that is gone, which brings
 * full collections (measured: one for 230 calls at one connection).
 *
 * A buffer has one owner at a time: the event loop until it has said the number, the worker until it
 * has answered.
 */

/** Messages that the worker may have at once: it writes one, the others are its next group. */
export const SEATS = 4;
/** How many buffers are kept for reuse, and none larger than this. */
const SPARES_MAX = SEATS;
const SPARE_BYTES_MAX = 2 * 1024 * 1024;

/** A buffer takes a seat, with a group in its first bytes. Later groups in it are a number alone. */
export type Seated = { kind: 'seated'; seat: number; buffer: SharedArrayBuffer; group: number };

/** @returns a group as one number */
function groupNumber(seat: number, lengthBytes: number): number {
  return lengthBytes * SEATS + seat;
}

export function readGroupNumber(group: number): { seat: number; lengthBytes: number } {
  return { seat: group % SEATS, lengthBytes: Math.floor(group / SEATS) };
}

/** The answer to groups that are durable. */
export function answerNumber(answered: number, outboxRecords: number): number {
  return outboxRecords * (SEATS + 1) + answered;
}

export function readAnswerNumber(answer: number): { answered: number; outboxRecords: number } {
  return { answered: answer % (SEATS + 1), outboxRecords: Math.floor(answer / (SEATS + 1)) };
}

/** The buffers on the event loop's side. */
export class GroupBuffers {
  /** What the worker knows by each seat. */
  readonly #seated: (SharedArrayBuffer | null)[] = Array.from({ length: SEATS }, () => null);
  readonly #free = Array.from({ length: SEATS }, (_, seat) => seat);
  readonly #spares: SharedArrayBuffer[] = [];

  /** One to use again, the last one first: it is in the processor's cache. */
  spare(): SharedArrayBuffer | undefined {
    return this.#spares.pop();
  }

  /** @returns what says that the first bytes of a buffer are a group; at most `SEATS` are under way */
  send(buffer: SharedArrayBuffer, lengthBytes: number): number | Seated {
    const known = this.#seated.indexOf(buffer);
    const at = known === -1 ? this.#free.length - 1 : this.#free.indexOf(known);
    const [seat] = this.#free.splice(at, 1);
    if (seat === undefined) throw new Error('more groups are under way than there are seats');
    const group = groupNumber(seat, lengthBytes);
    if (known !== -1) return group;
    this.#seated[seat] = buffer;
    return { kind: 'seated', seat, buffer, group };
  }

  /** The worker has answered: the buffer is ours again. */
  takeBack(buffer: SharedArrayBuffer): void {
    const seat = this.#seated.indexOf(buffer);
    this.#free.push(seat);
    if (this.#spares.length < SPARES_MAX && buffer.byteLength <= SPARE_BYTES_MAX) {
      this.#spares.push(buffer);
    } else this.#seated[seat] = null;
  }
}
