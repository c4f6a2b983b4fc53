/**
 * How an attempt counts in a budget: the budget's unit with all that decides the figure. As text it
 * is on the usage event of the attempt (`hold_units`), so that a later reader of the event needs
 * neither the budget's definition nor the mark-up of that day (docs/design.md, Budgets: leases).
 */
import type { BudgetDefined, CountedTokens } from './budget-events.ts';

/** Parts per million of one. */
export const PPM = 1_000_000n;

export type HoldUnit = { readonly text: string } & (
  | {
      readonly kind: 'usd';
      /** Parts per million that are added to the cost; 0: at cost. */
      readonly markupPpm: number;
      /** What a cost is multiplied by, in parts per million. */
      readonly factorPpm: bigint;
    }
  | { readonly kind: 'tokens'; readonly counts: CountedTokens; readonly cacheReads: boolean }
  | { readonly kind: 'requests' }
);

type Counting = Pick<BudgetDefined['data'], 'unit' | 'basis' | 'counts' | 'cache_reads'>;

/** @param markupPpm of the customer whose call it is, as it is in force */
export function holdUnitOf(budget: Counting, markupPpm: number): HoldUnit {
  const { unit, basis, counts = 'total', cache_reads: cacheReads = true } = budget;
  switch (unit) {
    case 'usd':
      return usdUnit(basis === 'billed' ? markupPpm : 0);
    case 'tokens':
      return tokensUnit(counts, cacheReads);
    case 'requests':
      return REQUESTS;
    default:
      return unit satisfies never;
  }
}

const REQUESTS: HoldUnit = { kind: 'requests', text: 'requests' };

function usdUnit(markupPpm: number): HoldUnit {
  const text = markupPpm === 0 ? 'usd' : `usd+${markupPpm}ppm`;
  return { kind: 'usd', markupPpm, factorPpm: PPM + BigInt(markupPpm), text };
}

function tokensUnit(counts: CountedTokens, cacheReads: boolean): HoldUnit {
  const which = counts === 'total' ? 'tokens' : `tokens.${counts}`;
  return { kind: 'tokens', counts, cacheReads, text: cacheReads ? which : `${which}-cache_reads` };
}

const TEXT = /^(?:usd(?:\+(\d+)ppm)?|(tokens)(?:\.(input|output))?(-cache_reads)?|requests)$/;

/** @throws Error if no hold has such a unit: the event is of a later version, or was corrupted */
export function parseHoldUnit(text: string): HoldUnit {
  const match = TEXT.exec(text);
  if (match === null) throw new Error(`${text} is no unit of a hold`);
  const [, markup, tokens, counts = 'total', without] = match;
  if (text === 'requests') return REQUESTS;
  if (tokens === undefined) return usdUnit(Number.parseInt(markup ?? '0', 10));
  return tokensUnit(counts as CountedTokens, without === undefined);
}
