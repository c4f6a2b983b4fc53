/** I2, I4: a claim holds only once nothing of an older owner can be written any more. */
import type { Log } from '@tollgate/adapters/log/log.ts';
import { dropForgottenStages } from '@tollgate/adapters/warehouse/queries/staging.ts';
import { describe, expect, it } from 'vitest';
import { projectorLimits } from './limits.ts';
import { claimPartitions } from './partition-claim.ts';
import { MemoryFences } from './testing/memory-fences.ts';
import { ScriptedWarehouse } from './testing/scripted-warehouse.ts';

const LIMITS = { ...projectorLimits, claimPollMs: 1 };

/** The statements that run, look after look; the last list stays. */
function running(warehouse: ScriptedWarehouse, ...lists: string[][]): void {
  let look = 0;
  warehouse.answers.set('system.processes', () =>
    (lists[Math.min(look++, lists.length - 1)] ?? []).map((query_id) => ({ query_id })),
  );
}

function claim(warehouse: ScriptedWarehouse, ledger = new MemoryFences(), limits = LIMITS) {
  const log = { ordinal: 2 } as Log;
  return claimPartitions({ ledger, log, warehouse, owner: 'p1' }, [0, 5], limits);
}

describe('a claim of partitions', () => {
  it('takes a new epoch of each from the ledger, above all earlier ones', async () => {
    const warehouse = new ScriptedWarehouse();
    const ledger = new MemoryFences({ 'fence-2.5': 7 });
    expect(await claim(warehouse, ledger)).toEqual(
      new Map([
        [0, 1n],
        [5, 8n],
      ]),
    );
    expect(ledger.appended.sort()).toEqual([
      ['fence-2.0', 'no_stream', '["FenceTaken",{"owner":"p1"}]'],
      ['fence-2.5', 6n, '["FenceTaken",{"owner":"p1"}]'],
    ]);
    expect(warehouse.lines.get('fence')).toBe(
      '{"log":2,"partition":0,"epoch":1}\n{"log":2,"partition":5,"epoch":8}\n',
    );
  });

  it('waits until every statement has ended that ran when the fence was written', async () => {
    const warehouse = new ScriptedWarehouse();
    running(warehouse, ['old', 'older'], ['old', 'young'], ['young']);
    await claim(warehouse);
    expect(warehouse.done).toEqual([
      'insert fence',
      'ask system.processes',
      'ask system.processes',
      'ask system.processes',
    ]);
  });

  it('does not wait where no older statement runs', async () => {
    const warehouse = new ScriptedWarehouse();
    await claim(warehouse);
    expect(warehouse.done).toEqual(['insert fence', 'ask system.processes']);
  });

  it('pauses before it looks again', async () => {
    const warehouse = new ScriptedWarehouse();
    running(warehouse, ['old'], ['old'], []);
    const startedAtMs = performance.now();
    await claim(warehouse, new MemoryFences(), { ...LIMITS, claimPollMs: 20 });
    // A timer may come a millisecond early.
    expect(performance.now() - startedAtMs).toBeGreaterThan(2 * 19);
  });

  it('fails where an older statement does not end', async () => {
    const warehouse = new ScriptedWarehouse();
    running(warehouse, ['old']);
    const limits = { ...LIMITS, claimWaitMs: 10 };
    await expect(claim(warehouse, new MemoryFences(), limits)).rejects.toThrow('do not end');
  });

  it('fails where the fence cannot be written, or the statements cannot be seen', async () => {
    for (const statement of ['insert fence', 'ask system.processes']) {
      const warehouse = new ScriptedWarehouse();
      warehouse.before = (next) => {
        if (next === statement) throw new Error('away');
      };
      await expect(claim(warehouse)).rejects.toThrow('away');
    }
  });
});

describe('forgotten staging tables', () => {
  it('are dropped, each by its name', async () => {
    const warehouse = new ScriptedWarehouse();
    const forgotten = [{ name: 'stage_a_0' }, { name: 'stage_b_1' }];
    warehouse.answers.set('system.tables', () => forgotten);
    await dropForgottenStages(warehouse);
    expect(warehouse.done).toEqual(['ask system.tables', 'drop stage_a_0', 'drop stage_b_1']);
  });
});
