/** Why a provider's total and ours differ. docs/reconcile.md says by which rule each is found. */
import type { QuantityName } from '../../usage/quantities.ts';

export type Cause =
  /** Calls with other credentials, or more calls than we sent: they never passed the gateway. */
  | 'gap'
  /** Attempts whose usage nobody stated to us. */
  | 'unknown_attempts'
  /** Attempts whose usage we estimated. */
  | 'estimates'
  /** The same usage at another price. */
  | 'price'
  | 'tier'
  /** The same tokens in another bucket: read from the cache there, uncached here. */
  | 'bucket_split'
  /** Counted on the day before or after. */
  | 'day_boundary'
  /** We had no price. */
  | 'unpriced'
  /** Fees, taxes and credits, which are for no tokens. */
  | 'other_charges'
  | 'rounding'
  /** One of `candidates` or several: totals alone cannot tell. */
  | 'undecided';

export type Quantities = Partial<Record<QuantityName, number>>;

export type Share = {
  cause: Cause;
  /** Of `undecided`. */
  candidates: readonly Cause[];
  /** Theirs minus ours. */
  quantities: Quantities;
  /** Theirs minus ours, 1e-18; null: there is no price to value it at. */
  amount: bigint | null;
};
