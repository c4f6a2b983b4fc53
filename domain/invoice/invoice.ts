/**
 * Invoice lines from a snapshot at cost plus mark-up (docs/design.md, Rating and invoices). Pure.
 * I6: costs are added exactly in USD and converted by an exact fraction, and the total is rounded
 * once, half away from zero, to the currency's minor unit (`shares.ts`; ADR 0005); the lines add up
 * to it. I8: what has no known
 * cost is listed and not charged.
 */

import {
  commonDenominator,
  type ExchangeRate,
  type Fraction,
  fractionOf,
} from '../exchange/exchange-rate.ts';
import { formatDecimal12, parseDecimal12 } from '../money/money.ts';
import { exactInteger } from '../period/exact-integer.ts';
import {
  addQuantities,
  type LineKind,
  type SnapshotBody,
  type SnapshotLine,
  SUMMED_QUANTITIES,
  type SummedQuantities,
  type Unresolved,
} from '../period/snapshot.ts';
import { minorUnitPlaces } from './currency.ts';
import { roundedEach, roundedInAll } from './shares.ts';

export type InvoiceLine = SummedQuantities & {
  kind: LineKind;
  /** The period that the usage belongs to. */
  period_number: number;
  description: string;
  provider: string | null;
  model: string | null;
  events: number;
  /** How many of the events have estimated usage, because the provider stated none. */
  estimated_events: number;
  /** USD, 12 decimal places. */
  cost: string;
  /** Part of `cost` that is estimated. */
  estimated_cost: string;
  markup_ppm: number;
  /** Of late usage: the rate of its own period. Absent: the invoice's rate holds. */
  exchange_rate?: ExchangeRate;
  /** In the currency's minor unit. */
  amount_minor: number;
};

/**
 * How amounts are rounded: in version 1 each line for itself, so that the total may be off by half a
 * minor unit for each line; in version 2 the total alone. What was issued keeps its version.
 */
export type InvoiceVersion = 1 | 2;

const CURRENT_VERSION: InvoiceVersion = 2;

export type InvoiceBody = {
  object: 'invoice';
  version: InvoiceVersion;
  id: string;
  customer_id: string;
  snapshot_id: string;
  snapshot_hash: string;
  period_id: string;
  period_number: number;
  period_start: string;
  period_end: string;
  time_zone: string;
  currency: string;
  /** What amounts were converted with from the USD of costs; absent: the currency is USD. */
  exchange_rate?: ExchangeRate;
  lines: InvoiceLine[];
  total_minor: number;
  /** Without an amount: nothing unproven is billed. */
  unresolved: Unresolved;
};

/**
 * `inv_` + the snapshot's own 26 characters: a snapshot has one invoice, no matter which process
 * issues it.
 */
export function invoiceIdOf(snapshotId: string): string {
  return snapshotId.replace(/^snp_/, 'inv_');
}

/**
 * @param snapshotHash SHA-256 of the snapshot's body, lower-case hex
 * @throws InexactInteger if an amount or a quantity does not fit a JSON integer
 */
export function invoiceBody(
  snapshot: SnapshotBody,
  snapshotHash: string,
  version = CURRENT_VERSION,
): InvoiceBody {
  const { unresolved } = snapshot;
  const lines = invoiceLines(snapshot, version);
  const total = lines.reduce((sum, line) => sum + BigInt(line.amount_minor), 0n);
  return {
    object: 'invoice',
    version,
    id: invoiceIdOf(snapshot.id),
    customer_id: snapshot.customer_id,
    snapshot_id: snapshot.id,
    snapshot_hash: snapshotHash,
    period_id: snapshot.period_id,
    period_number: snapshot.number,
    period_start: snapshot.start,
    period_end: snapshot.end,
    time_zone: snapshot.time_zone,
    currency: snapshot.currency,
    ...(snapshot.exchange_rate === null ? {} : { exchange_rate: snapshot.exchange_rate }),
    lines,
    total_minor: exactInteger(total, 'the total'),
    unresolved: { count: unresolved.count, event_ids: unresolved.event_ids },
  };
}

/**
 * One line per kind, period, provider, model and mark-up, in the snapshot's own order. A group
 * without usage and without a charge (refusals, for example) gets no line.
 */
function invoiceLines(snapshot: SnapshotBody, version: InvoiceVersion): InvoiceLine[] {
  const groups = new Map<string, SnapshotLine[]>();
  for (const line of snapshot.lines) {
    const { kind, period_number, provider, model, markup_ppm } = line;
    const group = JSON.stringify([kind, period_number, provider, model, markup_ppm]);
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [line]);
    else members.push(line);
  }
  const billable = [...groups.values()].filter(isBillable);
  const firsts = billable.map((group) => group[0] as SnapshotLine);
  const rates = firsts.map((line) => fractionOf(line.exchange_rate ?? snapshot.exchange_rate));
  const common = commonDenominator(rates);
  const exact = billable.map((group, index) => {
    const { markup_ppm } = firsts[index] as SnapshotLine;
    const minor = exactMinor(costOf(group), markup_ppm, snapshot.currency);
    return minor * shareOf(common, rates[index] as Fraction);
  });
  const round = version === 1 ? roundedEach : roundedInAll;
  const amounts = round(exact, PPM * PICO * common);
  return billable.map((group, index) => lineOf(group, amounts[index] as bigint));
}

function isBillable(group: readonly SnapshotLine[]): boolean {
  return group.some(
    (line) =>
      parseDecimal12(line.cost) !== 0n || SUMMED_QUANTITIES.some((name) => line[name] !== 0),
  );
}

function lineOf(group: readonly SnapshotLine[], amount: bigint): InvoiceLine {
  const { kind, period_number, provider, model, markup_ppm, exchange_rate } =
    group[0] as SnapshotLine;
  const estimated = group.filter((line) => line.usage_source === 'estimated');
  const cost = costOf(group);
  return {
    kind,
    period_number,
    description: describe(group[0] as SnapshotLine, estimated.length > 0),
    provider,
    model,
    events: eventsOf(group),
    ...addQuantities(group),
    estimated_events: eventsOf(estimated),
    cost: formatDecimal12(cost),
    estimated_cost: formatDecimal12(costOf(estimated)),
    markup_ppm,
    ...(exchange_rate === undefined ? {} : { exchange_rate }),
    amount_minor: exactInteger(amount, 'the amount of a line'),
  };
}

function describe(line: SnapshotLine, estimated: boolean): string {
  const what = line.model === null ? 'Other usage' : `${line.provider ?? 'other'} ${line.model}`;
  const late = line.kind === 'late_usage' ? `, late usage of period ${line.period_number}` : '';
  return `${what}${late}${estimated ? ', estimated in part' : ''}`;
}

function eventsOf(lines: readonly SnapshotLine[]): number {
  return lines.reduce((sum, line) => sum + line.events, 0);
}

function costOf(lines: readonly SnapshotLine[]): bigint {
  return lines.reduce((sum, line) => sum + parseDecimal12(line.cost), 0n);
}

const PPM = 1_000_000n;
const PICO = 1_000_000_000_000n;

/** The rate in 1 / `common`. */
function shareOf(common: bigint, { numerator, denominator }: Fraction): bigint {
  return numerator * (common / denominator);
}

/** cost × (1 + mark-up), in 1 / (PPM × PICO) of a minor unit, before it is converted. */
function exactMinor(costPico: bigint, markupPpm: number, currency: string): bigint {
  return costPico * (PPM + BigInt(markupPpm)) * 10n ** BigInt(minorUnitPlaces(currency));
}
