import { describe, expect, it } from 'vitest';
import { BatchReader, type BatchReaderDeps } from './batch-reader.ts';
import { projectRecord } from './projection.ts';
import { MemoryLog } from './testing/memory-log.ts';
import { turns } from './testing/memory-projectors.ts';

/** Partitions of so many records. */
async function logOf(...lengths: number[]): Promise<MemoryLog> {
  const log = new MemoryLog(lengths.length);
  for (const [partition, length] of lengths.entries()) await append(log, partition, length);
  return log;
}

const append = (log: MemoryLog, partition: number, count: number) =>
  log.append(Array.from({ length: count }, () => ({ partition, value: Buffer.from('{}') })));

function readerOf(
  log: MemoryLog,
  limits: Partial<BatchReaderDeps['limits']>,
  row: BatchReaderDeps['row'] = projectRecord,
): BatchReader {
  const all = { batchRecordsMax: 10, batchBytesMax: 1_000_000, sliceRecords: 2, ...limits };
  const from = new Map(Array.from({ length: log.partitions }, (_, partition) => [partition, 0n]));
  return new BatchReader({ log, limits: all, row }, from, []);
}

async function drained(reader: BatchReader): Promise<string[][]> {
  const batches: string[][] = [];
  for (;;) {
    const rows = await reader.take();
    if (rows.length === 0) return batches;
    batches.push(rows.map(({ partition, offset }) => `${partition}/${offset}`));
  }
}

describe('reading ahead', () => {
  it.each([1, 3, 4, 100])('gives every record once, in order, in batches of %i', async (most) => {
    const lengths = [7, 0, 3];
    const batches = await drained(readerOf(await logOf(...lengths), { batchRecordsMax: most }));
    for (const partition of [0, 2]) {
      const own = batches.flat().filter((place) => place.startsWith(`${partition}/`));
      const length = lengths[partition] ?? 0;
      expect(own).toEqual(Array.from({ length }, (_, offset) => `${partition}/${offset}`));
    }
    expect(batches.flat()).toHaveLength(10);
    // Two partitions have a fair share each, and at least one record.
    for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(most + 1);
  });

  it('does not read ahead what is less than a batch, and takes what has come by then', async () => {
    const log = await logOf(19);
    const reader = readerOf(log, {});
    expect(await reader.take()).toHaveLength(10);
    await reader.idle();
    expect(log.reads).toHaveLength(1);
    await append(log, 0, 1);
    expect(await reader.take()).toHaveLength(10);
  });

  it('reads a whole batch ahead, before anybody asks for it', async () => {
    const log = await logOf(20);
    const reader = readerOf(log, {});
    expect(await reader.take()).toHaveLength(10);
    await reader.idle();
    expect(log.reads).toHaveLength(2);
    expect(await reader.take()).toHaveLength(10);
    expect(await reader.take()).toEqual([]);
  });

  it('holds at most two batches that were not taken', async () => {
    const log = await logOf(100);
    const reader = readerOf(log, {});
    await reader.take();
    await reader.idle();
    expect(log.reads).toHaveLength(3);
    await turns();
    expect(log.reads).toHaveLength(3);
  });

  it.each([2, 3])('is idle only once read %i is over too: the log may be closed', async (held) => {
    const { promise, resolve: release } = Promise.withResolvers<void>();
    const log = await logOf(100);
    const reader = readerOf(log, {});
    log.before = (call) => (call === 'read' && log.reads.length >= held ? promise : undefined);
    await reader.take();
    let isIdle = false;
    const running = reader.idle().then(() => {
      isIdle = true;
      return log.running;
    });
    await turns();
    expect([isIdle, log.running]).toEqual([false, 1]);
    release();
    expect(await running).toBe(0);
    const { length } = log.reads;
    await turns();
    expect(log.reads).toHaveLength(length);
  });

  it.each([2, 3])(
    'tells the caller that takes batch %i of its failure, and no other',
    async (bad) => {
      const unhandled: unknown[] = [];
      const note = (reason: unknown) => void unhandled.push(reason);
      process.on('unhandledRejection', note);
      const log = await logOf(100);
      const reader = readerOf(log, {});
      log.before = (call) => {
        if (call === 'read' && log.reads.length >= bad) throw new Error('the log is away');
      };
      for (let batch = 1; batch < bad; batch++) {
        expect(await reader.take()).toHaveLength(10);
        await turns();
      }
      await reader.idle();
      await expect(reader.take()).rejects.toThrow('the log is away');
      await expect(reader.idle()).resolves.toBeUndefined();
      process.off('unhandledRejection', note);
      expect(unhandled).toEqual([]);
    },
  );
});

describe('a batch', () => {
  it('is shared by the partitions that have something new, records and bytes', async () => {
    const log = await logOf(9, 0, 9);
    const reader = readerOf(log, { batchRecordsMax: 5, batchBytesMax: 7 });
    await reader.take();
    const share = { offset: 0n, maxRecords: 3, maxBytes: 4 };
    expect(log.reads.slice(0, 2)).toEqual([
      { partition: 0, ...share },
      { partition: 2, ...share },
    ]);
    expect(reader.ends).toEqual([9n, 0n, 9n]);
  });

  it('is parsed in slices, so that other work gets turns in between', async () => {
    let turn = 0;
    let isOver = false;
    const count = () => {
      turn++;
      if (!isOver) setImmediate(count);
    };
    const parsedIn = async (records: number, sliceRecords: number) => {
      const parsed: number[] = [];
      const reader = readerOf(await logOf(records), { sliceRecords }, (record) => {
        parsed.push(turn);
        return projectRecord(record);
      });
      await reader.take();
      return parsed.map((at) => at - (parsed[0] ?? 0));
    };
    setImmediate(count);
    expect(await parsedIn(5, 2)).toEqual([0, 0, 1, 1, 2]);
    expect(await parsedIn(3, 1)).toEqual([0, 1, 2]);
    expect(await parsedIn(4, 4)).toEqual([0, 0, 0, 0]);
    isOver = true;
  });

  it('knows the ends of the log that it was told of before it asks', async () => {
    const deps = { log: await logOf(1), row: projectRecord };
    const limits = { batchRecordsMax: 1, batchBytesMax: 1, sliceRecords: 1 };
    expect(new BatchReader({ ...deps, limits }, new Map(), [5n]).ends).toEqual([5n]);
  });
});
