/**
 * The body of a snapshot, version 1 (ADR 0001): everything that an invoice may claim about a
 * period. Pure: the same period and the same sums give the same body, in any order of the sums
 * (I5), so two closers write the same bytes. I4: its lines cover each of its events once. I8: an
 * attempt whose cost is not known is counted, listed as unresolved, and adds no amount.
 */

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
};

export type SnapshotBody = {
  object: 'snapshot';
  version: 1;
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
  totals: SummedQuantities & { events: number; cost: string };
  unresolved: Unresolved;
  markup_ppm: number;
  exchange_rate: null;
  leaves: { count: number; merkle_root: string };
};

/** Attempts without a known cost: their number, and the first of their ids in order of position. */
export type Unresolved = { count: number; event_ids: string[] };

/** Events of the period with the same dimensions, summed. */
export type UsageSum = {
  periodNumber: number;
  provider: string | null;
  model: string | null;
  keyId: string | null;
  teamId: string | null;
  environment: string | null;
  usageSource: UsageSource;
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
  /** One per combination of dimensions. */
  sums: readonly UsageSum[];
  /** Mark-up of an earlier period, by its number, in parts per million. */
  markupPpmOf: (periodNumber: number) => number;
  unresolved: Unresolved;
  /** `merkleRoot` in lower-case hex. */
  leaves: { count: number; merkleRoot: string };
};

/** @throws InexactInteger if a quantity does not fit a JSON integer */
export function snapshotBody(input: SnapshotInput): SnapshotBody {
  const { period, previous } = input;
  const lines = input.sums.map((sum) => lineOf(sum, input)).sort(compareLines);
  return {
    object: 'snapshot',
    version: 1,
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
    unresolved: input.unresolved,
    markup_ppm: period.markupPpm,
    exchange_rate: null,
    leaves: { count: input.leaves.count, merkle_root: input.leaves.merkleRoot },
  };
}

function lineOf(sum: UsageSum, input: SnapshotInput): SnapshotLine {
  const late = sum.periodNumber !== input.period.number;
  return {
    kind: late ? 'late_usage' : 'usage',
    period_number: sum.periodNumber,
    provider: sum.provider,
    model: sum.model,
    key_id: sum.keyId,
    team_id: sum.teamId,
    environment: sum.environment,
    usage_source: sum.usageSource,
    price_versions: [...sum.priceVersions].sort(),
    events: sum.events,
    ...sum.quantities,
    cost: formatDecimal12(sum.costPicoUsd),
    markup_ppm: late ? input.markupPpmOf(sum.periodNumber) : input.period.markupPpm,
  };
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

/** By each dimension as text, in UTF-16 code units; null comes before every text. */
function compareLines(a: SnapshotLine, b: SnapshotLine): number {
  for (const dimension of SORTED_BY) {
    const [left, right] = [a[dimension], b[dimension]];
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
