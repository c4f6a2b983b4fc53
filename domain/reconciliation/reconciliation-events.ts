/**
 * Stream `reconciliation-<id>`: a provider's bill by attempt (docs/design.md, Resolutions).
 * `ReconciliationAccepted` comes last: an import without it never happened.
 */

import { streamCategory } from '../stream/stream-category.ts';
import type { StatedQuantities } from '../usage/quantities.ts';

export const reconciliationStreams = streamCategory('reconciliation');

/** One line of the provider's bill. Quantities are disjoint buckets as in the usage event. */
export type BillLine = StatedQuantities & {
  attempt_id: string;
  /** What the provider charged, USD, 12 decimal places. */
  cost: string;
};

export type ReconciliationLines = {
  type: 'ReconciliationLines';
  data: { import_id: string; chunk: number; lines: BillLine[] };
};

/**
 * `not_billed`: an operator decided that nothing is charged. `total`: what the provider billed in all
 * is what it stated for the others, to the last digit, so nothing is left for these.
 */
export type RulingRule = 'not_billed' | 'total';

export type ReconciliationAccepted = {
  type: 'ReconciliationAccepted';
  data: {
    import_id: string;
    provider: string;
    /** Range of attempt start times for which the bill is complete: `[start, end)`. */
    start: string;
    end: string;
    lines: number;
    chunks: number;
    /** A ruling of an operator and no bill: it decides the attempts that its lines name, alone. */
    ruling?: { rule: RulingRule; reason: string };
  };
};

export type ReconciliationEvent = ReconciliationLines | ReconciliationAccepted;
