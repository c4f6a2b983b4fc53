import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LeaseRequest } from '@tollgate/adapters/journal/journal-writes.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendGrant, settleLease } from './lease-events.ts';

const STREAM = 'budget-bud_1@20260101T000000Z';

let folder: string;
let ledger: Ledger;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-leases-'));
  ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  const opened = { id: randomUUID(), type: 'WindowOpened', data: {} };
  await ledger.append(STREAM, 'no_stream', [opened]);
});
afterEach(async () => {
  await ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

const request = (leaseId: string, expectedRevision = '0'): LeaseRequest => ({
  leaseId,
  stream: STREAM,
  expectedRevision,
  eventId: `grant of ${leaseId}`,
  amount: 7n,
  opening: null,
});

async function typesAndLeases() {
  const events = await ledger.read(STREAM, { fromRevision: 1n });
  return events.map(({ type, data }) => [type, (data as { lease_id: string }).lease_id]);
}

/** A ledger whose answers to appends get lost: what was appended is stored. */
function losingAnswers(of: Ledger, count: number): Ledger {
  let left = count;
  return {
    ...of,
    async append(stream, expected, events) {
      const result = await of.append(stream, expected, events);
      if (left-- > 0) throw new Error('the answer was lost');
      return result;
    },
  };
}

describe('the ledger events of a lease', () => {
  it('I3: a grant lands where it was decided, or never', async () => {
    expect(await appendGrant(losingAnswers(ledger, 2), 'ins_1', request('lse_1'))).toBe(true);
    // Decided from a stream that did not hold the first one yet.
    expect(await appendGrant(ledger, 'ins_2', request('lse_2'))).toBe(false);
    // The proxy that takes the first one over asks again: the grant is stored already.
    expect(await appendGrant(ledger, 'ins_1', request('lse_1'))).toBe(true);
    expect(await typesAndLeases()).toEqual([['LeaseGranted', 'lse_1']]);
  });

  it('I3: a first grant lands together with what opens its window, or neither ever does', async () => {
    const stream = 'budget-bud_2@20260101T000000Z';
    const opening = JSON.stringify({ id: randomUUID(), type: 'WindowOpened', data: {} });
    const first = (leaseId: string) => ({ ...request(leaseId, 'no_stream'), stream, opening });
    expect(await appendGrant(losingAnswers(ledger, 2), 'ins_1', first('lse_1'))).toBe(true);
    // Another proxy opens the window by the same definition, so under the same id.
    expect(await appendGrant(ledger, 'ins_2', first('lse_2'))).toBe(false);
    expect(await appendGrant(ledger, 'ins_1', first('lse_1'))).toBe(true);
    const types = (await ledger.read(stream)).map(({ type }) => type);
    expect(types).toEqual(['WindowOpened', 'LeaseGranted']);
  });

  it('I3: a lease is settled once, by owner and taker together', async () => {
    await appendGrant(ledger, 'ins_1', request('lse_1'));
    const owner = settleLease(losingAnswers(ledger, 1), STREAM, 'lse_1', 5n);
    const taker = settleLease(ledger, STREAM, 'lse_1', 5n);
    await Promise.all([owner, taker]);
    await settleLease(ledger, STREAM, 'lse_1', 5n);
    expect(await typesAndLeases()).toEqual([
      ['LeaseGranted', 'lse_1'],
      ['LeaseSettled', 'lse_1'],
    ]);
  });

  it('I3: says so when a lease was settled at another figure', async () => {
    await appendGrant(ledger, 'ins_1', request('lse_1'));
    await settleLease(ledger, STREAM, 'lse_1', 5n);
    await expect(settleLease(ledger, STREAM, 'lse_1', 6n)).rejects.toThrow('settled at');
  });
});
