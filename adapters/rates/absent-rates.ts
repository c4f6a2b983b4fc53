/** No store: every limit's own policy decides about its calls, as for a store that is away. */
import type { RateStore } from './rates.ts';

export function absentRates(): RateStore {
  const refuse = () =>
    Promise.reject(
      new Error(
        'no store of rates: proxies without a supervisor need `engines.rates` in tollgate.yaml',
      ),
    );
  return { take: refuse, correct: refuse, claim: refuse, close: async () => undefined };
}
