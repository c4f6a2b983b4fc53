/** What is frozen and issued, and what must stop it, without an engine. */
import { sha256Hex } from '@tollgate/adapters/digest/sha256.ts';
import { AppendTooLarge, type Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { makeId } from '@tollgate/domain/ids/ids.ts';
import { type ClosingPeriod, frozenPeriod } from '@tollgate/domain/period/billing.ts';
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { freeze, issueInvoice, workOutSnapshot } from './freeze.ts';
import { loadBilling } from './streams.ts';
import { AFTER_FEBRUARY, AFTER_JANUARY, bodyOf, FEBRUARY, JANUARY } from './testing/january.ts';
import { MemoryHouse } from './testing/memory-house.ts';

let house: MemoryHouse;
beforeEach(() => {
  house = new MemoryHouse();
});

/** January of `cus_a`, which has begun to close with everything that is in the log. */
async function closingJanuary(): Promise<ClosingPeriod> {
  await house.january('cus_a');
  const deps = { ...house.deps, closingLimits: { stepsMax: 1 } };
  await house.closeAt(AFTER_JANUARY, ['cus_a'], deps);
  const [period] = (await house.billing('cus_a')).periods;
  if (period?.status !== 'closing') throw new Error('not closing');
  return period;
}

async function freezeJanuary(period: ClosingPeriod, deps: Partial<typeof house.deps> = {}) {
  const loaded = await loadBilling(house.store, 'cus_a');
  await freeze({ ...house.deps, ...deps }, 'cus_a', loaded, period);
}

describe('a snapshot', () => {
  it('has an id that follows from its period, and the hash of exactly its text (I5)', async () => {
    const period = await closingJanuary();
    await freezeJanuary(period);
    const { snapshot_id, body, hash } = house.store.texts('billing-cus_a', 2);
    const begins = makeId('snp', period.endMs, new Uint8Array(10)).slice(0, 14);
    expect(snapshot_id?.slice(0, 14)).toBe(begins);
    expect(hash).toBe(sha256Hex(body ?? ''));
  });

  it('is without what the one before has, and late usage is in it once (I4)', async () => {
    await house.january('cus_a');
    house.usage.use('cus_a', JANUARY);
    await house.closeAt(AFTER_JANUARY, ['cus_a']);
    house.usage.use('cus_a', JANUARY);
    house.usage.use('cus_a', FEBRUARY);
    await house.closeAt(AFTER_FEBRUARY, ['cus_a']);
    const billing = await house.billing('cus_a');
    const lines = [1, 2].map((number) =>
      bodyOf(billing, number).lines.map((line) => [line.kind, line.period_number, line.events]),
    );
    expect(lines).toEqual([
      [['usage', 1, 1]],
      [
        ['late_usage', 1, 1],
        ['usage', 2, 1],
      ],
    ]);
    expect(bodyOf(billing, 2).previous?.snapshot_id).toBe(bodyOf(billing, 1).id);
    expect(bodyOf(billing, 1).leaves.merkle_root).not.toBe(bodyOf(billing, 2).leaves.merkle_root);
  });

  it('counts what is unresolved and lists no more of it than its bound (I8)', async () => {
    for (let i = 0; i < 3; i++) house.usage.use('cus_a', JANUARY, { cost: null });
    const period = await closingJanuary();
    await freezeJanuary(period, { closingLimits: { unresolvedIdsMax: 2 } });
    const { unresolved } = bodyOf(await house.billing('cus_a'), 1);
    const listed = { count: 3, event_ids: ['evt_1', 'evt_2'] };
    expect(unresolved).toMatchObject({ ...listed, lines: [{ events: 3 }] });
  });

  it('lists as many unresolved attempts as its schema has room for, when there are more', async () => {
    for (let i = 0; i < 1_001; i++) house.usage.use('cus_a', JANUARY, { cost: null });
    await freezeJanuary(await closingJanuary());
    const { unresolved } = bodyOf(await house.billing('cus_a'), 1);
    expect([unresolved.count, unresolved.event_ids.length]).toEqual([1_001, 1_000]);
  });
});

describe('nothing is frozen', () => {
  async function expectNothingFrozen() {
    expect(house.store.types('billing-cus_a')).not.toContain('SnapshotFrozen');
  }

  it('of a period that is not closing', async () => {
    const period = await closingJanuary();
    const loaded = await loadBilling(house.store, 'cus_a');
    const open = { ...period, status: 'open' } as const;
    const billing = { periods: [open] };
    await expect(freeze(house.deps, 'cus_a', { ...loaded, billing }, period)).rejects.toThrow(
      `${period.id}: period_not_closing`,
    );
    await expectNothingFrozen();
  });

  it('that no invoice could be made from', async () => {
    house.usage.use('cus_a', JANUARY, { keyId: 'k'.repeat(257) });
    const period = await closingJanuary();
    await expect(freezeJanuary(period)).rejects.toThrow('key_id');
    await expectNothingFrozen();
  });

  it('of a customer with an event that is counted twice (I2)', async () => {
    house.usage.use('cus_a', JANUARY, { id: 'same' });
    house.usage.use('cus_a', JANUARY, { id: 'same', partition: 1 });
    const period = await closingJanuary();
    await expect(freezeJanuary(period)).rejects.toMatchObject({ code: 'event_counted_twice' });
    await expectNothingFrozen();
  });

  it('whose lines do not cover exactly its leaves (I4)', async () => {
    house.usage.use('cus_a', JANUARY);
    house.usage.use('cus_a', JANUARY);
    const period = await closingJanuary();
    const { answers } = house.usage.warehouse;
    const leaves = answers.get('AS leaf');
    answers.set('AS leaf', (params, sql) => leaves?.(params, sql).slice(1) ?? []);
    await expect(freezeJanuary(period)).rejects.toMatchObject({
      code: 'leaf_count_differs',
      message: `${period.id}: 2 events in lines, 1 leaves`,
    });
    await expectNothingFrozen();
  });

  it('that the ledger cannot hold at once, and the run says so by name', async () => {
    const period = await closingJanuary();
    const ledger: Ledger = {
      ...house.deps.ledger,
      append: () => Promise.reject(new AppendTooLarge('nine bytes')),
    };
    await expect(freezeJanuary(period, { ledger })).rejects.toMatchObject({
      name: 'ClosingError',
      code: 'snapshot_too_large',
      message: 'nine bytes',
    });
  });

  it('while the ledger does not answer, and the error stays what it is', async () => {
    const period = await closingJanuary();
    const down = new Error('no connection');
    const ledger: Ledger = { ...house.deps.ledger, append: () => Promise.reject(down) };
    await expect(freezeJanuary(period, { ledger })).rejects.toBe(down);
  });

  it('with late usage of a period that has no mark-up yet', async () => {
    house.usage.use('cus_a', JANUARY);
    const january = await closingJanuary();
    const february = { ...january, id: 'per_2', number: 2, endMs: parseInstant(FEBRUARY) };
    const billing = { periods: [january, february] };
    await expect(workOutSnapshot(house.deps, 'cus_a', billing, february)).rejects.toThrow(
      'period 1 is not frozen',
    );
  });
});

describe('the invoice of a snapshot', () => {
  async function frozenJanuary() {
    house.usage.use('cus_a', JANUARY);
    await freezeJanuary(await closingJanuary());
    const period = frozenPeriod(await house.billing('cus_a'), 1);
    if (period === undefined) throw new Error('not frozen');
    return period;
  }
  const answeringConflict = (): Ledger => ({
    ...house.deps.ledger,
    append: async () => ({ ok: false, actual: 0n }),
  });

  it('names the snapshot by id and hash, and has the hash of exactly its text', async () => {
    const period = await frozenJanuary();
    const { snapshot } = period;
    const id = await issueInvoice(house.deps.ledger, period);
    expect(id).toBe(snapshot.id.replace('snp_', 'inv_'));
    expect(house.store.types(`invoice-${id}`)).toEqual(['InvoiceIssued']);
    const data = house.store.texts(`invoice-${id}`, 0);
    const body = data['body'] ?? '';
    expect(data).toEqual({
      invoice_id: id,
      customer_id: 'cus_a',
      snapshot_id: snapshot.id,
      snapshot_hash: snapshot.hash,
      body,
      hash: sha256Hex(body),
    });
    // One USD of cost and a mark-up of 20 %.
    expect(JSON.parse(body)).toMatchObject({ id, total_minor: 120 });
  });

  it('is issued once, however many closers ask', async () => {
    const period = await frozenJanuary();
    const ids = await Promise.all([1, 2, 3].map(() => issueInvoice(house.deps.ledger, period)));
    expect(new Set(ids).size).toBe(1);
    expect(house.store.types(`invoice-${ids[0]}`)).toEqual(['InvoiceIssued']);
  });

  it('that another snapshot made is reported', async () => {
    const period = await frozenJanuary();
    const id = await issueInvoice(house.deps.ledger, period);
    const other = { ...period, snapshot: { ...period.snapshot, hash: '0'.repeat(64) } };
    await expect(issueInvoice(house.deps.ledger, other)).rejects.toMatchObject({
      code: 'invoice_differs',
      message: `${id} is of another snapshot`,
    });
  });

  it('that another closer issued meanwhile is taken if it is the same, and reported if not', async () => {
    const period = await frozenJanuary();
    const id = await issueInvoice(house.deps.ledger, period);
    // Hides the invoice from the first look.
    const meanwhile = (change: object): Ledger => {
      let looks = 0;
      const ledger = answeringConflict();
      return {
        ...ledger,
        read: async (stream, options) => {
          const events = await ledger.read(stream, options);
          if (looks++ === 0) return [];
          return events.map((event) => ({
            ...event,
            data: { ...(event.data as object), ...change },
          }));
        },
      };
    };
    expect(await issueInvoice(meanwhile({}), period)).toBe(id);
    const differs = { code: 'invoice_differs', message: `${id} was issued with another body` };
    const different = meanwhile({ hash: '0'.repeat(64) });
    await expect(issueInvoice(different, period)).rejects.toMatchObject(differs);
  });

  it('that could neither be appended nor found is reported', async () => {
    const period = await frozenJanuary();
    await expect(issueInvoice(answeringConflict(), period)).rejects.toMatchObject({
      code: 'invoice_differs',
    });
  });
});
