/** The proof of one event in a snapshot, and when there is none, without an engine. */
import { sha256 } from '@tollgate/adapters/digest/sha256.ts';
import { frozenPeriod } from '@tollgate/domain/period/billing.ts';
import { faultInProof } from '@tollgate/domain/proof/event-proof.ts';
import { beforeEach, expect, it } from 'vitest';
import { closingLimits } from './closing-limits.ts';
import { proofOf } from './proof.ts';
import { AFTER_FEBRUARY, AFTER_JANUARY, bodyOf, JANUARY, textOf } from './testing/january.ts';
import { MemoryHouse } from './testing/memory-house.ts';
import { leafOf } from './testing/memory-usage.ts';

let house: MemoryHouse;
beforeEach(async () => {
  house = new MemoryHouse();
  await house.january('cus_a');
});

/** The snapshot of that period, and a look for an event in it. */
async function snapshot(number: number) {
  const billing = await house.billing('cus_a');
  const period = frozenPeriod(billing, number);
  if (period === undefined) throw new Error('not frozen');
  const where = { customerId: 'cus_a', billing, period };
  const { warehouse } = house.deps;
  const prove = (id: string, source: string | null = null, leafPageRows = 2) =>
    proofOf(warehouse, where, { id, source }, { ...closingLimits, leafPageRows });
  return { billing, period, prove };
}

it('proves each event of a later snapshot, and none of an earlier one (I4)', async () => {
  const early = house.usage.use('cus_a', JANUARY);
  await house.closeAt(AFTER_JANUARY, ['cus_a']);
  const late = [0, 1, 0].map((partition) => house.usage.use('cus_a', JANUARY, { partition }));
  await house.closeAt(AFTER_FEBRUARY, ['cus_a']);
  const { billing, period, prove } = await snapshot(2);
  const inOrder = [late[0], late[2], late[1]];
  for (const [index, event] of inOrder.entries()) {
    if (event === undefined) throw new Error('no event');
    const result = await prove(event.id);
    if (!result.ok) throw new Error(result.code);
    const { log, partition, offset_text, leaf } = leafOf(event);
    expect(result.proof).toMatchObject({
      object: 'inclusion_proof',
      snapshot_id: period.snapshot.id,
      snapshot_hash: period.snapshot.hash,
      event_id: event.id,
      position: { log, partition, offset: offset_text },
      leaf_hash: leaf,
      leaf_index: index,
      leaf_count: 3,
    });
    const bytes = Buffer.from(textOf(billing, 2));
    const input = { ...result, snapshot: bytes, body: bodyOf(billing, 2), record: null };
    expect(faultInProof(sha256, input)).toBeUndefined();
  }
  expect(await prove(early.id)).toEqual({ ok: false, code: 'event_not_in_snapshot' });
});

it('asks for the source of an id that two collectors share, and then proves it', async () => {
  for (const source of ['one', 'two']) house.usage.use('cus_a', JANUARY, { id: 'same', source });
  await house.closeAt(AFTER_JANUARY, ['cus_a']);
  const { prove } = await snapshot(1);
  expect(await prove('same')).toEqual({ ok: false, code: 'event_ambiguous' });
  expect(await prove('same', 'two')).toMatchObject({ ok: true, proof: { leaf_index: 1 } });
});

it('gives no proof from a warehouse that no longer has what was frozen', async () => {
  const [first] = [1, 2, 3].map(() => house.usage.use('cus_a', JANUARY));
  await house.closeAt(AFTER_JANUARY, ['cus_a']);
  const { period, prove } = await snapshot(1);
  const other = leafOf({ ...house.usage.rows[2]!, id: 'another record' });
  const { answers } = house.usage.warehouse;
  const leaves = answers.get('AS leaf');
  answers.set('AS leaf', (params, sql) =>
    (leaves?.(params, sql) ?? []).map((row) => (row['offset_text'] === '2' ? other : row)),
  );
  await expect(prove(first?.id ?? '')).rejects.toThrow(
    `proof of ${first?.id} in ${period.id}: path_differs`,
  );
});
