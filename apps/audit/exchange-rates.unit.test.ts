import { AFTER_JANUARY, JANUARY } from '@tollgate/billing-api/closing/testing/january.ts';
import { MemoryHouse } from '@tollgate/billing-api/closing/testing/memory-house.ts';
import type { RateTable } from '@tollgate/domain/exchange/exchange-rate.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { auditBilling } from './billing.ts';
import { Differences } from './differences.ts';

let house: MemoryHouse;
beforeEach(async () => {
  house = new MemoryHouse();
  await house.january('cus_a', { currency: 'EUR' });
  house.usage.use('cus_a', JANUARY, { cost: '10.000000000000' });
  await house.publishRates({ EUR: '0.9' });
  await house.closeAt(AFTER_JANUARY, ['cus_a']);
});

async function found(): Promise<string[]> {
  const differences = new Differences();
  await auditBilling(house.deps.ledger, house.deps.warehouse, differences);
  return differences.listed.map(({ finding }) => finding);
}

/** As somebody would who can write to the ledger's file. */
function tamper(change: (table: RateTable) => RateTable): void {
  const events = house.store.events.filter(({ type }) => type === 'ExchangeRatesPublished');
  for (const event of events) event.data = change(event.data as RateTable);
}

describe('I5: the rate of a bill in another currency', () => {
  it('is that of the table that it names, and stays so when the table is corrected', async () => {
    await house.publishRates({ EUR: '0.8' });
    expect(await found()).toEqual([]);
  });

  it('is found if its table says another rate, or nobody published it', async () => {
    tamper((table) => ({ ...table, rates: [{ currency: 'EUR', rate: '0.95' }] }));
    expect(await found()).toEqual(['is 9/10, xrt_EUR,0.9 says 19/20']);
    tamper((table) => ({ ...table, version: 'xrt_other' }));
    expect(await found()).toEqual(['nobody published xrt_EUR,0.9']);
  });

  it('is found if its table did not hold at the end of the period', async () => {
    tamper((table) => ({ ...table, valid_until: '2026-01-31T23:59:59.999Z' }));
    expect(await found()).toEqual(['is 9/10, xrt_EUR,0.9 says nothing']);
  });
});
