import { QUEUE_MAX } from '@tollgate/adapters/journal/journal.ts';
import { expect, it } from 'vitest';
import { assertLimits, proxyLimits } from '../limits.ts';
import type { CallDeps } from './call-deps.ts';
import { CallHandler } from './call-handler.ts';

function admission(journal: { outboxRecords: number; queuedWrites: number }) {
  const deps = {
    limits: proxyLimits,
    follower: { isFresh: () => true },
    journal: {
      outboxRecords: () => journal.outboxRecords,
      queuedWrites: () => journal.queuedWrites,
    },
  };
  return new CallHandler(deps as unknown as CallDeps).admit();
}

it('I9: no call is taken whose record would find no room, for the log or for the disk', () => {
  const { outboxRecordsMax, journalWritesMax } = proxyLimits;
  expect(admission({ outboxRecords: 0, queuedWrites: journalWritesMax - 1 })).toBe(null);
  const full = { code: 'journal_full' };
  expect(admission({ outboxRecords: 0, queuedWrites: journalWritesMax })).toEqual(full);
  expect(admission({ outboxRecords: outboxRecordsMax, queuedWrites: 0 })).toEqual(full);
});

it('refusals leave the room that calls in flight need to write their ends', () => {
  expect(() => assertLimits(proxyLimits)).not.toThrow();
  const limits = { ...proxyLimits, journalWritesMax: QUEUE_MAX };
  expect(() => assertLimits(limits)).toThrow('journalWritesMax');
});
