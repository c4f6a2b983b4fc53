/** Documents of invoices over their routes, from a ledger in memory. */
import { invoiceDocument } from '@tollgate/schemas/billing/invoice-document.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import type { ApiRequest, ApiRoute } from '../../http/route.ts';
import { InvoicedHouse } from '../../invoicing/testing/invoiced-house.ts';
import { getInvoiceDocument, numberInvoiceRoute } from './documents.ts';

let house: InvoicedHouse;
beforeEach(() => {
  house = new InvoicedHouse();
});

async function call(route: ApiRoute, invoice_id: string, invoicing = true): Promise<unknown> {
  const context = (invoicing ? house.numbering() : house.deps) as ApiContext;
  const request = { params: { invoice_id } } as ApiRequest<unknown, unknown, unknown>;
  try {
    return await route.handler(request, context);
  } catch (error) {
    if (error instanceof ApiProblem) return error.code;
    throw error;
  }
}

describe('the document of an invoice', () => {
  it('is there once the invoice has its number, and says the same ever after', async () => {
    const [id] = (await house.invoicesOf(['cus_a'])) as [string];
    expect(await call(getInvoiceDocument, id)).toBe('invoice_not_numbered');
    expect(await call(numberInvoiceRoute, id, false)).toBe('seller_not_configured');
    const numbered = { object: 'invoice_number', invoice_id: id, number: 'INV-2026-000001' };
    expect(await call(numberInvoiceRoute, id)).toEqual(numbered);
    const text = JSON.stringify(await call(getInvoiceDocument, id));
    expect(invoiceDocument.parse(JSON.parse(text))).toMatchObject({
      ...{ number: 'INV-2026-000001', net_minor: 120, payable_minor: 120, due_on: '2026-02-15' },
      seller: { legal_name: 'Gate Works GmbH' },
      buyer: { legal_name: 'cus_a', address: null },
    });
    // Neither the day nor the configuration counts any more.
    house.clock.nowMs += 400 * 86_400_000;
    const again = JSON.stringify(await call(getInvoiceDocument, id, false));
    expect(again).toBe(text);
    expect(await call(numberInvoiceRoute, id)).toEqual(numbered);
  });

  it('of an invoice that was never issued is not found, nor is its number', async () => {
    expect(await call(getInvoiceDocument, 'inv_none')).toBe('invoice_not_found');
    expect(await call(numberInvoiceRoute, 'inv_none')).toBe('invoice_not_found');
  });
});
