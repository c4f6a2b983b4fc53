/**
 * An invoice as rows of FOCUS 1.2 (FinOps Open Cost and Usage Specification), one for each line. All
 * columns that the specification calls mandatory are there; those of its conditional columns that we
 * have something to say in; and ours, which begin with `x_` as it asks.
 */
import { minorUnitPlaces } from '@tollgate/domain/invoice/currency.ts';
import type { InvoiceBody, InvoiceLine } from '@tollgate/domain/invoice/invoice.ts';
import { formatDecimal, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import {
  type FirstQuantityName,
  firstQuantityNames,
  quantities,
} from '@tollgate/domain/usage/quantities.ts';
import type { Column } from './csv.ts';

export type FocusRow = { invoice: InvoiceBody; line: InvoiceLine; facts: FocusFacts };

type Bounds = { startMs: number; endMs: number };

type FocusFacts = {
  /** The customer's. */
  accountName: string | null;
  /** Who runs this installation, and bills. */
  issuer: string;
  periodOf: (number: number) => Bounds;
};

export function focusRows(invoice: InvoiceBody, facts: FocusFacts): FocusRow[] {
  return invoice.lines.map((line) => ({ invoice, line, facts }));
}

/** Seconds, as its date format has them. */
function instant(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

function amountOf({ invoice, line }: FocusRow): string {
  return formatDecimal(BigInt(line.amount_minor), minorUnitPlaces(invoice.currency));
}

/** Lines of invoices have the buckets of the first day. */
const TOKENS = quantities.flatMap(({ name, unit }) =>
  unit === 'tokens' && isFirst(name) ? [name] : [],
);

function isFirst(name: string): name is FirstQuantityName {
  return firstQuantityNames.some((first) => first === name);
}

function tokensOf(line: InvoiceLine): number {
  return TOKENS.reduce((sum, name) => sum + line[name], 0);
}

/** Without tokens (images, or a collector's meter), its events are what is counted. */
function quantityOf({ line }: FocusRow): { quantity: string; unit: string } {
  const tokens = tokensOf(line);
  // A decimal, as the column is: the validator takes the type of a column from what its fields look like.
  return tokens === 0
    ? { quantity: `${line.events}.0`, unit: 'Events' }
    : { quantity: `${tokens}.0`, unit: 'Tokens' };
}

/** Of a line before conversion and rounding: cost and mark-up, exact in 18 places of a dollar. */
function effectiveUsd({ line }: FocusRow): string {
  return formatDecimal(parseDecimal12(line.cost) * BigInt(1_000_000 + line.markup_ppm), 18);
}

function nameOf(line: InvoiceLine): string {
  return line.model === null || line.model === '' ? 'Other usage' : line.model;
}

function publisherOf({ line, facts }: FocusRow): string {
  return line.provider === null || line.provider === '' ? facts.issuer : line.provider;
}

const plain = (name: string, value: Column<FocusRow>['value']): Column<FocusRow> => ({
  ...{ name, value, isPlain: true },
});
const text = (name: string, value: Column<FocusRow>['value']): Column<FocusRow> => ({
  ...{ name, value },
});

export const focusColumns: readonly Column<FocusRow>[] = [
  plain('BilledCost', amountOf),
  plain('BillingAccountId', ({ invoice }) => invoice.customer_id),
  text('BillingAccountName', ({ facts }) => facts.accountName),
  plain('BillingCurrency', ({ invoice }) => invoice.currency),
  plain('BillingPeriodEnd', ({ invoice }) => instant(Date.parse(invoice.period_end))),
  plain('BillingPeriodStart', ({ invoice }) => instant(Date.parse(invoice.period_start))),
  plain('ChargeCategory', () => 'Usage'),
  // Late usage is of a billing period that was invoiced before.
  plain('ChargeClass', ({ line }) => (line.kind === 'late_usage' ? 'Correction' : null)),
  text('ChargeDescription', ({ line }) => line.description),
  plain('ChargeFrequency', () => 'Usage-Based'),
  plain('ChargePeriodEnd', ({ line, facts }) => instant(facts.periodOf(line.period_number).endMs)),
  plain('ChargePeriodStart', ({ line, facts }) =>
    instant(facts.periodOf(line.period_number).startMs),
  ),
  plain('ConsumedQuantity', (row) => quantityOf(row).quantity),
  plain('ConsumedUnit', (row) => quantityOf(row).unit),
  plain('ContractedCost', amountOf),
  plain('EffectiveCost', amountOf),
  plain('InvoiceId', ({ invoice }) => invoice.id),
  text('InvoiceIssuerName', ({ facts }) => facts.issuer),
  plain('ListCost', amountOf),
  plain('PricingCategory', () => 'Standard'),
  plain('PricingCurrency', () => 'USD'),
  plain('PricingCurrencyEffectiveCost', effectiveUsd),
  plain('PricingQuantity', (row) => quantityOf(row).quantity),
  plain('PricingUnit', (row) => quantityOf(row).unit),
  text('ProviderName', ({ facts }) => facts.issuer),
  text('PublisherName', publisherOf),
  plain('ServiceCategory', () => 'AI and Machine Learning'),
  text('ServiceName', ({ line }) => nameOf(line)),
  plain('ServiceSubcategory', () => 'Generative AI'),
  plain('x_CostUsd', ({ line }) => line.cost),
  plain('x_MarkupPpm', ({ line }) => line.markup_ppm),
  plain('x_EstimatedEvents', ({ line }) => line.estimated_events),
  plain('x_Events', ({ line }) => line.events),
  ...firstQuantityNames.map((name) =>
    plain(
      `x_${name.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())}`,
      ({ line }) => line[name],
    ),
  ),
];
