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

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const record = (partition: number, value: string) => ({ partition, value: text(value) });

async function readAll(log: Log, partition: number): Promise<string[]> {
  const records = await log.read({ partition, offset: 0n, maxRecords: 10_000, maxBytes: 1e9 });
  return records.map(({ value }) => Buffer.from(value).toString());
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

    it('returns every value byte for byte, with its place and time', async () => {
      const { log } = opened;
      const beforeMs = Date.now();
      const values = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 300 }), 50);
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

    it('lets several clients append at once without a gap or a loss', async () => {
      const other = await opened.reopen();
      const clients = [opened.log, other];
      const appends = Array.from({ length: 40 }, (_, i) =>
        (clients[i % 2] as Log).append([record(0, `${i}a`), record(0, `${i}b`)]),
      );
      const offsets = (await Promise.all(appends)).flat();
      await other.close();
      const stored = await readAll(opened.log, 0);
      expect(offsets.map(Number).sort((a, b) => a - b)).toEqual(stored.map((_, i) => i));
      expect(new Set(stored).size).toBe(80);
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
