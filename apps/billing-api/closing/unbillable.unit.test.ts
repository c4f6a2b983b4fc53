/** What no invoice can state or hold, at the exact bounds and without an engine. */
import { appendBytes } from '@tollgate/adapters/ledger/ledger.ts';
import { expect, it } from 'vitest';
import { freeze } from './freeze.ts';
import { loadBilling } from './streams.ts';
import { AFTER_JANUARY, JANUARY } from './testing/january.ts';
import { MemoryHouse } from './testing/memory-house.ts';
import type { Use } from './testing/memory-usage.ts';

async function houseWith(change: Partial<Use>): Promise<MemoryHouse> {
  const house = new MemoryHouse();
  await house.january('cus_a');
  house.usage.use('cus_a', JANUARY, change);
  return house;
}

it.each<[string, Partial<Use>, string]>([
  ['an amount', { cost: '99999999999999.000000000000' }, 'the amount of a line exceeds 2^53'],
  ['a quantity', { inputTokens: 2 ** 53 }, 'a number of the warehouse exceeds 2^53'],
])('%s beyond 2^53 is refused by name before its period begins to close', async (...row) => {
  const [, change, message] = row;
  const house = await houseWith(change);
  const { failed } = await house.closeAt(AFTER_JANUARY, ['cus_a']);
  const error = { name: 'ClosingError', code: 'amount_too_large', message };
  expect(failed).toMatchObject([{ error }]);
  expect(await house.states('cus_a')).toEqual(['open']);
});

it('quantities that only together are beyond 2^53 are refused as well', async () => {
  const house = await houseWith({ inputTokens: 2 ** 52, keyId: 'key_1' });
  house.usage.use('cus_a', JANUARY, { inputTokens: 2 ** 52, keyId: 'key_2' });
  const { failed } = await house.closeAt(AFTER_JANUARY, ['cus_a']);
  const error = { code: 'amount_too_large', message: 'input_tokens exceeds 2^53' };
  expect(failed).toMatchObject([{ error }]);
  expect(await house.states('cus_a')).toEqual(['open']);
});

/** Bytes of the invoice of January. The same usage makes the same bytes. */
async function invoiceBytes(): Promise<number> {
  const house = await houseWith({});
  await house.closeAt(AFTER_JANUARY, ['cus_a']);
  return appendBytes(house.store.events.filter(({ type }) => type === 'InvoiceIssued'));
}

it('an invoice may be as large as an append, and one byte more keeps its period open', async () => {
  const bytes = await invoiceBytes();
  const closeWith = async (appendBytesMax: number) => {
    const house = await houseWith({});
    const ledger = { ...house.deps.ledger, appendBytesMax };
    const { failed } = await house.closeAt(AFTER_JANUARY, ['cus_a'], { ...house.deps, ledger });
    return { failed, states: await house.states('cus_a') };
  };
  expect(await closeWith(bytes)).toEqual({ failed: [], states: ['frozen', 'open'] });
  const tooLarge = { code: 'snapshot_too_large', message: `an invoice of ${bytes} bytes` };
  expect(await closeWith(bytes - 1)).toMatchObject({
    failed: [{ error: tooLarge }],
    states: ['open'],
  });
});

it('an invoice that cannot be issued stops its snapshot, once its period is closing', async () => {
  const house = await houseWith({});
  const deps = { ...house.deps, closingLimits: { stepsMax: 1 } };
  await house.closeAt(AFTER_JANUARY, ['cus_a'], deps);
  const loaded = await loadBilling(house.store, 'cus_a');
  const [period] = loaded.billing.periods;
  if (period?.status !== 'closing') throw new Error('not closing');
  const ledger = { ...house.deps.ledger, appendBytesMax: (await invoiceBytes()) - 1 };
  await expect(freeze({ ...house.deps, ledger }, 'cus_a', loaded, period)).rejects.toMatchObject({
    code: 'snapshot_too_large',
  });
  expect(await house.states('cus_a')).toEqual(['closing']);
  await freeze(house.deps, 'cus_a', loaded, period);
  expect(await house.states('cus_a')).toEqual(['frozen']);
});
