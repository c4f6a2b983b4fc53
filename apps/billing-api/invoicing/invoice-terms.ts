/** What a document says besides what is billed: from the configuration and the customer of this moment. */
import { documentFormat } from '@tollgate/adapters/documents/locale-format.ts';
import type { Customer } from '@tollgate/domain/customer/customer.ts';
import type { BillingDetails } from '@tollgate/domain/invoice/billing-details.ts';
import type {
  BuyerBlock,
  InvoiceTerms,
  SellerBlock,
  TaxTerms,
} from '@tollgate/domain/invoice/document-events.ts';
import type { InvoiceBody } from '@tollgate/domain/invoice/invoice.ts';
import { seriesOf } from '@tollgate/domain/invoice/number-series.ts';
import { parseDecimal } from '@tollgate/domain/money/money.ts';
import { formatInstant, parseInstant } from '@tollgate/domain/period/calendar.ts';
import { exactInteger } from '@tollgate/domain/period/exact-integer.ts';
import type { Invoicing, SellerConfig } from '@tollgate/schemas/config/invoicing-config.ts';

export type NamedSeller = SellerConfig & { name: string };

export function hasSellers(invoicing: Invoicing | undefined): boolean {
  return invoicing !== undefined && Object.keys(invoicing.sellers).length > 0;
}

/** @returns undefined: the configuration has no seller for this customer */
export function sellerOf(
  { sellers, default_seller }: Invoicing,
  details: BillingDetails | null,
): NamedSeller | undefined {
  const names = Object.keys(sellers);
  const name = details?.seller ?? default_seller ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined || !Object.hasOwn(sellers, name)) return undefined;
  return { ...(sellers[name] as SellerConfig), name };
}

export type TermsRequest = {
  seller: NamedSeller;
  verifyUrl: string | undefined;
  customer: Customer;
  body: InvoiceBody;
  nowMs: number;
};

/** All but the revision from which on the number is looked for: the series may be long. */
export function invoiceTerms(request: TermsRequest): Omit<InvoiceTerms, 'series_from'> {
  const { seller, customer, body, nowMs } = request;
  const details = customer.billing_details;
  const issued = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(seller.time_zone);
  const issuedOn = issued.toPlainDate();
  const dueOn = issuedOn.add({ days: seller.payment_days }).toString();
  return {
    invoice_id: body.id,
    layout: 1,
    series: seriesOf(seller.name, seller.number_format, issuedOn.toString()),
    number_format: seller.number_format,
    issued_at: formatInstant(nowMs),
    issued_on: issuedOn.toString(),
    due_on: dueOn,
    seller: sellerBlock(seller),
    buyer: buyerBlock(customer),
    tax: taxTerms(seller, details),
    format: documentFormat({
      locale: details?.locale ?? seller.locale,
      currency: body.currency,
      timeZone: seller.time_zone,
      issuedAtMs: nowMs,
      dueOn,
      period: {
        startMs: parseInstant(body.period_start),
        endMs: parseInstant(body.period_end),
        timeZone: body.time_zone,
      },
    }),
    verify: verifyText(request),
  };
}

function sellerBlock(seller: NamedSeller): SellerBlock {
  const { name, legal_name, address, tax_id, registration } = seller;
  const { email, phone, website, payment_details, notes } = seller;
  const reached = { email, phone, website };
  return { name, legal_name, address, tax_id, registration, ...reached, payment_details, notes };
}

function buyerBlock({ name, billing_details: details }: Customer): BuyerBlock {
  return {
    legal_name: details?.legal_name ?? name,
    address: details?.address ?? null,
    tax_id: details?.tax_id ?? null,
    reference: details?.reference ?? null,
  };
}

const UNTAXED_TEXT = {
  exempt: 'Exempt from tax.',
  reverse_charge: 'Reverse charge: the customer accounts for the tax.',
};

/** Places of a percentage as the configuration has it: its parts per million are an integer. */
const RATE_PLACES = 4;

function taxTerms({ tax }: NamedSeller, details: BillingDetails | null): TaxTerms {
  const treatment = details?.tax?.treatment ?? (tax === null ? 'none' : 'standard');
  const text = details?.tax?.text ?? null;
  if (treatment === 'exempt' || treatment === 'reverse_charge') {
    const name = tax?.name ?? null;
    return { treatment, name, rate_ppm: 0, text: text ?? UNTAXED_TEXT[treatment] };
  }
  if (tax === null) return { treatment: 'none', name: null, rate_ppm: 0, text };
  const rate = exactInteger(parseDecimal(tax.rate, RATE_PLACES), 'the rate of the tax');
  return { treatment: 'standard', name: tax.name, rate_ppm: rate, text };
}

function verifyText({ verifyUrl, body }: TermsRequest): string {
  const { snapshot_id: id, snapshot_hash: hash } = body;
  if (verifyUrl === undefined) return `tollgate:${id}?sha256=${hash}`;
  return `${verifyUrl}?snapshot=${id}&sha256=${hash}`;
}
