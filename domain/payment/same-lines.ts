/** Compares what a payment system holds of an invoice with what it was given. */
import type { PlanLine } from './plan.ts';

/** A line as it was read back. */
export type ReadLine = {
  /** The name that it was given; null: somebody else added it. */
  key: string | null;
  amount_minor: number;
  description: string;
  currency: string;
};

/**
 * Each line, their number and their sum.
 *
 * @returns the first thing that differs, as a sentence for people; null: nothing does
 */
export function linesDiffer(
  planned: readonly PlanLine[],
  found: readonly ReadLine[],
  currency: string,
): string | null {
  const byKey = new Map(found.map((line) => [line.key, line]));
  for (const line of planned) {
    const there = byKey.get(line.key);
    if (there === undefined) return `line ${line.key} (${line.description}) is missing there`;
    if (there.amount_minor !== line.amount_minor) {
      return `line ${line.key} has the amount ${there.amount_minor} there, and is ${line.amount_minor}`;
    }
    if (there.description !== line.description) {
      return `line ${line.key} reads "${there.description}" there, and is "${line.description}"`;
    }
    if (there.currency.toUpperCase() !== currency) {
      return `line ${line.key} is in ${there.currency} there, and is in ${currency}`;
    }
  }
  if (found.length !== planned.length) {
    const stray = found.find(({ key }) => !planned.some((line) => line.key === key));
    const which = stray === undefined ? 'some twice' : `one is "${stray.description}"`;
    return `there are ${found.length} lines there instead of ${planned.length}: ${which}`;
  }
  return null;
}
