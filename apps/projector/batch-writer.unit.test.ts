/**
 * The order of the writes of one batch, and what follows from what the engine answers
 * (docs/design.md, The fence).
 */
import type { Log } from '@tollgate/adapters/log/log.ts';
import { WarehouseError } from '@tollgate/adapters/warehouse/warehouse-error.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { BatchWriter, FencedError, placeOf, rangesOf } from './batch-writer.ts';
import { ProjectorMetrics } from './metrics.ts';
import type { ProjectedRow } from './projection.ts';
import { turns } from './testing/memory-projectors.ts';
import { row } from './testing/rows.ts';
import { ScriptedWarehouse, unnoticedFailures } from './testing/scripted-warehouse.ts';

const EPOCHS = new Map([
  [0, 7n],
  [1, 8n],
]);

let warehouse: ScriptedWarehouse;
let letters: { partition: number; value: string }[];
let warnings: object[];
let metrics: ProjectorMetrics;
beforeEach(() => {
  warehouse = new ScriptedWarehouse();
  letters = [];
  warnings = [];
  metrics = new ProjectorMetrics();
});

function openWriter(deadBefore?: ReadonlyMap<string, string>): BatchWriter {
  const append: Log['append'] = async (records) => {
    // Longer than a statement takes: a caller that does not wait for it is overtaken.
    await turns(5);
    warehouse.done.push('append letters');
    for (const { partition, value } of records) {
      letters.push({ partition, value: Buffer.from(value).toString() });
    }
    return records.map((_, index) => BigInt(index));
  };
  const logger = { warn: (fields: object) => warnings.push(fields), error: () => undefined };
  const log = { ordinal: 2 } as Log;
  const options = { log, deadLetters: { append }, warehouse, owner: 'p1', logger };
  const dead = deadBefore === undefined ? {} : { deadBefore };
  return new BatchWriter({ ...options, ...dead }, metrics);
}

const rows = (...idKeys: string[]) =>
  idKeys.map((idKey, index) => row({ idKey, offset: BigInt(index) }));
const dead = (fields: Partial<ProjectedRow> = {}) =>
  row({ disposition: 'dead', deadReason: 'why', idKey: '0', object: null, ...fields });
const insertedRows = (count: number) =>
  warehouse.answers.set('SELECT count()', () => [{ rows: String(count) }]);

describe('a batch', () => {
  it('I2, I5: is written in the order that a death at any step allows', async () => {
    const writer = openWriter();
    insertedRows(2);
    const staged = await writer.stage([...rows('1'), dead({ offset: 1n })], EPOCHS, null);
    await writer.write(staged, EPOCHS);
    expect(warehouse.done).toEqual([
      'load stage_keys_p1_0',
      'ask raw_usage',
      'load stage_p1_0',
      'append letters',
      'insert dirty_bucket',
      'insert raw_usage',
      'ask raw_usage',
      'truncate stage_p1_0',
      'truncate stage_keys_p1_0',
    ]);
    expect(metrics.rows).toEqual({ counted: 1, duplicate: 0, dead: 1 });
    expect(warnings).toEqual([]);
  });

  it('I2: fails where any of its statements fails', async () => {
    const unnoticed = await unnoticedFailures(() => {
      warehouse = new ScriptedWarehouse();
      insertedRows(1);
      const writer = openWriter();
      const work = async () => {
        await writer.open();
        await writer.write(await writer.stage(rows('1'), EPOCHS, null), EPOCHS);
        await writer.drop();
      };
      return { warehouse, work };
    });
    expect(unnoticed).toEqual([]);
  });

  it('I2: is fenced if the engine has fewer of its rows than were staged', async () => {
    const writer = openWriter();
    insertedRows(1);
    const staged = await writer.stage(rows('1', '2'), EPOCHS, null);
    await expect(writer.write(staged, EPOCHS)).rejects.toThrow(FencedError);
    expect(warehouse.done.at(-1)).toBe('ask raw_usage');
    expect(metrics.rows.counted).toBe(0);
  });

  it('I2: fails if the engine has more rows of it than were staged', async () => {
    const writer = openWriter();
    insertedRows(3);
    const staged = await writer.stage(rows('1', '2'), EPOCHS, null);
    await expect(writer.write(staged, EPOCHS)).rejects.toThrow('3 rows for 2 records');
    expect(metrics.rows.counted).toBe(0);
  });

  it('I2: is decided after the batch before it, which is not stored yet', async () => {
    const writer = openWriter();
    insertedRows(2);
    const first = await writer.stage(rows('1', '2'), EPOCHS, null);
    const second = await writer.stage(rows('2', '3'), EPOCHS, first);
    expect(second.rows.map(({ disposition }) => disposition)).toEqual(['duplicate', 'counted']);
    expect([first.slot, second.slot]).toEqual([0, 1]);
    await writer.write(first, EPOCHS);
    const third = await writer.stage(rows('4'), EPOCHS, second);
    expect([third.slot, [...third.counted.keys()]]).toEqual([0, ['4']]);
  });

  it('I2: is decided by what the warehouse has counted already', async () => {
    const writer = openWriter();
    warehouse.answers.set('id_key IN', () => [
      { key: '1', leaf: 'aa', resolvable: 0 },
      { key: '2', leaf: 'bb', resolvable: 1 },
    ]);
    const target = '00000000-0000-0000-0000-000000000002';
    const resolution = row({ idKey: '9', resolvesId: target, offset: 3n });
    const other = '00000000-0000-0000-0000-000000000001';
    const late = row({ idKey: '8', resolvesId: other, offset: 4n });
    const staged = await writer.stage([...rows('1', '2'), resolution, late], EPOCHS, null);
    const found = staged.rows.map(({ disposition }) => disposition);
    expect(found).toEqual(['duplicate', 'duplicate', 'counted', 'dead']);
    expect(staged.conflicting).toBe(1);
    expect(warehouse.lines.get('stage_keys_p1_0')).toBe(
      ['1', '2', '9', '8'].map((key) => `{"id_key":"${key}"}\n`).join(''),
    );
  });

  it('says when a known id comes with other content, once it is written', async () => {
    const writer = openWriter();
    insertedRows(2);
    const conflict = row({ leafHex: 'bb', offset: 1n });
    const staged = await writer.stage([...rows('1'), conflict], EPOCHS, null);
    expect(metrics.conflicting).toBe(0);
    await writer.write(staged, EPOCHS);
    expect([metrics.conflicting, warnings]).toEqual([1, [{ conflicting: 1 }]]);
  });

  it('is staged under its log and the epochs of its partitions', async () => {
    const both = [row(), row({ partition: 1, offset: 4n, idKey: '2' })];
    await openWriter().stage(both, EPOCHS, null);
    const lines = (warehouse.lines.get('stage_p1_0') ?? '').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { log: 2, partition: 0, offset: 0, insert_epoch: 7 },
      { log: 2, partition: 1, offset: 4, insert_epoch: 8 },
    ]);
  });

  it('gives the bytes of its records back once the engine has them', async () => {
    const staged = await openWriter().stage(rows('1'), EPOCHS, null);
    expect(staged.rows.map(({ object }) => object)).toEqual([null]);
  });

  it('of dead rows alone asks the warehouse for no key', async () => {
    await openWriter().stage([dead()], EPOCHS, null);
    expect(warehouse.done).toEqual(['load stage_p1_0']);
  });
});

describe('dead letters', () => {
  it('say which record is dead, and why', async () => {
    insertedRows(1);
    const writer = openWriter();
    const row = dead({ partition: 1, offset: 12n });
    await writer.write(await writer.stage([row], EPOCHS, null), EPOCHS);
    expect(letters).toHaveLength(1);
    expect(letters[0]?.partition).toBe(1);
    expect(JSON.parse(letters[0]?.value ?? '')).toEqual({
      log: 2,
      partition: 1,
      offset: '12',
      reason: 'why',
      recorded_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  it('are not written again for records that were dead before', async () => {
    insertedRows(2);
    const writer = openWriter(new Map([['1/12', 'why']]));
    const both = [dead({ partition: 1, offset: 12n }), dead({ partition: 1, offset: 13n })];
    await writer.write(await writer.stage(both, EPOCHS, null), EPOCHS);
    expect(letters.map(({ value }) => JSON.parse(value).offset)).toEqual(['13']);
  });

  it('are not appended where there are none', async () => {
    insertedRows(1);
    const writer = openWriter();
    await writer.write(await writer.stage(rows('1'), EPOCHS, null), EPOCHS);
    expect(warehouse.done).not.toContain('append letters');
  });
});

describe('rows that the engine cannot read', () => {
  /** Refuses each load that has a row with one of these keys. */
  function unreadable(...keys: string[]): void {
    const load = warehouse.loadLines.bind(warehouse);
    warehouse.loadLines = async (table, lines) => {
      const text = typeof lines === 'string' ? lines : [...lines].map(String).join('');
      const isStage = !table.includes('keys');
      if (
        isStage &&
        keys.some((key) =>
          text.includes(
            `"disposition":"counted","dead_reason":null,"insert_epoch":7,"id_key":"${key}"`,
          ),
        )
      ) {
        throw new WarehouseError('72', 'no number');
      }
      await load(table, text);
    };
  }

  it.each([1, 2, 3, 4, 5])('are dead alone, number %i of five', async (bad) => {
    unreadable(String(bad));
    const staged = await openWriter().stage(rows('1', '2', '3', '4', '5'), EPOCHS, null);
    const found = staged.rows.map(({ deadReason }) => deadReason);
    const expected = [null, null, null, null, null].map((none, index) =>
      index === bad - 1 ? 'the warehouse cannot read it: no number' : none,
    );
    expect(found).toEqual(expected);
    // Whatever was tried before, rows are staged into an area without rows.
    const loads = warehouse.done.flatMap((done, index) =>
      done === 'load stage_p1_0' ? [index] : [],
    );
    const before = loads.map((index) => warehouse.done.slice(index - 2, index));
    expect(before).toEqual(loads.map(() => ['truncate stage_p1_0', 'truncate stage_keys_p1_0']));
  });

  it('I2: decide nothing for the rows behind them', async () => {
    unreadable('1');
    const both = [row({ leafHex: 'bb' }), row({ offset: 1n, idKey: '2' })];
    const again = row({ offset: 2n, idKey: '2' });
    const staged = await openWriter().stage([...both, again], EPOCHS, null);
    const found = staged.rows.map(({ disposition }) => disposition);
    expect(found).toEqual(['dead', 'counted', 'duplicate']);
    expect([...staged.counted.keys()]).toEqual(['2']);
  });

  it('are not looked for while the engine is away', async () => {
    warehouse.before = (statement) => {
      if (statement === 'load stage_p1_0') throw new WarehouseError('ECONNREFUSED', 'away');
    };
    await expect(openWriter().stage(rows('1', '2'), EPOCHS, null)).rejects.toThrow('away');
    expect(warehouse.done).not.toContain('truncate stage_p1_0');
  });

  it('fail the batch where no single row is at fault', async () => {
    let loads = 0;
    warehouse.before = (statement) => {
      if (statement === 'load stage_p1_0' && loads++ === 0) throw new WarehouseError('72', 'odd');
    };
    await expect(openWriter().stage(rows('1', '2'), EPOCHS, null)).rejects.toThrow('odd');
  });

  it('fail the batch where the engine goes away during the search', async () => {
    let loads = 0;
    warehouse.before = (statement) => {
      if (statement !== 'load stage_p1_0') return;
      const load = loads++;
      if (load === 0) throw new WarehouseError('72', 'no number');
      // It is back at once: nothing that failed meanwhile says anything of a row.
      if (load === 1) throw new Error('away');
    };
    await expect(openWriter().stage(rows('1', '2'), EPOCHS, null)).rejects.toThrow('away');
  });

  it('fail the batch where a dead row cannot be read: nothing is left to say of it', async () => {
    warehouse.before = (statement) => {
      if (statement === 'load stage_p1_0') throw new WarehouseError('72', 'no number');
    };
    await expect(openWriter().stage([dead()], EPOCHS, null)).rejects.toThrow('no number');
  });
});

describe('places and ranges', () => {
  it('a range ends at the last record of its partition', () => {
    const records = [
      { partition: 3, offset: 5n },
      { partition: 1, offset: 0n },
      { partition: 3, offset: 6n },
      { partition: 3, offset: 7n },
    ];
    expect(rangesOf(records)).toEqual([
      { partition: 3, first: 5n, last: 7n },
      { partition: 1, first: 0n, last: 0n },
    ]);
    expect(placeOf({ partition: 3, offset: 5n })).toBe('3/5');
  });
});
