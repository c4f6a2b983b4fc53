import type { LogRecord } from '@tollgate/adapters/log/log.ts';
import { describe, expect, it } from 'vitest';
import { BatchReader } from './batch-reader.ts';
import { projectRecord } from './projection.ts';

type Place = { partition: number; offset: bigint; maxRecords: number };

/** Partitions of so many records; counts its reads, and fails when it is told to. */
class Records {
  readonly lengths: number[];
  reads = 0;
  failure: Error | null = null;

  constructor(...lengths: number[]) {
    this.lengths = lengths;
  }

  ends = async () => this.lengths.map(BigInt);

  read = async ({ partition, offset, maxRecords }: Place): Promise<LogRecord[]> => {
    this.reads++;
    await new Promise((resolve) => setImmediate(resolve));
    if (this.failure !== null) throw this.failure;
    const left = (this.lengths[partition] ?? 0) - Number(offset);
    return Array.from({ length: Math.min(left, maxRecords) }, (_, i) => {
      const place = { partition, offset: offset + BigInt(i) };
      return { ...place, value: Buffer.from('{}'), appendedAtMs: 0 };
    });
  };
}

function readerOf(log: Records, batchRecordsMax: number): BatchReader {
  const limits = { batchRecordsMax, batchBytesMax: 1_000_000, sliceRecords: 2 };
  const from = new Map(log.lengths.map((_, partition) => [partition, 0n]));
  return new BatchReader({ log, limits, row: projectRecord }, from, []);
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
    const log = new Records(7, 0, 3);
    const batches = await drained(readerOf(log, most));
    for (const partition of [0, 2]) {
      const own = batches.flat().filter((place) => place.startsWith(`${partition}/`));
      const length = log.lengths[partition] ?? 0;
      expect(own).toEqual(Array.from({ length }, (_, offset) => `${partition}/${offset}`));
    }
    expect(batches.flat()).toHaveLength(10);
    // Two partitions have a fair share each, and at least one record.
    for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(most + 1);
  });

  it('does not read ahead what is less than a batch, and takes what has come by then', async () => {
    const log = new Records(12);
    const reader = readerOf(log, 10);
    expect(await reader.take()).toHaveLength(10);
    await reader.idle();
    expect(log.reads).toBe(1);
    log.lengths[0] = 20;
    expect(await reader.take()).toHaveLength(10);
  });

  it('holds at most two batches that were not taken', async () => {
    const log = new Records(100);
    const reader = readerOf(log, 10);
    await reader.take();
    await reader.idle();
    expect(log.reads).toBe(3);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(log.reads).toBe(3);
  });

  it('tells the caller that takes the batch that its reading failed, and no caller before', async () => {
    const log = new Records(100);
    const reader = readerOf(log, 10);
    await reader.take();
    log.failure = new Error('the log is away');
    await reader.idle();
    await expect(drained(reader)).rejects.toThrow('the log is away');
    await expect(reader.idle()).resolves.toBeUndefined();
  });
});
