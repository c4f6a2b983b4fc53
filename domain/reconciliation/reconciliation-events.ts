/**
 * Stream `reconciliation-<id>`: a provider's bill by attempt (design §7.10). `ReconciliationAccepted`
 * comes last: an import without it never happened.
 */

/** One line of the provider's bill. Quantities are disjoint buckets as in the usage event. */
export type BillLine = {
  attempt_id: string;
  input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  audio_input_tokens: number;
  audio_output_tokens: number;
  images: number;
  requests: number;
  /** What the provider charged, USD, 12 decimal places. */
  cost: string;
};

export type ReconciliationLines = {
  type: 'ReconciliationLines';
  data: { import_id: string; chunk: number; lines: BillLine[] };
};

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
  };
};

export type ReconciliationEvent = ReconciliationLines | ReconciliationAccepted;
