import { QUEUE_MAX } from '@tollgate/adapters/journal/journal.ts';
import { describe, expect, it } from 'vitest';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import { assertLimits, proxyLimits } from '../limits.ts';
import type { CallDeps } from './call-deps.ts';
import { CallHandler } from './call-handler.ts';
import type { Place } from './in-flight.ts';

const KEY = { keyId: 'key_1', teamId: null, customerId: 'cus_1' } as KeyView;

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

describe('a call is admitted', () => {
  /** A handler on a follower that is fresh, or that catches up with this result. */
  function gateOf(catchesUp?: boolean) {
    const deps = {
      limits: { ...proxyLimits, callsInFlightMax: 2 },
      follower: {
        isFresh: () => catchesUp === undefined,
        catchUp: async () => catchesUp,
      },
      journal: { outboxRecords: () => proxyLimits.outboxRecordsMax - 1, queuedWrites: () => 0 },
    };
    return new CallHandler(deps as unknown as CallDeps);
  }

  it('up to the bound of calls in flight, and again once one has left', () => {
    const gate = gateOf();
    const answers: unknown[] = [gate.admit()];
    const first = gate.enter(KEY) as Place;
    answers.push(gate.admit());
    const second = gate.enter(KEY) as Place;
    answers.push(gate.admit(), gate.inFlight);
    first.leave();
    answers.push(gate.admit(), gate.inFlight);
    second.leave();
    answers.push(gate.inFlight);
    expect(answers).toEqual([null, null, { code: 'overloaded' }, 2, null, 1, 0]);
  });

  it('at once while the ledger is fresh, else once it has caught up, or not at all', async () => {
    const [caught, lost] = [gateOf(true).admit(), gateOf(false).admit()];
    expect([caught instanceof Promise, await caught, await lost]).toEqual([
      true,
      null,
      { code: 'ledger_unavailable' },
    ]);
  });

  it('not while the proxy drains, which ends when the last call has left', async () => {
    const gate = gateOf();
    const [first, last] = [gate.enter(KEY) as Place, gate.enter(KEY) as Place];
    const steps: string[] = [];
    const drained = gate.drain().then(() => steps.push('drained'));
    const refusal = gate.admit();
    first.leave();
    await Promise.resolve();
    steps.push('one left');
    last.leave();
    await drained;
    await gate.drain();
    expect([refusal, steps]).toEqual([{ code: 'draining' }, ['one left', 'drained']]);
  });
});
