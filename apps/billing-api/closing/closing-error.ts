/** What can stop a closing run. A repetition goes on from the state that the run reached. */
export type ClosingErrorCode =
  /** The projector did not reach the cut before the deadline; waiting can help. */
  | 'projector_behind'
  /** Some offset below the cut has no row, or more than one. */
  | 'log_not_continuous'
  /** Two counted rows have one dedupe key (I2). */
  | 'event_counted_twice'
  /** The lines do not cover exactly the leaves. */
  | 'leaf_count_differs'
  | 'snapshot_too_large'
  /** An amount or a sum is beyond what a bill can state exactly. */
  | 'amount_too_large'
  /** The invoice in the ledger is not the one that its snapshot makes. */
  | 'invoice_differs'
  | 'customer_unknown';

/** The only error type of this folder. */
export class ClosingError extends Error {
  readonly code: ClosingErrorCode;

  constructor(code: ClosingErrorCode, message: string) {
    super(message);
    this.name = 'ClosingError';
    this.code = code;
  }
}
