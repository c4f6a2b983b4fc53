/** What can stop a closing run. The state that it reached stands; asking again goes on from there. */
export type ClosingErrorCode =
  /** The projector did not reach the cut within the deadline. */
  | 'projector_behind'
  /** Some offset below the cut has no row, or more than one. */
  | 'log_not_continuous'
  /** Two counted rows have one dedupe key (I2). */
  | 'event_counted_twice'
  /** The lines do not cover exactly the leaves. */
  | 'leaf_count_differs'
  | 'snapshot_too_large'
  /** The invoice's stream holds something other than what its snapshot says. */
  | 'invoice_differs'
  | 'customer_unknown';

/** The one error type of this folder; `retryable` says whether waiting can help. */
export class ClosingError extends Error {
  readonly code: ClosingErrorCode;

  constructor(code: ClosingErrorCode, message: string) {
    super(message);
    this.name = 'ClosingError';
    this.code = code;
  }

  get retryable(): boolean {
    return this.code === 'projector_behind';
  }
}
