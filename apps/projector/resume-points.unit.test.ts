/** I2: what is asked of the warehouse and of the log before it is decided where a claimed partition goes on. */
import { beforeEach, describe, expect, it } from 'vitest';
import { readTorn, resumePoints } from './resume-points.ts';
import { MemoryLog } from './testing/memory-log.ts';
import { ScriptedWarehouse } from './testing/scripted-warehouse.ts';

let log: MemoryLog;
let warehouse: ScriptedWarehouse;
beforeEach(() => {
  log = new MemoryLog(4, 2);
  warehouse = new ScriptedWarehouse();
});

const intent = (partition: number, first: bigint, last: bigint) => {
  const metadata = `{"epoch":"1","first":"${first}","last":"${last}"}`;
  return log.commit('projector', [{ partition, offset: first, metadata }]);
};
/** Rows of partition 1: so many, and these offsets among those that are asked for. */
function stored(rows: number, next: number, above: number, offsets: number[]): void {
  const count = (value: number) => String(value);
  warehouse.answers.set('tollgate.log_progress', () => [
    { partition: 1, rows: count(rows), next: count(next) },
  ]);
  warehouse.answers.set('count() AS n', () => [{ n: count(above) }]);
  warehouse.answers.set('AS at FROM', ({ first, last }) =>
    offsets
      .filter((offset) => offset >= Number(first) && offset <= Number(last))
      .map((offset) => ({ at: count(offset) })),
  );
}
const append = (partition: number, count: number) =>
  log.append(
    Array.from({ length: count }, (_, i) => ({ partition, value: Buffer.from(String(i)) })),
  );

describe('where partitions go on', () => {
  it('is at the first record where there are neither rows nor an intent', async () => {
    const resumes = await resumePoints({ log, warehouse }, [0, 3]);
    const begin = { next: 0n, missing: [] };
    expect(resumes).toEqual(
      new Map([
        [0, begin],
        [3, begin],
      ]),
    );
    expect(warehouse.asked).toEqual([{ log: 2 }]);
  });

  it('is decided by the rows of its own intent, and those above', async () => {
    await intent(1, 4n, 6n);
    stored(6, 7, 0, [4, 6]);
    const resumes = await resumePoints({ log, warehouse }, [1]);
    expect(resumes).toEqual(new Map([[1, { next: 7n, missing: [5n] }]]));
    const place = { log: 2, partition: 1 };
    expect(warehouse.asked).toEqual([
      { log: 2 },
      { ...place, first: 4n, last: 6n },
      { ...place, last: 6n },
    ]);
  });

  it('lists what the intent lacks before what a later batch lacks', async () => {
    await intent(1, 4n, 6n);
    stored(7, 10, 2, [5, 7, 9]);
    const resumes = await resumePoints({ log, warehouse }, [1]);
    expect(resumes).toEqual(new Map([[1, { next: 10n, missing: [4n, 6n, 8n] }]]));
  });

  it('is not decided where the warehouse or the log does not answer', async () => {
    await intent(1, 4n, 6n);
    for (const failing of [0, 1, 2, 3]) {
      stored(9, 10, 2, [4, 5, 6, 7, 9]);
      let asked = 0;
      warehouse.before = () => {
        if (asked++ === failing) throw new Error('away');
      };
      await expect(resumePoints({ log, warehouse }, [1])).rejects.toThrow('away');
    }
    warehouse.before = () => undefined;
    log.before = () => {
      throw new Error('no log');
    };
    await expect(resumePoints({ log, warehouse }, [1])).rejects.toThrow('no log');
  });
});

describe('the records of torn batches', () => {
  it('are read one by one, partition after partition, in the order of their offsets', async () => {
    await append(0, 3);
    await append(2, 5);
    const missing = new Map([
      [2, { next: 5n, missing: [1n, 4n] }],
      [0, { next: 3n, missing: [2n] }],
    ]);
    const records = await readTorn(log, missing);
    expect(records.map(({ partition, offset }) => `${partition}/${offset}`)).toEqual([
      '2/1',
      '2/4',
      '0/2',
    ]);
    expect(log.reads.map(({ maxRecords }) => maxRecords)).toEqual([1, 1, 1]);
  });

  it('I2: are not replaced by what the log gives instead', async () => {
    await append(0, 3);
    const later = {
      read: () => log.read({ partition: 0, offset: 2n, maxRecords: 1, maxBytes: 1 }),
    };
    const torn = new Map([[0, { next: 3n, missing: [1n] }]]);
    await expect(readTorn(later, torn)).rejects.toThrow(
      'offset 1 of partition 0 belongs to a torn batch and cannot be read yet',
    );
  });
});
