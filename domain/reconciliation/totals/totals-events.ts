/**
 * Stream `provider_totals-<id>`: what a provider's export says in totals, and what it was compared by.
 * `TotalsCompared` comes last: without it the comparison never happened. The report is worked out from
 * it and the usage events whenever it is asked for, so that later resolutions show.
 */
import { streamCategory } from '../../stream/stream-category.ts';
import type { QuantityName } from '../../usage/quantities.ts';
import type { AttributedBy } from './totals-row.ts';

export const providerTotalsStreams = streamCategory('provider_totals');

/** As `TotalsRow`; money is decimal text with 18 places. */
export type StoredTotalsRow = {
  day: string;
  model: string | null;
  tier: string | null;
  identities: string[];
  quantities: Record<string, number>;
  amount: string | null;
  amount_of: QuantityName | null;
  item: string | null;
};

export type TotalsRows = {
  type: 'TotalsRows';
  data: { totals_id: string; chunk: number; rows: StoredTotalsRow[] };
};

export type TotalsFile = {
  name: string;
  source: string;
  sha256: string;
  bytes: number;
  records: number;
  /** Malformed records; the first of them are named. */
  problems_count: number;
  problems: { line: number; message: string }[];
  skipped: { reason: string; records: number }[];
  columns_not_read: string[];
};

export type TotalsCompared = {
  type: 'TotalsCompared';
  data: {
    totals_id: string;
    providers: string[];
    /** The kind of export whose usage counts. */
    source: string;
    files: TotalsFile[];
    first_day: string;
    last_day: string;
    /** Null: whichever fits better. */
    attributed_by: AttributedBy | null;
    own_identities: string[];
    models: Record<string, string>;
    /** Half of the unit that amounts are rounded to, 18 places; null: no money is stated. */
    rounding: string | null;
    rows: number;
    chunks: number;
    /** When it was compared first. */
    verdict: string;
  };
};

export type ProviderTotalsEvent = TotalsRows | TotalsCompared;

export type TotalsComparison = TotalsCompared['data'];

/** @returns undefined while rows are still being stored: such a comparison never happened */
export function evolveTotals(
  state: TotalsComparison | undefined,
  event: ProviderTotalsEvent,
): TotalsComparison | undefined {
  switch (event.type) {
    case 'TotalsRows':
      return state;
    case 'TotalsCompared':
      return event.data;
    default:
      return event satisfies never;
  }
}
