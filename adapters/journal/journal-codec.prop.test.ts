import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  GROUP_HEADER_BYTES,
  GroupReader,
  GroupWriter,
  type JournalRecord,
} from './journal-codec.ts';
import type { JournalWrite } from './journal-writes.ts';

const text = fc.string({ unit: 'grapheme' });
const amount = fc.bigInt({ min: 0n, max: 10n ** 30n });
const partition = fc.nat();
const write: fc.Arbitrary<JournalWrite> = fc.oneof(
  fc.record({ op: fc.constant('started' as const), attemptId: text, event: text }),
  fc.record({
    op: fc.constant('finished' as const),
    attemptId: text,
    partition,
    event: text,
    charges: fc.array(fc.record({ leaseId: text, amount })),
  }),
  fc.record({ op: fc.constant('recorded' as const), partition, event: text }),
  fc.record({
    op: fc.constant('lease_requested' as const),
    request: fc.record({
      leaseId: text,
      stream: text,
      expectedRevision: text,
      eventId: text,
      amount,
      opening: fc.option(text),
    }),
  }),
  fc.record({
    op: fc.constantFrom('lease_granted', 'lease_refused', 'lease_forgotten'),
    leaseId: text,
  }) as fc.Arbitrary<JournalWrite>,
  fc.record({ op: fc.constant('shipped' as const), uptoSeq: fc.maxSafeNat() }),
);

function bytesOf(writes: readonly JournalWrite[]): Buffer {
  const group = new GroupWriter();
  for (const one of writes) group.add(one);
  return Buffer.from(group.buffer, 0, group.lengthBytes);
}

function withText(record: JournalRecord, bytes: Buffer): object {
  if (!('event' in record)) return record;
  const { at, length } = record.event;
  return { ...record, event: bytes.toString('utf8', at, at + length) };
}

it('I9: what the journal is told is what its worker does, write by write', () => {
  fc.assert(
    fc.property(fc.array(write), (writes) => {
      const bytes = bytesOf(writes);
      const reader = new GroupReader(bytes, GROUP_HEADER_BYTES);
      const read: object[] = [];
      for (let record = reader.next(); record !== null; record = reader.next()) {
        read.push(withText(record, bytes));
      }
      expect(read).toEqual(writes);
    }),
    { numRuns: 300 },
  );
});

it('I3: what is recorded and charged at once is a start and an end of one group', () => {
  const charges = [{ leaseId: 'l', amount: 3n }];
  const bytes = bytesOf([{ op: 'charged', attemptId: 'a', partition: 2, event: 'e', charges }]);
  const reader = new GroupReader(bytes, GROUP_HEADER_BYTES);
  const read = [reader.next(), reader.next()].map((one) => one && withText(one, bytes));
  expect([...read, reader.next()]).toEqual([
    { op: 'started', attemptId: 'a', event: 'e' },
    { op: 'finished', attemptId: 'a', partition: 2, event: 'e', charges },
    null,
  ]);
});

it('keeps an event without any ASCII character, however large it is', () => {
  const event = '\u{1F4B6}€'.repeat(100_000);
  const bytes = bytesOf([{ op: 'recorded', partition: 1, event }]);
  const record = new GroupReader(bytes, GROUP_HEADER_BYTES).next();
  expect(record === null ? null : withText(record, bytes)).toMatchObject({ event });
});

it('refuses a group that was cut, and one that holds what it does not know', () => {
  const bytes = bytesOf([{ op: 'started', attemptId: 'a', event: 'b' }]);
  const cut = new GroupReader(bytes.subarray(0, -1), GROUP_HEADER_BYTES);
  expect(() => cut.next()).toThrow('ends early');
  expect(() => new GroupReader(Buffer.from([99]), 0).next()).toThrow('unknown');
});
