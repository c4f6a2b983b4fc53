/**
 * What an export is to follow, fixed when it is requested: the policy, and the number and the tax of the
 * invoice's document, so that the invoice in the payment system names the one and asks for the other.
 */
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { invoiceDocument } from '@tollgate/domain/invoice/document.ts';
import type {
  ExportDocument,
  ExportPolicy,
  ExportRequested,
} from '@tollgate/domain/payment/payment-events.ts';
import { invoiceBody } from '@tollgate/schemas/billing/invoice.ts';
import type { Invoicing } from '@tollgate/schemas/config/invoicing-config.ts';
import { loadIssuedInvoice } from '../closing/streams.ts';
import { hasSellers } from '../invoicing/invoice-terms.ts';
import { numberInvoice } from '../invoicing/number-invoice.ts';

type Deps = { ledger: Ledger; clock: () => number; invoicing?: Invoicing | undefined };

/** Where there are sellers the invoice gets its number first, if it has none yet. */
export async function exportRequest(
  deps: Deps,
  invoice: { invoiceId: string; customerId: string },
  policy: ExportPolicy,
  atMs: number,
): Promise<ExportRequested> {
  if (hasSellers(deps.invoicing)) await numberInvoice(deps, invoice.invoiceId);
  const document = await documentOf(deps.ledger, invoice.invoiceId);
  // A document that has a tax says what is to be paid: none is added to that.
  // seam: taxed-once
  const automatic_tax = policy.automatic_tax && (document?.tax ?? null) === null;
  return {
    type: 'ExportRequested',
    data: {
      invoice_id: invoice.invoiceId,
      customer_id: invoice.customerId,
      system: 'stripe',
      policy: { ...policy, automatic_tax },
      ...(document === null ? {} : { document }),
      requested_at: new Date(atMs).toISOString(),
    },
  };
}

async function documentOf(ledger: Ledger, invoiceId: string): Promise<ExportDocument | null> {
  const invoice = await loadIssuedInvoice(ledger, invoiceId);
  if (invoice === undefined) throw new Error(`there is no invoice ${invoiceId}`);
  const { issued, terms, number } = invoice;
  if (terms === null || number === null) return null;
  const body = invoiceBody.parse(JSON.parse(issued.body));
  const { tax } = invoiceDocument({ body, hash: issued.hash, terms, number });
  const { name, rate_ppm, amount_minor } = tax;
  return { number, tax: rate_ppm === 0 ? null : { name: name ?? 'Tax', rate_ppm, amount_minor } };
}
