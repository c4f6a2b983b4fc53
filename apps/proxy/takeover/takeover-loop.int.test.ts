/** Rounds of take-over: whose work is finished, whose is left alone, and what is reported. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { journalPath, lockPath } from '@tollgate/adapters/journal/instance-files.ts';
import { openJournal } from '@tollgate/adapters/journal/journal.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { tryLock } from '@tollgate/adapters/lock/file-lock.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isEmpty } from './finish-journal.ts';
import { type TakenOver, takeOverDead } from './takeover.ts';
import { TakeoverLoop } from './takeover-loop.ts';

/** A deadline that only a defect reaches. */
const WITHIN = { timeout: 10_000 };

let folder: string;
let shipped: string[];
let taken: TakenOver[];
let isAway: boolean;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-takeovers-'));
  shipped = [];
  taken = [];
  isAway = false;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const log = {
  partitions: 1,
  append: async (records) => {
    if (isAway) throw new Error('the log is away');
    shipped.push(...records.map(({ value }) => Buffer.from(value).toString()));
    return records.map(() => 0n);
  },
} as Pick<Log, 'partitions' | 'append'> as Log;
const ledger = {} as Ledger;
const deps = () => ({ folder, instanceId: 'ins_me', ledger, log, shipBatchRecordsMax: 2 });
const takeOver = () => takeOverDead(deps(), (one) => taken.push(one));

/**
 * A dead instance whose journal has these records for the log. As every instance, it held its lock for as long
 * as it lived: nobody takes a journal that is being made.
 */
async function die(instanceId: string, ...events: string[]): Promise<void> {
  const lock = tryLock(lockPath(folder, instanceId));
  if (lock === null) throw new Error(`${instanceId} lives already`);
  const journal = await openJournal({ path: journalPath(folder, instanceId) });
  for (const event of events) await journal.write({ op: 'recorded', partition: 0, event });
  await journal.close();
  lock.release();
}

describe('a round', () => {
  it('ships all that a dead instance left, in batches, and removes its journal, not its lock', async () => {
    await die('ins_a', 'A', 'B', 'C');
    await takeOver();
    expect(shipped).toEqual(['A', 'B', 'C']);
    expect(taken).toEqual([{ instanceId: 'ins_a', unfinished: 0, shipped: 3, leases: 0 }]);
    expect(existsSync(journalPath(folder, 'ins_a'))).toBe(false);
    expect(existsSync(lockPath(folder, 'ins_a'))).toBe(true);
    await takeOver();
    expect(taken).toHaveLength(1);
  });

  it('leaves alone its own journal, that of an instance that lives, and what is no journal', async () => {
    await die('ins_me', 'A');
    await die('ins_alive', 'B');
    writeFileSync(join(folder, 'notes.txt'), 'x');
    const lock = tryLock(lockPath(folder, 'ins_alive'));
    await takeOver();
    expect([shipped, taken]).toEqual([[], []]);
    lock?.release();
    await takeOver();
    expect(taken.map(({ instanceId }) => instanceId)).toEqual(['ins_alive']);
  });

  it('frees the lock of the instance, whatever happened', async () => {
    await die('ins_a', 'A');
    isAway = true;
    await expect(takeOver()).rejects.toThrow('the log is away');
    expect(existsSync(journalPath(folder, 'ins_a'))).toBe(true);
    isAway = false;
    await takeOver();
    const lock = tryLock(lockPath(folder, 'ins_a'));
    expect(lock).not.toBe(null);
    lock?.release();
    expect(shipped).toEqual(['A']);
  });

  it('reports all instances that could not be finished, not only the first', async () => {
    await die('ins_a', 'A');
    await die('ins_b', 'B');
    isAway = true;
    const failure = await takeOver().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AggregateError);
    expect((failure as AggregateError).errors).toHaveLength(2);
  });
});

describe('the rounds of a proxy', () => {
  const errors: string[] = [];
  const loopOf = (everyMs: number) =>
    new TakeoverLoop({
      deps: deps(),
      everyMs,
      onTaken: (one) => taken.push(one),
      onError: (error) => errors.push(String(error)),
    });

  it('begin with one that start waits for, and go on until stop', async () => {
    await die('ins_a', 'A');
    const loop = loopOf(5);
    await loop.start();
    expect(taken).toHaveLength(1);
    for (const [index, name] of ['ins_b', 'ins_c'].entries()) {
      await die(name, name);
      await vi.waitFor(() => expect(taken).toHaveLength(index + 2), WITHIN);
    }
    await loop.stop();
    await die('ins_d', 'D');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(taken).toHaveLength(3);
  });

  it('go on after one that failed, and say so', async () => {
    await die('ins_a', 'A');
    isAway = true;
    const loop = loopOf(5);
    await loop.start();
    expect(errors[0]).toContain('the log is away');
    isAway = false;
    await vi.waitFor(() => expect(shipped).toEqual(['A']), WITHIN);
    await loop.stop();
  });

  it('end with a round that runs: stop waits for it', async () => {
    const { promise: back, resolve: comeBack } = Promise.withResolvers<void>();
    await die('ins_a', 'A');
    const append: Log['append'] = async (records) => {
      await back;
      return log.append(records);
    };
    const slow = { ...deps(), log: { ...log, append } };
    const onTaken = (one: TakenOver) => void taken.push(one);
    const loop = new TakeoverLoop({ deps: slow, everyMs: 5, onTaken, onError: () => undefined });
    const started = loop.start();
    let isStopped = false;
    const stopped = loop.stop().then(() => {
      isStopped = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isStopped).toBe(false);
    comeBack();
    await Promise.all([started, stopped]);
    expect(taken).toHaveLength(1);
    await die('ins_b', 'B');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(taken).toHaveLength(1);
  });
});

describe('a journal is empty', () => {
  const nothing = { unfinished: [], leaseRequests: [], leases: [], outboxRecords: 0 };
  it.each<[string, object, boolean]>([
    ['with nothing in it', {}, true],
    ['not with a call in flight', { unfinished: [{}] }, false],
    ['not with a grant in doubt', { leaseRequests: [{}] }, false],
    ['not with a slice', { leases: [{}] }, false],
    ['not with a record for the log', { outboxRecords: 1 }, false],
  ])('%s', (_, contents, empty) => {
    expect(isEmpty({ ...nothing, ...contents } as Parameters<typeof isEmpty>[0])).toBe(empty);
  });
});
