import { describe, expect, it } from 'vitest';
import {
  answerNumber,
  GroupBuffers,
  readAnswerNumber,
  readGroupNumber,
  SEATS,
} from './group-messages.ts';

const KIB = 1024;
const fresh = (bytes = 64 * KIB) => new SharedArrayBuffer(bytes);

/** The seat and buffer that the worker takes a message for, as it keeps them. */
function worker() {
  const seats: (SharedArrayBuffer | undefined)[] = [];
  return {
    hear(message: ReturnType<GroupBuffers['send']>) {
      if (typeof message !== 'number') seats[message.seat] = message.buffer;
      const { seat, lengthBytes } = readGroupNumber(
        typeof message === 'number' ? message : message.group,
      );
      return { buffer: seats[seat], lengthBytes };
    },
  };
}

describe('I1: a group crosses to the worker', () => {
  it('as the bytes that were written, whichever buffer they are in', () => {
    const buffers = new GroupBuffers();
    const { hear } = worker();
    const underWay: SharedArrayBuffer[] = [];
    for (let step = 0; step < 2_000; step++) {
      if (underWay.length === SEATS || (step % 3 === 0 && underWay.length > 0)) {
        buffers.takeBack(underWay.shift() as SharedArrayBuffer);
        continue;
      }
      // Now and then a group outgrows its buffer, and one is too large to be kept.
      const own = step % 7 === 0 ? fresh(step % 14 === 0 ? 3_000 * KIB : 128 * KIB) : undefined;
      const buffer = own ?? buffers.spare() ?? fresh();
      expect(underWay).not.toContain(buffer);
      expect(hear(buffers.send(buffer, 20 + step))).toEqual({ buffer, lengthBytes: 20 + step });
      underWay.push(buffer);
    }
  });

  it('as a number alone, once the worker has its buffer', () => {
    const buffers = new GroupBuffers();
    const buffer = fresh();
    expect(typeof buffers.send(buffer, 100)).toBe('object');
    buffers.takeBack(buffer);
    expect(buffers.spare()).toBe(buffer);
    expect(typeof buffers.send(buffer, 200)).toBe('number');
  });

  it('never more of them at once than there are seats', () => {
    const buffers = new GroupBuffers();
    for (let sent = 0; sent < SEATS; sent++) buffers.send(fresh(), 100);
    expect(() => buffers.send(fresh(), 100)).toThrow(/more groups/);
  });
});

it('an answer says how many groups are durable and how many records wait for the log', () => {
  for (const answered of [1, SEATS]) {
    for (const outboxRecords of [0, 1, 1_000_000]) {
      const answer = answerNumber(answered, outboxRecords);
      expect(readAnswerNumber(answer)).toEqual({ answered, outboxRecords });
    }
  }
});
