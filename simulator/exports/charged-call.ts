/**
 * A call as the provider's billing sees it, and its sums by day, model and credentials. Every export is
 * made from these: what a provider's own systems know, and nothing of a gateway.
 */

import type { PriceTier } from '../price-table.ts';
import type { Usage } from '../pricing/cost.ts';
import { type Rational, rationalOf, scaled, sum, zero } from '../pricing/rational.ts';

export type ChargedCall = {
  id: string;
  startedAtMs: number;
  endedAtMs: number;
  /** With which credentials it was made. */
  apiKeyId: string;
  projectId: string;
  model: string;
  usage: Readonly<Record<BucketName, number>>;
  /** In force when it was made. */
  price: PriceTier;
};

/** Those that every provider's export tells apart. */
export type BucketName = Extract<
  keyof Usage,
  'inputTokens' | 'cacheReadTokens' | 'outputTokens' | 'reasoningTokens'
>;
export const bucketNames: readonly BucketName[] = [
  'inputTokens',
  'cacheReadTokens',
  'outputTokens',
  'reasoningTokens',
];

export type Sum = {
  day: string;
  model: string;
  apiKeyId: string;
  projectId: string;
  calls: number;
  tokens: Record<BucketName, number>;
  /** Exact dollars. */
  dollars: Record<BucketName, Rational>;
};

const PRICES: Readonly<Record<BucketName, keyof PriceTier>> = {
  inputTokens: 'inputUsd',
  cacheReadTokens: 'cachedInputUsd',
  outputTokens: 'outputUsd',
  reasoningTokens: 'reasoningUsd',
};
const PER_MILLION = 1_000_000n;

function dollarsOf(call: ChargedCall, bucket: BucketName): Rational {
  const usd = rationalOf(String(call.price[PRICES[bucket]]));
  return scaled(usd, call.usage[bucket], PER_MILLION);
}

export function wholeDollars(call: ChargedCall): Rational {
  return bucketNames.map((bucket) => dollarsOf(call, bucket)).reduce(sum, zero);
}

/** The day of an instant in UTC. */
export const utcDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** @param dayOf on which day the provider counts a call */
export function sumsOf(calls: readonly ChargedCall[], dayOf: (call: ChargedCall) => string): Sum[] {
  const sums = new Map<string, Sum>();
  for (const call of calls) {
    const { model, apiKeyId, projectId } = call;
    const day = dayOf(call);
    const key = [day, model, apiKeyId, projectId].join('\n');
    const into = sums.get(key) ?? emptySum({ day, model, apiKeyId, projectId });
    into.calls += 1;
    for (const bucket of bucketNames) {
      into.tokens[bucket] += call.usage[bucket];
      into.dollars[bucket] = sum(into.dollars[bucket], dollarsOf(call, bucket));
    }
    sums.set(key, into);
  }
  return [...sums.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function emptySum(of: Pick<Sum, 'day' | 'model' | 'apiKeyId' | 'projectId'>): Sum {
  return {
    ...{ ...of, calls: 0 },
    tokens: { inputTokens: 0, cacheReadTokens: 0, outputTokens: 0, reasoningTokens: 0 },
    dollars: {
      inputTokens: zero,
      cacheReadTokens: zero,
      outputTokens: zero,
      reasoningTokens: zero,
    },
  };
}

/** Decimal text, rounded half up to so many places; amounts are not negative. */
export function decimalText({ numerator, denominator }: Rational, places: number): string {
  const scale = 10n ** BigInt(places);
  const rounded = (2n * numerator * scale + denominator) / (2n * denominator);
  const digits = String(rounded).padStart(places + 1, '0');
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** One line of separated values; cells that need it are quoted. */
export function csvLine(cells: readonly (string | number)[]): string {
  const cell = (value: string | number) =>
    /[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value);
  return `${cells.map(cell).join(',')}\n`;
}

/** A JSON number with all its digits: no float could hold them. */
export function exactNumber(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}
