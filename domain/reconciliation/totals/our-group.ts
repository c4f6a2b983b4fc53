/** What our own events say, summed for the comparison with a provider's totals. */
import type { QuantityName } from '../../usage/quantities.ts';

/**
 * What is known of the attempts of a group. `stated`: the provider said what they used, in its answers
 * or in a bill by attempt. `unpriced`: that too, and we had no price.
 */
export type Certainty = 'stated' | 'estimated' | 'unknown' | 'unpriced';

export type OurGroup = {
  /** Days in the source's zone of the first and the last instant of these calls; null: outside. */
  startDay: string | null;
  endDay: string | null;
  /** True: one of both instants is within minutes of a midnight. */
  nearMidnight: boolean;
  modelServed: string | null;
  /** The model's name at the provider, as it was asked for. */
  modelAsked: string | null;
  certainty: Certainty;
  attempts: number;
  /** Sums of what is known. */
  quantities: Record<QuantityName, number>;
  /** Pico-dollars, of what has a cost. */
  costPico: bigint;
  /** What USD budgets were charged for attempts whose usage is unknown, pico-dollars. */
  heldPico: bigint;
};
