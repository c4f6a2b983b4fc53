/** What a proxy measures of its rate limits, and of the store that counts them. */
import { type Family, single } from '@tollgate/adapters/metrics/families.ts';

export type RateGauges = {
  /** The store does not answer. */
  isAway: boolean;
  /** Times that it did not. */
  failures: number;
  /** Times that a limit let a call through uncounted, because its store was away. */
  unenforced: number;
  /** In memory. */
  shares: number;
};

export function rateFamilies({ isAway, failures, unenforced, shares }: RateGauges): Family[] {
  return [
    single(
      'tollgate_rate_store_away',
      'gauge',
      '1 while the store of rate limits does not answer, else 0.',
      isAway ? 1 : 0,
    ),
    single(
      'tollgate_rate_store_failures_total',
      'counter',
      'Questions to the store of rate limits that it did not answer.',
      failures,
    ),
    single(
      'tollgate_rate_unenforced_total',
      'counter',
      'Limits that let a call through uncounted, because their store was away.',
      unenforced,
    ),
    single(
      'tollgate_rate_shares',
      'gauge',
      'Shares of rate limits that this process has in memory.',
      shares,
    ),
  ];
}
