/** What a proxy measures of its cache. */
import type { Family } from '@tollgate/adapters/metrics/families.ts';

export type CacheCounts = {
  /** Calls that were answered from the store, and with the answer of an equal call that ran. */
  hits: number;
  coalesced: number;
  /** Calls that were answered with the answer to another question. */
  semantic: number;
  /** Calls that were looked for and sent. */
  misses: number;
  /** Times that the store failed. */
  failures: number;
};

export function cacheFamilies(counts: CacheCounts): Family[] {
  const { hits, coalesced, semantic, misses, failures } = counts;
  const results = { hit: hits, coalesced, semantic, miss: misses };
  return [
    {
      name: 'tollgate_cache_calls_total',
      type: 'counter',
      help: 'Calls that a rule of the cache fits, by what became of them.',
      samples: Object.entries(results).map(([result, calls]) => ['', `result="${result}"`, calls]),
    },
    {
      name: 'tollgate_cache_store_failures_total',
      type: 'counter',
      help: 'Times that the store of answers did not read, write or purge.',
      samples: [['', '', failures]],
    },
  ];
}
