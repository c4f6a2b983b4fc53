/** The shipper's loop (I1): everything that is in the journal reaches the log, and stop waits for it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Journal, openJournal } from '@tollgate/adapters/journal/journal.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Shipper, type ShipperLimits } from './shipper.ts';

/** A deadline that only a defect reaches. */
const WITHIN = { timeout: 10_000 };

let folder: string;
let journal: Journal;
/** Batches, as the log took them. */
let shipped: string[][];
let beforeAppend: () => void | Promise<void>;
let errors: string[];
const started: Shipper[] = [];
const log = {
  append: async (records) => {
    await beforeAppend();
    shipped.push(records.map(({ value }) => Buffer.from(value).toString()));
    return records.map(() => 0n);
  },
} as Pick<Log, 'append'> as Log;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-shipper-loop-'));
  journal = await openJournal({ path: join(folder, 'a.journal') });
  shipped = [];
  errors = [];
  beforeAppend = () => undefined;
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop(100)));
  await journal.close();
  rmSync(folder, { recursive: true, force: true });
});

function shipper(limits: Partial<ShipperLimits> = {}): Shipper {
  const swift = { shipBatchRecordsMax: 2, shipIdleMs: 1, shipRetryMs: { first: 1, max: 4 } };
  const onError = (error: unknown) => void errors.push(String(error));
  const one = new Shipper({ journal, log, limits: { ...swift, ...limits }, onError });
  started.push(one);
  return one;
}

async function record(...events: string[]): Promise<void> {
  for (const event of events) await journal.write({ op: 'recorded', partition: 0, event });
}

it('ships what comes, in order, in batches', async () => {
  await record('A', 'B', 'C');
  const one = shipper();
  one.start();
  await vi.waitFor(() => expect(shipped.flat()).toEqual(['A', 'B', 'C']), WITHIN);
  expect(shipped[0]).toEqual(['A', 'B']);
  await record('D');
  await vi.waitFor(() => expect(shipped.flat()).toEqual(['A', 'B', 'C', 'D']), WITHIN);
  expect(await one.stop(5_000)).toBe(true);
  expect([errors, (await journal.contents()).outboxRecords]).toEqual([[], 0]);
});

it('does not pause between full batches, and does after one that was not full', async () => {
  await record('A', 'B', 'C');
  shipper({ shipIdleMs: 60_000 }).start();
  await vi.waitFor(() => expect(shipped).toEqual([['A', 'B'], ['C']]), WITHIN);
  await record('D');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(shipped).toHaveLength(2);
});

it('I1: that stops ships first what is there', async () => {
  const one = shipper();
  one.start();
  await record('A', 'B', 'C', 'D', 'E');
  expect(await one.stop(5_000)).toBe(true);
  expect(shipped.flat()).toEqual(['A', 'B', 'C', 'D', 'E']);
  await record('F');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(shipped.flat()).not.toContain('F');
});

it('I1: tries again until the log is back, with ever longer pauses, and says so', async () => {
  let failures = 5;
  beforeAppend = () => {
    if (failures-- > 0) throw new Error('away');
  };
  await record('A');
  const startedAtMs = performance.now();
  const one = shipper({ shipRetryMs: { first: 10, max: 30 } });
  one.start();
  await vi.waitFor(() => expect(shipped).toEqual([['A']]), WITHIN);
  // 10 + 20 + 30 + 30 + 30
  expect(performance.now() - startedAtMs).toBeGreaterThan(115);
  expect(errors).toEqual(Array(5).fill('Error: away'));
});

it('that stops gives up at the deadline, and leaves the rest to its journal', async () => {
  const { promise: back, resolve: comeBack } = Promise.withResolvers<void>();
  beforeAppend = () => back;
  await record('A');
  const one = shipper();
  one.start();
  expect(await one.stop(20)).toBe(false);
  expect((await journal.contents()).outboxRecords).toBe(1);
  comeBack();
  expect(await one.stop(5_000)).toBe(true);
  expect(shipped).toEqual([['A']]);
});
