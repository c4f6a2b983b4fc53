/** What a lease's appends say, and how long they try, on a ledger that answers as a test wants. */
import type { LeaseRequest } from '@tollgate/adapters/journal/journal-writes.ts';
import { ledgerEventId } from '@tollgate/adapters/ledger/event-ids.ts';
import type { Ledger, LedgerEvent, NewLedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { appendGrant, appendOverrun, settleLease } from './lease-events.ts';

const STREAM = 'budget-bud_1@20260101T000000Z';
const REQUEST: LeaseRequest = {
  leaseId: 'lse_1',
  stream: STREAM,
  expectedRevision: '7',
  eventId: 'as journaled',
  amount: 1_500_000_000_000n,
  opening: null,
};

/** One stream in memory that refuses nothing. */
class MemoryStream {
  readonly stored: LedgerEvent[] = [];
  readonly asked: unknown[] = [];
  before: () => void = () => undefined;

  readonly ledger = {
    append: async (stream, expected, events) => {
      this.asked.push([stream, expected, events.map(({ id }) => id)]);
      this.before();
      for (const event of events) this.store(event);
      return { ok: true, revision: BigInt(this.stored.length - 1), position: '' };
    },
    read: async (_, { fromRevision = 0n, limit = 1_000 } = {}) =>
      this.stored.filter(({ revision }) => revision >= fromRevision).slice(0, limit),
  } as Pick<Ledger, 'append' | 'read'> as Ledger;

  store(event: NewLedgerEvent): void {
    const revision = BigInt(this.stored.length);
    this.stored.push({ ...event, stream: STREAM, revision, position: '', recordedAtMs: 0 });
  }
}

let one: MemoryStream;
beforeEach(() => {
  one = new MemoryStream();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a grant', () => {
  it('I3: says whose slice it is, under the journaled id, at the journaled revision', async () => {
    expect(await appendGrant(one.ledger, 'ins_1', REQUEST)).toBe(true);
    expect(one.asked).toEqual([[STREAM, 7n, ['as journaled']]]);
    const [granted] = one.stored;
    expect([granted?.type, granted?.data]).toEqual([
      'LeaseGranted',
      { lease_id: 'lse_1', instance_id: 'ins_1', amount: '1.500000000000' },
    ]);
    await appendGrant(one.ledger, 'ins_1', { ...REQUEST, expectedRevision: 'no_stream' });
    expect(one.asked[1]).toEqual([STREAM, 'no_stream', ['as journaled']]);
  });

  it('I3: is tried twenty times with ever longer pauses, then its outcome stays unknown', async () => {
    vi.useFakeTimers();
    const at: number[] = [];
    const startedAtMs = Date.now();
    one.before = () => {
      at.push(Date.now() - startedAtMs);
      throw new Error('away');
    };
    const granted = expect(appendGrant(one.ledger, 'ins_1', REQUEST)).rejects.toThrow('away');
    await vi.runAllTimersAsync();
    await granted;
    expect(at).toHaveLength(20);
    expect(at.slice(0, 8)).toEqual([0, 20, 60, 140, 300, 620, 1_260, 2_260]);
  });
});

describe('a settlement', () => {
  it('I3: says the lease and its total, and takes the same again for its own', async () => {
    for (const _ of [1, 2]) await settleLease(one.ledger, STREAM, 'lse_1', 340n);
    expect(one.stored.map(({ id, type, data }) => [id, type, data])).toEqual([
      [
        ledgerEventId(STREAM, 'LeaseSettled', 'lse_1'),
        'LeaseSettled',
        { lease_id: 'lse_1', spent: '0.000000000340' },
      ],
    ]);
  });

  it.each<[string, string, object, string]>([
    [
      'another figure',
      'LeaseSettled',
      { lease_id: 'lse_1', spent: '0.000000000341' },
      '0.000000000341',
    ],
    [
      'an event of another type',
      'Overrun',
      { lease_id: 'lse_1', attempt_id: crypto.randomUUID(), amount: '0.000000000340' },
      'Overrun',
    ],
  ])('I3: fails where its id is taken by %s, and says so', async (_, type, data, found) => {
    one.store({ id: ledgerEventId(STREAM, 'LeaseSettled', 'lse_1'), type, data });
    await expect(settleLease(one.ledger, STREAM, 'lse_1', 340n)).rejects.toThrow(
      `was settled at ${found}, its journal says 0.000000000340`,
    );
  });
});

describe('an overrun', () => {
  it('is appended once per attempt and lease, with what is above the hold', async () => {
    const overrun = { leaseId: 'lse_1', attemptId: 'att_1', amount: 5n };
    for (const _ of [1, 2]) await appendOverrun(one.ledger, STREAM, overrun);
    await appendOverrun(one.ledger, STREAM, { ...overrun, attemptId: 'att_2', amount: 6n });
    await appendOverrun(one.ledger, STREAM, { ...overrun, leaseId: 'lse_2', amount: 7n });
    expect(one.stored.map(({ id, type, data }) => [id, type, data])).toEqual(
      [
        ['att_1', 'lse_1', '0.000000000005'],
        ['att_2', 'lse_1', '0.000000000006'],
        ['att_1', 'lse_2', '0.000000000007'],
      ].map(([attempt_id, lease_id, amount]) => [
        ledgerEventId(STREAM, 'Overrun', `${attempt_id}|${lease_id}`),
        'Overrun',
        { lease_id, attempt_id, amount },
      ]),
    );
  });
});
