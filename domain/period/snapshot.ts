/**
 * The body of a snapshot (ADR 0001, ADR 0006): everything that an invoice may claim about a period.
 * Pure: the same period and the same sums give the same body, in any order of the sums (I5), so two
 * closers write the same bytes. I4: its lines, billed and unresolved, cover each of its events once.
 * I8: what has no known cost is counted, listed as unresolved, and adds no amount.
 */

import type { ExchangeRate } from '../exchange/exchange-rate.ts';
import { formatDecimal12 } from '../money/money.ts';
import { type FirstQuantityName, firstQuantityNames } from '../usage/quantities.ts';
import type { UsageSource } from '../usage/usage-event.ts';
import type { ClosingPeriod, FrozenPeriod } from './billing.ts';
import { formatInstant } from './calendar.ts';
import { exactInteger } from './exact-integer.ts';
import type { LogCut } from './period-events.ts';

/**
 * The quantity buckets that a line sums, in the order of the body: those of version 1. A bucket
 * that is added later needs a new version, since a body is hashed as it is.
 */
export const SUMMED_QUANTITIES = firstQuantityNames;

/** Sums of what is known; unknown quantities add nothing. */
export type SummedQuantities = { [Bucket in FirstQuantityName]: number };

export type LineKind = 'usage' | 'late_usage';

export type SnapshotLine = SummedQuantities & {
  kind: LineKind;
  /** The period that the usage belongs to by its time; of late usage, an earlier one. */
  period_number: number;
  provider: string | null;
  model: string | null;
  key_id: string | null;
  team_id: string | null;
  environment: string | null;
  usage_source: UsageSource;
  /** Sorted. */
  price_versions: string[];
  events: number;
  /** USD, 12 decimal places: the sum of the known costs. */
  cost: string;
  /** Late usage has the mark-up of the period that it belongs to. */
  markup_ppm: number;
  /**
   * Of late usage whose period was billed in this currency too: the rate of that period, so that a
   * correction gives back what was charged. Absent: the snapshot's rate holds.
   */
  exchange_rate?: ExchangeRate;
};

/**
 * What is unresolved: in version 1 attempts, which also have lines with a cost of nothing; in version 2
 * the events of collectors too, and none of them has a line among those that are billed. What was frozen
 * keeps its version.
 */
export type SnapshotVersion = 1 | 2;

export const CURRENT_SNAPSHOT_VERSION: SnapshotVersion = 2;

export type SnapshotBody = SnapshotContent &
  ({ version: 1; unresolved: Unresolved } | { version: 2; unresolved: UnresolvedUsage });

type SnapshotContent = {
  object: 'snapshot';
  id: string;
  customer_id: string;
  period_id: string;
  number: number;
  start: string;
  end: string;
  time_zone: string;
  currency: string;
  cut: { id: string; logs: LogCut[] };
  previous: { snapshot_id: string; hash: string } | null;
  lines: SnapshotLine[];
  /** Of all events; what is not known of unresolved ones adds nothing. */
  totals: SummedQuantities & { events: number; cost: string };
  markup_ppm: number;
  /** From USD to the currency; null: it is USD. Amounts in here are in USD either way. */
  exchange_rate: ExchangeRate | null;
  leaves: { count: number; merkle_root: string };
  /** Absent: there is none. No line, total or leaf has any of it. */
  history?: LeftOut;
};

/** Usage that another gateway metered and charged: how many events, and their known cost in USD. */
export type LeftOut = { events: number; cost: string };

/** Events without a known cost: their number, and the first of their ids in order of position. */
export type Unresolved = { count: number; event_ids: string[] };

/** And what is known of them, without an amount. */
export type UnresolvedUsage = Unresolved & { lines: UnresolvedLine[] };

/** Quantities are null where nobody has stated any (I8). */
export type UnresolvedLine = Pick<SnapshotLine, Dimension | 'events'> & {
  [Bucket in FirstQuantityName]: number | null;
} & UnresolvedKind;

/** A collector's meter is the `type` of its events. */
export type UnresolvedKind =
  | { type: 'attempt'; external_type: null }
  | { type: 'external'; external_type: string };

/** Events of the period with the same dimensions, summed. */
export type UsageSum = {
  periodNumber: number;
  provider: string | null;
  model: string | null;
  keyId: string | null;
  teamId: string | null;
  environment: string | null;
  usageSource: UsageSource;
  /** Null: the cost is known, or is another event's to tell. */
  unresolved: UnresolvedKind | null;
  priceVersions: readonly string[];
  events: number;
  quantities: SummedQuantities;
  costPicoUsd: bigint;
};

export type SnapshotInput = {
  snapshotId: string;
  customerId: string;
  period: ClosingPeriod | FrozenPeriod;
  previous: FrozenPeriod | undefined;
  /** One per combination of dimensions; for version 1 none is unresolved. */
  sums: readonly UsageSum[];
  /** Mark-up of an earlier period, by its number, in parts per million. */
  markupPpmOf: (periodNumber: number) => number;
  /** The rate that an earlier period was billed with. */
  exchangeRateOf: (periodNumber: number) => ExchangeRate | null;
  unresolved: Unresolved;
  /** `merkleRoot` in lower-case hex. */
  leaves: { count: number; merkleRoot: string };
  /** Imported history among the same rows; null: none. */
  history: LeftOut | null;
};

/** @throws InexactInteger if a quantity does not fit a JSON integer */
export function snapshotBody(
  input: SnapshotInput,
  version = CURRENT_SNAPSHOT_VERSION,
): SnapshotBody {
  const content = contentOf(input);
  if (version === 1) return { ...content, version, unresolved: input.unresolved };
  const lines = input.sums.flatMap((sum) => unresolvedLine(sum, input)).sort(compareUnresolved);
  return { ...content, version, unresolved: { ...input.unresolved, lines } };
}

function contentOf(input: SnapshotInput): SnapshotContent {
  const { period, previous } = input;
  const billed = input.sums.filter(({ unresolved }) => unresolved === null);
  const lines = billed.map((sum) => lineOf(sum, input)).sort(compareLines);
  return {
    object: 'snapshot',
    id: input.snapshotId,
    customer_id: input.customerId,
    period_id: period.id,
    number: period.number,
    start: formatInstant(period.startMs),
    end: formatInstant(period.endMs),
    time_zone: period.timeZone,
    currency: period.currency,
    cut: { id: period.cutId, logs: [...period.logs] },
    previous:
      previous === undefined
        ? null
        : { snapshot_id: previous.snapshot.id, hash: previous.snapshot.hash },
    lines,
    totals: totalsOf(input.sums),
    markup_ppm: period.markupPpm,
    exchange_rate: period.exchangeRate,
    leaves: { count: input.leaves.count, merkle_root: input.leaves.merkleRoot },
    ...(input.history === null ? {} : { history: input.history }),
  };
}

function lineOf(sum: UsageSum, input: SnapshotInput): SnapshotLine {
  const late = isLate(sum, input);
  return {
    ...dimensionsOf(sum, input),
    price_versions: [...sum.priceVersions].sort(),
    events: sum.events,
    ...sum.quantities,
    cost: formatDecimal12(sum.costPicoUsd),
    markup_ppm: late ? input.markupPpmOf(sum.periodNumber) : input.period.markupPpm,
    ...(late ? rateOfLateUsage(sum, input) : {}),
  };
}

function rateOfLateUsage(
  { periodNumber }: UsageSum,
  { period, exchangeRateOf }: SnapshotInput,
): { exchange_rate?: ExchangeRate } {
  const own = exchangeRateOf(periodNumber);
  // seam: late-usage-has-its-own-rate
  return own !== null && own.quote === period.currency ? { exchange_rate: own } : {};
}

function unresolvedLine(sum: UsageSum, input: SnapshotInput): UnresolvedLine[] {
  if (sum.unresolved === null) return [];
  const known = sum.usageSource === 'none' ? NOTHING_KNOWN : sum.quantities;
  const { events, unresolved } = sum;
  return [{ ...dimensionsOf(sum, input), ...unresolved, events, ...known }];
}

const NOTHING_KNOWN = Object.fromEntries(SUMMED_QUANTITIES.map((name) => [name, null])) as {
  [Bucket in FirstQuantityName]: null;
};

function dimensionsOf(sum: UsageSum, input: SnapshotInput): Pick<SnapshotLine, Dimension> {
  return {
    kind: isLate(sum, input) ? 'late_usage' : 'usage',
    period_number: sum.periodNumber,
    provider: sum.provider,
    model: sum.model,
    key_id: sum.keyId,
    team_id: sum.teamId,
    environment: sum.environment,
    usage_source: sum.usageSource,
  };
}

function isLate({ periodNumber }: UsageSum, { period }: SnapshotInput): boolean {
  return periodNumber !== period.number;
}

const SORTED_BY = [
  'kind',
  'period_number',
  'provider',
  'model',
  'key_id',
  'team_id',
  'environment',
  'usage_source',
] as const;

type Dimension = (typeof SORTED_BY)[number];

function compareLines(a: SnapshotLine, b: SnapshotLine): number {
  return compareBy(SORTED_BY, a, b);
}

function compareUnresolved(a: UnresolvedLine, b: UnresolvedLine): number {
  return compareBy([...SORTED_BY, 'type', 'external_type'], a, b);
}

/** By each dimension as text, in UTF-16 code units; null comes before every text. */
function compareBy<Name extends string>(
  names: readonly Name[],
  a: { [N in Name]: string | number | null },
  b: { [N in Name]: string | number | null },
): number {
  for (const name of names) {
    const [left, right] = [a[name], b[name]];
    if (left === right) continue;
    if (left === null) return -1;
    if (right === null) return 1;
    return String(left) < String(right) ? -1 : 1;
  }
  return 0;
}

function totalsOf(sums: readonly UsageSum[]): SnapshotBody['totals'] {
  const quantities = addQuantities(sums.map((sum) => sum.quantities));
  const events = sums.reduce((total, sum) => total + sum.events, 0);
  const cost = sums.reduce((total, sum) => total + sum.costPicoUsd, 0n);
  return { events, ...quantities, cost: formatDecimal12(cost) };
}

/** @throws InexactInteger if a sum does not fit a JSON integer */
export function addQuantities(all: readonly SummedQuantities[]): SummedQuantities {
  const entries = SUMMED_QUANTITIES.map((bucket) => {
    const total = all.reduce((sum, quantities) => sum + quantities[bucket], 0);
    return [bucket, exactInteger(total, bucket)] as const;
  });
  return Object.fromEntries(entries) as SummedQuantities;
}
