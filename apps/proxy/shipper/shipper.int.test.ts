import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Journal, openJournal } from '@tollgate/adapters/journal/journal.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shipOnce } from './shipper.ts';

const BATCH = 10;

let folder: string;
let journal: Journal;
let log: Log;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-shipper-'));
  journal = await openJournal({ path: join(folder, 'journal.sqlite') });
  const path = join(folder, 'log.sqlite');
  log = await openSqliteLog({ path, topic: 'usage', ordinal: 0, partitions: 2 });
  for (const event of ['A', 'B', 'C']) {
    await journal.write({ op: 'recorded', partition: event === 'B' ? 1 : 0, event });
  }
});
afterEach(async () => {
  await Promise.all([journal.close(), log.close()]);
  rmSync(folder, { recursive: true, force: true });
});

async function shipped(): Promise<string[]> {
  const places = [0, 1].map((partition) => ({ partition, offset: 0n }));
  const pages = await Promise.all(
    places.map((place) => log.read({ ...place, maxRecords: 100, maxBytes: 1_000_000 })),
  );
  return pages.flat().map(({ value }) => Buffer.from(value).toString());
}

describe('the shipper', () => {
  it('I1: keeps what the log did not take, and ships it once the log does', async () => {
    const away: Log = { ...log, append: () => Promise.reject(new Error('the log is away')) };
    await expect(shipOnce(journal, away, BATCH)).rejects.toThrow('away');
    expect(await shipOnce(journal, log, BATCH)).toBe(3);
    expect(await shipOnce(journal, log, BATCH)).toBe(0);
    expect(await shipped()).toEqual(['A', 'C', 'B']);
  });

  it('I1: ships again what was taken and not forgotten: the same bytes, never fewer', async () => {
    const write = () => Promise.reject(new Error('died'));
    await expect(shipOnce({ ...bound(journal), write }, log, BATCH)).rejects.toThrow('died');
    await shipOnce(journal, log, BATCH);
    expect(await shipped()).toEqual(['A', 'C', 'A', 'C', 'B', 'B']);
    expect((await journal.contents()).outboxRecords).toBe(0);
  });
});

/** The journal's verbs as functions of an object that can be spread. */
function bound(of: Journal): Journal {
  return {
    submit: (write, done) => of.submit(write, done),
    write: (write) => of.write(write),
    outbox: (limit) => of.outbox(limit),
    outboxRecords: () => of.outboxRecords(),
    queuedWrites: () => of.queuedWrites(),
    contents: () => of.contents(),
    close: () => of.close(),
  };
}
