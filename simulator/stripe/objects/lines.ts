/** Lines of a draft, whichever route they come by: one list of rules for their amounts and number. */
import { decimal, flag, ignored, integer, list, metadata, object, text } from '../wire/params.ts';
import { mergedMetadata, period } from '../wire/shared-fields.ts';
import { invalid } from '../wire/stripe-error.ts';
import { checkAmount } from './currencies.ts';
import type { Invoice, Item, World } from './world.ts';

export const lineFields = {
  amount: integer,
  description: text(),
  discountable: flag,
  discounts: ignored,
  metadata,
  period,
  price_data: object({
    currency: text(3),
    product: text(),
    product_data: ignored,
    tax_behavior: text(),
    unit_amount: integer,
    unit_amount_decimal: decimal,
  }),
  pricing: ignored,
  quantity: integer,
  quantity_decimal: decimal,
  tax_amounts: ignored,
  tax_rates: list(text()),
};

export interface GivenLine {
  readonly amount?: number | undefined;
  readonly description?: string | undefined;
  readonly discountable?: boolean | undefined;
  readonly metadata?: Readonly<Record<string, string>> | null | undefined;
  readonly period?: { readonly start: number; readonly end: number } | null | undefined;
  readonly price_data?: PriceData | null | undefined;
  readonly quantity?: number | undefined;
}

interface PriceData {
  readonly currency: string | undefined;
  readonly unit_amount: number | undefined;
  readonly unit_amount_decimal: string | undefined;
}

/** The amount, or the unit price × the quantity, which Stripe rounds to a whole minor unit. */
function amountOf(line: GivenLine, currency: string, param: string): number | undefined {
  if (line.amount !== undefined && line.price_data) {
    throw invalid(
      'You may only specify one of these parameters: amount, price_data.',
      undefined,
      param,
    );
  }
  if (line.amount !== undefined) return line.amount;
  if (!line.price_data) return undefined;
  const { unit_amount: whole, unit_amount_decimal: exact, currency: priced } = line.price_data;
  if (priced !== undefined && priced.toLowerCase() !== currency)
    throw currencyMismatch(priced, currency);
  return Math.round((whole ?? Number(exact ?? 0)) * (line.quantity ?? 1));
}

export function currencyMismatch(one: string, other: string): Error {
  return invalid(
    `The currency of the item (${one}) must match the currency of the invoice (${other}).`,
    undefined,
    'currency',
  );
}

/** A new item; it is put nowhere yet. */
export function newItem(
  world: World,
  owner: { readonly customer: string; readonly currency: string; readonly invoice: string | null },
  line: GivenLine,
  param: string,
): Item {
  const amount = amountOf(line, owner.currency, param) ?? 0;
  checkAmount(amount, owner.currency, param);
  const now = world.nowS();
  const period = line.period ?? { start: now, end: now };
  if (period.end < period.start)
    throw invalid('The period must end after it starts.', undefined, param);
  return {
    id: world.id('ii'),
    lineId: world.id('il'),
    customer: owner.customer,
    invoice: owner.invoice,
    createdS: now,
    currency: owner.currency,
    amount,
    description: line.description ?? null,
    metadata: mergedMetadata({}, line.metadata),
    period: { start: period.start, end: period.end },
    quantity: line.quantity ?? 1,
    discountable: line.discountable ?? amount >= 0,
  };
}

/** The change of one line, checked first and made by the function that comes back. */
export function lineChange(item: Item, line: GivenLine, param: string): () => void {
  const amount = amountOf(line, item.currency, param);
  if (amount !== undefined) checkAmount(amount, item.currency, param);
  return () => {
    if (amount !== undefined) item.amount = amount;
    if (line.description !== undefined) item.description = line.description;
    if (line.period) item.period = { start: line.period.start, end: line.period.end };
    if (line.quantity !== undefined) item.quantity = line.quantity;
    if (line.discountable !== undefined) item.discountable = line.discountable;
    item.metadata = mergedMetadata(item.metadata, line.metadata);
  };
}

export function checkDraft(invoice: Invoice): void {
  if (invoice.status === 'draft') return;
  throw invalid("Finalized invoices can't be updated in this way", 'invoice_not_editable');
}

export function checkRoom(world: World, invoice: Invoice, more: number): void {
  const max = world.settings.invoiceLinesMax;
  if (invoice.lines.length + more <= max) return;
  throw invalid(`Invoices can have up to ${max} line items.`, undefined, 'lines');
}
