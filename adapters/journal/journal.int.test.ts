import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Journal, openJournal } from './journal.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-journal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lease = (leaseId: string, amount: bigint) => ({
  leaseId,
  stream: 'budget-b@x',
  expectedRevision: '4',
  eventId: `event of ${leaseId}`,
  amount,
  opening: null,
});

/**
 * Runs a script from a file in a process of its own: workers inherit the flags that such a script
 * needs.
 */
function ran(script: string) {
  const file = join(folder, 'child.mjs');
  writeFileSync(file, script);
  return spawn(process.execPath, [file]);
}

async function grant(journal: Journal, leaseId: string, amount: bigint): Promise<void> {
  await journal.write({ op: 'lease_requested', request: lease(leaseId, amount) });
  await journal.write({ op: 'lease_granted', leaseId });
}

describe('the journal', () => {
  it('I1: knows after a reopening which attempts were started and not finished', async () => {
    const path = join(folder, 'a.journal');
    const journal = await openJournal({ path });
    await Promise.all([
      journal.write({ op: 'started', attemptId: 'a', event: '{"a":1}' }),
      journal.write({ op: 'started', attemptId: 'b', event: '{"b":1}' }),
      journal.write({ op: 'finished', attemptId: 'a', partition: 3, event: 'A', charges: [] }),
    ]);
    await journal.close();
    const again = await openJournal({ path });
    const contents = await again.contents();
    const outbox = await again.outbox(10);
    await again.close();
    expect(contents).toEqual({
      unfinished: [{ attemptId: 'b', event: '{"b":1}' }],
      leaseRequests: [],
      leases: [],
      outboxRecords: 1,
    });
    expect(outbox.map((r) => [r.partition, Buffer.from(r.value).toString()])).toEqual([[3, 'A']]);
  });

  it('I3: adds a charge to its lease in the transaction that finishes the attempt', async () => {
    const path = join(folder, 'b.journal');
    const journal = await openJournal({ path });
    const large = 2n ** 80n;
    await grant(journal, 'l1', large);
    await journal.write({ op: 'lease_requested', request: lease('l2', 5n) });
    await journal.write({ op: 'started', attemptId: 'a', event: '{}' });
    const charges = [{ leaseId: 'l1', amount: large - 1n }];
    await journal.write({ op: 'finished', attemptId: 'a', partition: 0, event: 'A', charges });
    await journal.close();
    const again = await openJournal({ path });
    const { leases, leaseRequests } = await again.contents();
    await again.close();
    expect(leases).toEqual([
      { leaseId: 'l1', stream: 'budget-b@x', amount: large, spent: large - 1n },
    ]);
    expect(leaseRequests).toEqual([lease('l2', 5n)]);
  });

  it('keeps out all writes of a failed transaction, and leaves the totals as they were', async () => {
    const journal = await openJournal({ path: join(folder, 'c.journal') });
    await grant(journal, 'l1', 10n);
    await journal.write({ op: 'started', attemptId: 'a', event: '{}' });
    const charges = [{ leaseId: 'l1', amount: 3n }];
    const results = await Promise.allSettled([
      journal.write({ op: 'finished', attemptId: 'a', partition: 0, event: 'A', charges }),
      journal.write({ op: 'finished', attemptId: 'a', partition: 0, event: 'A', charges }),
    ]);
    const { leases, unfinished, outboxRecords } = await journal.contents();
    await journal.close();
    expect(results.map((r) => r.status)).toEqual(['rejected', 'rejected']);
    expect([leases[0]?.spent, unfinished.length, outboxRecords]).toEqual([0n, 1, 0]);
  });

  it('I9: what was acknowledged before kill -9 is there afterwards', async () => {
    const path = join(folder, 'd.journal');
    const module = JSON.stringify(new URL('./journal.ts', import.meta.url).href);
    const script = `
      const { openJournal } = await import(${module});
      const journal = await openJournal({ path: ${JSON.stringify(path)} });
      let told = 0;
      for (let i = 0; ; i++) {
        const attemptId = 'a' + i;
        journal.submit({ op: 'started', attemptId, event: '{}' }, (error) => {
          if (error) throw error;
          journal.submit(
            { op: 'finished', attemptId, partition: 0, event: attemptId, charges: [] },
            (error) => {
              if (error) throw error;
              told++;
              console.log(attemptId);
            },
          );
        });
        // Many writes are in flight at every moment, whenever the kill comes.
        do await new Promise((resolve) => setImmediate(resolve));
        while (i - told > 500);
      }`;
    const child = ran(script);
    const acknowledged: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line);
      if (acknowledged.length === 500) child.kill('SIGKILL');
    }
    // A child that could not start would prove nothing.
    expect(acknowledged.length).toBeGreaterThanOrEqual(500);
    const journal = await openJournal({ path });
    const stored = (await journal.outbox(100_000)).map((r) => Buffer.from(r.value).toString());
    await journal.close();
    const lost = acknowledged.filter((id) => !new Set(stored).has(id));
    expect(lost).toEqual([]);
    expect(new Set(stored).size).toBe(stored.length);
  });

  it('calls back every write of a group, although one of the callbacks fails', async () => {
    const path = join(folder, 'f.journal');
    const module = JSON.stringify(new URL('./journal.ts', import.meta.url).href);
    const script = `
      const { openJournal } = await import(${module});
      const journal = await openJournal({ path: ${JSON.stringify(path)} });
      const start = (attemptId, done) =>
        journal.submit({ op: 'started', attemptId, event: '{}' }, done);
      start('a', () => { throw new Error('no header holds it'); });
      start('b', () => console.log('b'));`;
    const child = ran(script);
    const exit = once(child, 'exit');
    const told = await Array.fromAsync(createInterface({ input: child.stdout }));
    // The failed callback is a defect, and still ends the process.
    expect([told, await exit]).toEqual([['b'], [1, null]]);
  });

  it('I9: acknowledges nothing once its disk has refused a write', async () => {
    const path = join(folder, 'e.journal');
    const failures: string[] = [];
    const onFailure = ({ message }: Error) => failures.push(message);
    const journal = await openJournal({ path, onFailure });
    rmSync(path, { recursive: true });
    // Far more than one segment holds: the next one cannot be made.
    const event = 'x'.repeat(1024 * 1024);
    const writes = Array.from({ length: 40 }, () =>
      journal.write({ op: 'recorded', partition: 0, event }),
    );
    const results = await Promise.allSettled(writes);
    const last = results.at(-1);
    expect(last?.status === 'rejected' && String(last.reason)).toContain('the journal failed');
    await expect(journal.contents()).rejects.toThrow('the journal failed');
    await expect(journal.close()).rejects.toThrow('the journal failed');
    expect(failures).toEqual([expect.stringContaining('the journal failed')]);
  });

  it('I9: returns at its close what it holds, including what was queued until then', async () => {
    const path = join(folder, 'g.journal');
    const journal = await openJournal({ path, onFailure: () => expect.unreachable() });
    const written = journal.write({ op: 'started', attemptId: 'a', event: '{}' });
    const [first, second] = await Promise.all([journal.close(), journal.close()]);
    await written;
    expect(first.unfinished).toEqual([{ attemptId: 'a', event: '{}' }]);
    expect(second).toEqual(first);
    await expect(journal.write({ op: 'shipped', uptoSeq: 0 })).rejects.toThrow('is closed');
  });

  it('I9: a write that cannot be encoded fails alone', async () => {
    const journal = await openJournal({ path: join(folder, 'h.journal') });
    const before = journal.write({ op: 'recorded', partition: 1, event: 'A' });
    const done = () => expect.unreachable();
    expect(() => journal.submit({ op: 'recorded', partition: -1, event: 'B' }, done)).toThrow();
    const after = journal.write({ op: 'recorded', partition: 1, event: 'C' });
    await Promise.all([before, after]);
    const records = await journal.outbox(10);
    await journal.close();
    expect(records.map(({ value }) => Buffer.from(value).toString())).toEqual(['A', 'C']);
  });

  it('I9: writes what comes while the disk is busy, in the order in which it came', async () => {
    const path = join(folder, 'f.journal');
    const journal = await openJournal({ path });
    const done: number[] = [];
    for (let n = 0; n < 3_000; n++) {
      journal.submit({ op: 'recorded', partition: 0, event: String(n) }, () => done.push(n));
      if (n % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
    }
    const records = await journal.outbox(10_000);
    await journal.close();
    const expected = Array.from({ length: 3_000 }, (_, n) => n);
    expect(records.map(({ value }) => Number(Buffer.from(value)))).toEqual(expected);
    expect(done).toEqual(expected);
  });
});
