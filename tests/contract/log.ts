/**
 * The promises of the port Log, as a suite over a factory: run for every implementation. `open`
 * may be called again to reopen the same log; `fresh` gives a new, empty one.
 */
import type { Log } from '@tollgate/adapters/log/log.ts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

export type LogFactory = {
  /** A new, empty log with 4 partitions; `reopen` opens the same one as another client would. */
  fresh(): Promise<{ log: Log; reopen(): Promise<Log>; dispose(): Promise<void> }>;
};

/**
 * Far longer than an answer takes, and shorter than any wait for records that may never come, ms.
 */
const EMPTY_READ_MAX_MS = 2_000;

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const record = (partition: number, value: string) => ({ partition, value: text(value) });

async function readAll(log: Log, partition: number): Promise<string[]> {
  const records = await log.read({ partition, offset: 0n, maxRecords: 10_000, maxBytes: 1e9 });
  return records.map(({ value }) => Buffer.from(value).toString());
}

type Page = { offset: number; maxRecords: number; maxBytes: number };

/** The rule of `read`: stop before the record that exceeds the bytes, but return at least one. */
function pageOf(values: readonly string[], { offset, maxRecords, maxBytes }: Page): string[] {
  const page: string[] = [];
  let bytes = 0;
  for (const value of values.slice(offset, offset + maxRecords)) {
    bytes += value.length;
    if (page.length > 0 && bytes > maxBytes) break;
    page.push(value);
  }
  return page;
}

export function logContract(name: string, factory: LogFactory): void {
  describe(`Log contract: ${name}`, () => {
    let opened: Awaited<ReturnType<LogFactory['fresh']>>;
    beforeEach(async () => {
      opened = await factory.fresh();
    });
    afterEach(() => opened.dispose());

    it('gives dense offsets from 0 per partition, in the order given', async () => {
      const { log } = opened;
      const first = await log.append([record(0, 'a'), record(1, 'b'), record(0, 'c')]);
      const second = await log.append([record(0, 'd')]);
      expect([...first, ...second]).toEqual([0n, 0n, 1n, 2n]);
      expect([await readAll(log, 0), await readAll(log, 1), await readAll(log, 2)]).toEqual([
        ['a', 'c', 'd'],
        ['b'],
        [],
      ]);
      expect(await log.ends()).toEqual([3n, 1n, 0n, 0n]);
    });

    it('returns every value byte for byte, with its position and time', async () => {
      const { log } = opened;
      const beforeMs = Date.now();
      const empty = new Uint8Array();
      const big = new Uint8Array(300_000).map((_, index) => (index * 31) % 256);
      const values = [empty, ...fc.sample(fc.uint8Array({ maxLength: 300 }), 50), big, empty];
      await log.append(values.map((value) => ({ partition: 3, value })));
      const read = await log.read({ partition: 3, offset: 0n, maxRecords: 100, maxBytes: 1e9 });
      expect(read.map((r) => Buffer.from(r.value))).toEqual(values.map((v) => Buffer.from(v)));
      expect(read.map((r) => [r.partition, r.offset])).toEqual(
        values.map((_, index) => [3, BigInt(index)]),
      );
      const times = read.map((r) => r.appendedAtMs);
      expect(times.every((ms) => ms >= beforeMs - 1000 && ms <= Date.now() + 1000)).toBe(true);
    });

    it('reads from an offset, bounded by records and by bytes, at least one', async () => {
      const { log } = opened;
      await log.append(['aaaa', 'bbbb', 'cccc', 'dddd'].map((value) => record(0, value)));
      const from = { partition: 0, offset: 1n };
      const byCount = await log.read({ ...from, maxRecords: 2, maxBytes: 1e9 });
      const byBytes = await log.read({ ...from, maxRecords: 10, maxBytes: 1 });
      expect(byCount.map((r) => r.offset)).toEqual([1n, 2n]);
      expect(byBytes.map((r) => r.offset)).toEqual([1n]);
    });

    it('answers a read at the end or beyond it at once, with nothing', async () => {
      const { log } = opened;
      await log.append([record(0, 'a')]);
      const bounds = { maxRecords: 10, maxBytes: 1e6 };
      const startMs = performance.now();
      const reads = await Promise.all([
        log.read({ partition: 0, offset: 1n, ...bounds }),
        log.read({ partition: 0, offset: 7n, ...bounds }),
        log.read({ partition: 3, offset: 0n, ...bounds }),
      ]);
      expect(reads).toEqual([[], [], []]);
      expect(performance.now() - startMs).toBeLessThan(EMPTY_READ_MAX_MS);
      await log.append([record(0, 'b')]);
      expect((await log.read({ partition: 0, offset: 1n, ...bounds })).length).toBe(1);
    });

    it('reads the same from any offset, in any order, by pages of any size', async () => {
      const { log } = opened;
      const values = Array.from({ length: 60 }, (_, i) => `${i}-${'x'.repeat(i)}`);
      for (let i = 0; i < 60; i += 7) {
        await log.append(values.slice(i, i + 7).map((value) => record(1, value)));
      }
      const page = fc.record({
        offset: fc.integer({ min: 0, max: 60 }),
        maxRecords: fc.integer({ min: 1, max: 70 }),
        maxBytes: fc.integer({ min: 1, max: 3_000 }),
      });
      const read = async ({ offset, maxRecords, maxBytes }: Page) => {
        const from = { partition: 1, offset: BigInt(offset), maxRecords, maxBytes };
        return (await log.read(from)).map((r) => Buffer.from(r.value).toString());
      };
      const property = fc.asyncProperty(page, async (from) => {
        expect(await read(from)).toEqual(pageOf(values, from));
      });
      await fc.assert(property, { numRuns: 100 });
    });

    it('keeps everything that was acknowledged when it is opened again', async () => {
      await opened.log.append([record(2, 'kept')]);
      await opened.log.commit('g', [{ partition: 2, offset: 1n, metadata: '{"epoch":1}' }]);
      const again = await opened.reopen();
      const read = [await readAll(again, 2), await again.committed('g'), await again.ends()];
      await again.close();
      expect(read).toEqual([
        ['kept'],
        [{ partition: 2, offset: 1n, metadata: '{"epoch":1}' }],
        [0n, 0n, 1n, 0n],
      ]);
    });

    it('lets several clients append at once: no gap, no loss, each record at its offset', async () => {
      const other = await opened.reopen();
      const clients = [opened.log, other];
      const acknowledged = [new Map<number, string>(), new Map<number, string>()];
      const appends = Array.from({ length: 60 }, async (_, i) => {
        const values = [`${i}a`, `${i}b`, `${i}c`];
        const records = [record(0, `${i}a`), record(1, `${i}b`), record(0, `${i}c`)];
        const offsets = await (clients[i % 2] as Log).append(records);
        for (const [at, { partition }] of records.entries()) {
          acknowledged[partition]?.set(Number(offsets[at]), values[at] as string);
        }
      });
      await Promise.all(appends);
      await other.close();
      const stored = [await readAll(opened.log, 0), await readAll(opened.log, 1)];
      expect(acknowledged.map((m) => [...m].sort(([a], [b]) => a - b))).toEqual(
        stored.map((values) => [...values.entries()]),
      );
      expect(stored.flat()).toHaveLength(180);
    });

    it('shows another client at once what was acknowledged: records, ends and commits', async () => {
      const other = await opened.reopen();
      const seen: unknown[] = [];
      const expected: unknown[] = [];
      for (let i = 0; i < 10; i++) {
        await opened.log.append([record(2, `${i}`)]);
        const commit = { partition: 2, offset: BigInt(i + 1), metadata: `{"last":"${i}"}` };
        await opened.log.commit('g', [commit]);
        const ends = await other.ends();
        seen.push([(await readAll(other, 2)).length, ends[2], await other.committed('g')]);
        expected.push([i + 1, BigInt(i + 1), [commit]]);
      }
      await other.close();
      expect(seen).toEqual(expected);
    });

    it('remembers the last commit of each group and partition', async () => {
      const { log } = opened;
      await log.commit('g', [
        { partition: 0, offset: 1n, metadata: 'x' },
        { partition: 1, offset: 5n, metadata: 'y' },
      ]);
      await log.commit('g', [{ partition: 0, offset: 2n, metadata: 'z' }]);
      await log.commit('other', [{ partition: 0, offset: 9n, metadata: '' }]);
      const committed = await log.committed('g');
      expect(committed.sort((a, b) => a.partition - b.partition)).toEqual([
        { partition: 0, offset: 2n, metadata: 'z' },
        { partition: 1, offset: 5n, metadata: 'y' },
      ]);
    });

    it('refuses an append to a partition that does not exist, all of it', async () => {
      const { log } = opened;
      await expect(log.append([record(0, 'a'), record(99, 'b')])).rejects.toThrow();
      expect(await readAll(log, 0)).toEqual([]);
    });
  });
}
