import { expect, it } from 'vitest';
import { InvoicedHouse } from '../invoicing/testing/invoiced-house.ts';
import { exportRequest } from './request-export.ts';

const POLICY = {
  ...{
    collection: 'send' as const,
    days_until_due: 30,
    automatic_tax: true,
    zero: 'skip' as const,
  },
  ...{ below_minimum: 'invoice' as const, negative: 'customer_balance' as const },
  ...{ customers: 'create' as const, lines_max: 250, chunk_lines: 100 },
};

async function requested(house: InvoicedHouse, deps = house.numbering()) {
  const [invoiceId = ''] = await house.invoicesOf(['cus_1']);
  const { data } = await exportRequest(deps, { invoiceId, customerId: 'cus_1' }, POLICY, 0);
  return data;
}

it('an invoice gets its number before it is exported, and takes it along', async () => {
  const { document, policy } = await requested(new InvoicedHouse());
  expect(document).toEqual({ number: 'INV-2026-000001', tax: null });
  expect(policy.automatic_tax).toBe(true);
});

it('a document with a tax is exported with that tax, and none is added by Stripe', async () => {
  const house = new InvoicedHouse('tax: { name: VAT, rate: "19" }');
  const { document, policy } = await requested(house);
  expect(document?.tax).toMatchObject({ name: 'VAT', rate_ppm: 190_000 });
  expect(policy.automatic_tax).toBe(false);
});

it('without a seller an invoice has no number, and is exported as it is', async () => {
  const house = new InvoicedHouse();
  const data = await requested(house, { ...house.numbering(), invoicing: { sellers: {} } });
  expect(data).not.toHaveProperty('document');
});
