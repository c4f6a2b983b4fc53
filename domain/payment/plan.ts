/**
 * What an invoice becomes in a payment system: a pure function of the invoice and of the policy that was
 * fixed when its export was requested, so that every process at any time asks for the same.
 *
 * - **Amounts**, never unit prices: lines have the amounts of the invoice, and add up to its total.
 * - **Too many lines.** The largest amounts (of equal ones the first) stay lines of their own, all others
 *   are added up in one last line that says how many they are; the whole detail is in the invoice itself.
 * - **The seller's own tax** is a line of its own, which is never merged: the total is what the document asks for.
 * - **With automatic tax** no amount may be below zero: negative lines are added up with as many of the
 *   largest others as it takes, in one line.
 */
import type { InvoiceBody, InvoiceLine } from '../invoice/invoice.ts';
import { formatDecimal12, parseDecimal12 } from '../money/money.ts';
import { exactInteger } from '../period/exact-integer.ts';
import { addQuantities } from '../period/snapshot.ts';
import { type MeterEvent, type MeterNames, meterEvents, type PeriodSpan } from './meter-plan.ts';
import type { ExportDocument, ExportPolicy } from './payment-events.ts';
import {
  isBelowMinimum,
  type PaymentUnit,
  paymentAmounts,
  paymentUnit,
  roundingMinor,
} from './units.ts';

export type PlanLine = {
  /** Names the line there. */
  key: string;
  description: string;
  amount_minor: number;
  /** How many of the invoice's lines were merged into it. */
  merged: number;
  /** What was used, by quantity, and what it cost before any mark-up: for people, and for audits. */
  detail: Readonly<Record<string, string>>;
};

/** A line, and the invoice's lines that were merged into it. */
type Sourced = Pick<PlanLine, 'key' | 'description' | 'amount_minor'> & {
  source: readonly InvoiceLine[];
};

export type ExportPlan =
  | { kind: 'skip'; reason: 'zero' }
  | { kind: 'refused'; reason: 'currency_unsupported' | 'too_many_events'; detail: string }
  | { kind: 'meters'; chunks: readonly (readonly MeterEvent[])[] }
  | { kind: 'balance'; amount_minor: number; rounding_minor: number }
  | {
      kind: 'invoice';
      lines: readonly PlanLine[];
      chunks: readonly (readonly PlanLine[])[];
      total_minor: number;
      /** What the invoice's total is above it, in our minor units. */
      rounding_minor: number;
    };

/** Longest description of a line. */
const DESCRIPTION_MAX = 500;

/**
 * @param document null: the invoice had no number when its export was requested
 * @param earlier the periods of its late usage, where usage goes to meters
 */
export function exportPlan(
  invoice: InvoiceBody,
  policy: ExportPolicy,
  document: ExportDocument | null = null,
  earlier: readonly PeriodSpan[] = [],
): ExportPlan {
  if (policy.meters !== undefined) return metersPlan(invoice, policy, policy.meters, earlier);
  const unit = paymentUnit(invoice.currency);
  if (unit === null) {
    const detail = `nothing can be paid in ${invoice.currency} there`;
    return { kind: 'refused', reason: 'currency_unsupported', detail };
  }
  const tax = document?.tax ?? null;
  const given = invoice.lines.map(({ amount_minor }) => BigInt(amount_minor));
  // seam: our-tax-is-handed-over
  if (tax !== null) given.push(BigInt(tax.amount_minor));
  const amounts = paymentAmounts(given, unit);
  const total = amounts.reduce((sum, amount) => sum + amount, 0n);
  const figures = {
    total_minor: exactInteger(total, 'the total'),
    rounding_minor: roundingOf(given, total, unit),
  };
  const isEmpty = invoice.lines.length === 0;
  if (total === 0n && (isEmpty || policy.zero === 'skip')) return { kind: 'skip', reason: 'zero' };
  if (goesToBalance(total, invoice.currency, policy)) {
    const { total_minor: amount_minor, rounding_minor } = figures;
    return { kind: 'balance', amount_minor, rounding_minor };
  }
  const whole = invoice.lines.map((line, index) => planLine(line, index, amounts[index] as bigint));
  const nets = policy.automatic_tax ? withoutNegatives(whole) : whole;
  const taxed = taxLine(tax, amounts[whole.length]);
  const lines = [...merged(nets, policy.lines_max - taxed.length), ...taxed].map(withDetail);
  return { kind: 'invoice', lines, chunks: inChunks(lines, policy.chunk_lines), ...figures };
}

/** Events of one step: each is a request. */
const CHUNK_EVENTS_MAX = 25;

function metersPlan(
  invoice: InvoiceBody,
  { chunk_lines }: ExportPolicy,
  meters: MeterNames,
  earlier: readonly PeriodSpan[],
): ExportPlan {
  const events = meterEvents(invoice, meters, earlier);
  if (events === null) {
    const detail = 'its usage is more than 20,000 events of 15 digits';
    return { kind: 'refused', reason: 'too_many_events', detail };
  }
  if (events.length === 0) return { kind: 'skip', reason: 'zero' };
  return { kind: 'meters', chunks: inChunks(events, Math.min(chunk_lines, CHUNK_EVENTS_MAX)) };
}

function roundingOf(given: readonly bigint[], total: bigint, unit: PaymentUnit): number {
  const ours = given.reduce((sum, amount) => sum + amount, 0n);
  return exactInteger(roundingMinor(ours, total, unit), 'the rounding');
}

/** None, or one. @param amount there; undefined: no tax was added */
function taxLine(tax: ExportDocument['tax'], amount: bigint | undefined): Sourced[] {
  if (tax === null || amount === undefined) return [];
  const amount_minor = exactInteger(amount, 'the tax');
  return [{ key: 'tax', description: taxText(tax), amount_minor, source: [] }];
}

const PPM_OF_PERCENT = 10_000;

/** `VAT 19%`, `Sales tax 8.875%` */
function taxText({ name, rate_ppm }: NonNullable<ExportDocument['tax']>): string {
  const rest = rate_ppm % PPM_OF_PERCENT;
  const places = rest === 0 ? '' : `.${`${rest}`.padStart(4, '0').replace(/0+$/, '')}`;
  return `${shortened(name)} ${(rate_ppm - rest) / PPM_OF_PERCENT}${places}%`;
}

function goesToBalance(total: bigint, currency: string, policy: ExportPolicy): boolean {
  // Tax is not worked out of a total below zero, whatever the policy says.
  if (total < 0n) return policy.negative === 'customer_balance' || policy.automatic_tax;
  return policy.below_minimum === 'customer_balance' && isBelowMinimum(total, currency);
}

function planLine(line: InvoiceLine, index: number, amount: bigint): Sourced {
  return {
    key: `${index}`,
    description: shortened(line.description),
    amount_minor: exactInteger(amount, 'the amount of a line'),
    source: [line],
  };
}

function withDetail({ source, ...line }: Sourced): PlanLine {
  const cost = source.reduce((sum, one) => sum + parseDecimal12(one.cost), 0n);
  const used = Object.entries(addQuantities(source)).filter(([, quantity]) => quantity !== 0);
  const quantities = used.map(([name, quantity]) => [name, `${quantity}`] as const);
  const late = source.filter(({ kind }) => kind === 'late_usage').length;
  const detail: Record<string, string> = {
    cost: formatDecimal12(cost),
    ...Object.fromEntries(quantities),
  };
  // seam: late-usage-is-told
  if (late > 0) detail['late_usage_lines'] = `${late}`;
  return { ...line, merged: source.length, detail };
}

function shortened(text: string): string {
  return text.length <= DESCRIPTION_MAX ? text : `${text.slice(0, DESCRIPTION_MAX - 1)}…`;
}

function withoutNegatives(lines: readonly Sourced[]): readonly Sourced[] {
  const negative = lines.filter(({ amount_minor }) => amount_minor < 0);
  if (negative.length === 0) return lines;
  const group = new Set(negative);
  let sum = sumOf(negative);
  for (const line of byAmount(lines.filter(({ amount_minor }) => amount_minor > 0))) {
    if (sum >= 0n) break;
    group.add(line);
    sum += BigInt(line.amount_minor);
  }
  const text = `Corrections of earlier usage, netted with ${group.size - negative.length} lines`;
  return [...lines.filter((line) => !group.has(line)), joined([...group], 'net', text)];
}

function merged(lines: readonly Sourced[], linesMax: number): readonly Sourced[] {
  if (lines.length <= linesMax) return lines;
  const own = new Set(byAmount(lines).slice(0, linesMax - 1));
  const rest = lines.filter((line) => !own.has(line));
  const count = rest.reduce((sum, line) => sum + line.source.length, 0);
  const text = `${count} further lines; the invoice in Tollgate has each of them`;
  return [...lines.filter((line) => own.has(line)), joined(rest, 'rest', text)];
}

/** The largest first; of equal ones the first of the invoice. */
function byAmount(lines: readonly Sourced[]): Sourced[] {
  return lines.toSorted((a, b) => Math.abs(b.amount_minor) - Math.abs(a.amount_minor));
}

function joined(lines: readonly Sourced[], key: string, description: string): Sourced {
  return {
    key,
    description,
    amount_minor: exactInteger(sumOf(lines), 'the amount of a merged line'),
    source: lines.flatMap(({ source }) => source),
  };
}

function sumOf(lines: readonly Sourced[]): bigint {
  return lines.reduce((sum, { amount_minor }) => sum + BigInt(amount_minor), 0n);
}

function inChunks<T>(all: readonly T[], size: number): (readonly T[])[] {
  const chunks: (readonly T[])[] = [];
  for (let at = 0; at < all.length; at += size) chunks.push(all.slice(at, at + size));
  return chunks;
}
