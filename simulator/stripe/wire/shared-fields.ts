/** Parameters that several routes share. */
import { choice, ignored, integer, list, object, required, text } from './params.ts';

export const expandField = { expand: list(text()) };

export const createdField = {
  created: object({ gt: integer, gte: integer, lt: integer, lte: integer }),
};

export interface CreatedRange {
  readonly gt: number | undefined;
  readonly gte: number | undefined;
  readonly lt: number | undefined;
  readonly lte: number | undefined;
}

export function inRange(seconds: number, range: CreatedRange | null | undefined): boolean {
  if (!range) return true;
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = range;
  return seconds > gt && seconds >= gte && seconds < lt && seconds <= lte;
}

export const address = object({
  city: text(),
  country: text(),
  line1: text(),
  line2: text(),
  postal_code: text(),
  state: text(),
});

export const period = object({ start: required(integer), end: required(integer) });

export const automaticTax = object({
  enabled: required(choice('true', 'false')),
  liability: ignored,
});

/** Merges as Stripe does: `''` removes all keys, an empty value removes its own. */
export function mergedMetadata(
  old: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>> | null | undefined,
): Record<string, string> {
  if (given === undefined) return { ...old };
  if (given === null) return {};
  const merged = { ...old, ...given };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ''));
}
