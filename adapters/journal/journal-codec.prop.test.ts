import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  GROUP_HEADER_BYTES,
  GroupReader,
  GroupWriter,
  type JournalRecord,
} from './journal-codec.ts';
import { JournalState } from './journal-state.ts';
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
  const { buffer, lengthBytes } = group.end();
  return Buffer.from(buffer, 0, lengthBytes);
}

function withText(record: JournalRecord, bytes: Buffer): object {
  if (!('event' in record)) return record;
  const { at, length } = record.event;
  return { ...record, event: bytes.toString('utf8', at, at + length) };
}

/** What attempts charge comes once, at the end of their group, added up by lease. */
function recordsOf(writes: readonly JournalWrite[]): object[] {
  const charged = new Map<string, bigint>();
  const records = writes.map((one) => {
    if (one.op !== 'finished') return one;
    for (const { leaseId, amount } of one.charges) {
      charged.set(leaseId, (charged.get(leaseId) ?? 0n) + amount);
    }
    return { ...one, charges: [] };
  });
  const charges = [...charged].map(([leaseId, amount]) => ({ leaseId, amount }));
  return charges.length === 0 ? records : [...records, { op: 'charges', charges }];
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
      expect(read).toEqual(recordsOf(writes));
    }),
    { numRuns: 300 },
  );
});

it('I3: what is recorded and charged at once is a start and an end of one group', () => {
  const charges = [{ leaseId: 'l', amount: 3n }];
  const bytes = bytesOf([{ op: 'charged', attemptId: 'a', partition: 2, event: 'e', charges }]);
  const reader = new GroupReader(bytes, GROUP_HEADER_BYTES);
  const read = [1, 2, 3].map(() => reader.next()).map((one) => one && withText(one, bytes));
  expect([...read, reader.next()]).toEqual([
    { op: 'started', attemptId: 'a', event: 'e' },
    { op: 'finished', attemptId: 'a', partition: 2, event: 'e', charges: [] },
    { op: 'charges', charges },
    null,
  ]);
});

it('I3: charges of one lease in one group add up, and those that an earlier version wrote are read', () => {
  const finish = (attemptId: string, amount: bigint): JournalWrite[] => [
    { op: 'started', attemptId, event: 'e' },
    {
      ...{ op: 'finished' as const, attemptId, partition: 0, event: 'e' },
      charges: [{ leaseId: 'l', amount }],
    },
  ];
  const state = new JournalState();
  const total = { leaseId: 'l', stream: 's', amount: 100n, spent: 1n };
  state.leases.set('l', total);
  state.apply(bytesOf([...finish('a', 3n), ...finish('b', 5n)]), GROUP_HEADER_BYTES, 0);
  expect(total.spent).toBe(9n);
  const text = (value: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(value.length);
    return Buffer.concat([length, Buffer.from(value)]);
  };
  const uint = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
  const started = [Buffer.of(1), text('c'), text('e')];
  const earlier = [Buffer.of(2), text('c'), uint(0), text('e'), uint(1), text('l'), text('7')];
  state.apply(Buffer.concat([...started, ...earlier]), 0, 0);
  expect(total.spent).toBe(16n);
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
