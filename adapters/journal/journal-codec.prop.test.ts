import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeWrites, encodeWrites } from './journal-codec.ts';
import type { JournalWrite } from './journal-store.ts';

const text = fc.string({ unit: 'binary' });
const amount = fc.bigInt({ min: 0n, max: 10n ** 30n });
const number = fc.nat();
const write: fc.Arbitrary<JournalWrite> = fc.oneof(
  fc.record({ op: fc.constant('started' as const), attemptId: text, event: text }),
  fc.record({
    op: fc.constant('finished' as const),
    attemptId: text,
    partition: number,
    event: text,
    charges: fc.array(fc.record({ leaseId: text, amount })),
  }),
  fc.record({ op: fc.constant('recorded' as const), partition: number, event: text }),
  fc.record({
    op: fc.constant('lease_requested' as const),
    request: fc.record({
      leaseId: text,
      stream: text,
      expectedRevision: text,
      eventId: text,
      amount,
    }),
  }),
  fc.record({
    op: fc.constantFrom('lease_granted', 'lease_refused', 'lease_forgotten'),
    leaseId: text,
  }) as fc.Arbitrary<JournalWrite>,
  fc.record({ op: fc.constant('shipped' as const), uptoSeq: number }),
);

it('I9: what the journal is told is what its worker does, write by write', () => {
  fc.assert(
    fc.property(fc.array(write), (writes) => {
      expect(decodeWrites(encodeWrites(writes))).toEqual(writes);
    }),
    { numRuns: 300 },
  );
});

it('refuses a group that was cut', () => {
  const texts = encodeWrites([{ op: 'started', attemptId: 'a', event: 'b' }]);
  expect(() => decodeWrites(texts.slice(0, 2))).toThrow('ends early');
});
