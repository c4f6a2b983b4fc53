/**
 * What is counted by customer. I10: `/metrics` is on the port that customers call, so this exists only
 * where a token guards it. The label has so many values, then `other`: those who come first have a name.
 */
import { type Family, labelsOf, type Sample } from '@tollgate/adapters/metrics/families.ts';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { type QuantityName, quantities } from '@tollgate/domain/usage/quantities.ts';

type Series = { labels: string; attempts: number; failed: number; tokens: number; pico: bigint };

const OTHER = 'other';
const PICO_PER_USD = 1e12;
const TOKENS: readonly QuantityName[] = quantities.flatMap(({ name, unit }) =>
  unit === 'tokens' ? [name] : [],
);

export class CustomerMetrics {
  readonly #max: number;
  readonly #customers = new Map<string, Series>();
  readonly #others = seriesOf(OTHER);

  constructor(max: number) {
    this.#max = max;
  }

  settled(customerId: string, outcome: AttemptOutcome, { cost }: { cost: bigint | null }): void {
    const series = this.#customers.get(customerId) ?? this.#open(customerId);
    series.attempts++;
    if (outcome.status !== 'ok') series.failed++;
    for (const name of TOKENS) series.tokens += outcome[name] ?? 0;
    if (cost !== null) series.pico += cost;
  }

  families(): Family[] {
    const all = [...this.#customers.values()];
    if (this.#others.attempts > 0) all.push(this.#others);
    const counter = (name: string, help: string, read: (series: Series) => number): Family => ({
      ...{ name, help, type: 'counter' },
      samples: all.map((series): Sample => ['', series.labels, read(series)]),
    });
    return [
      counter(
        'tollgate_customer_attempts_total',
        'Requests to providers that have ended, by customer.',
        ({ attempts }) => attempts,
      ),
      counter(
        'tollgate_customer_failed_attempts_total',
        'Those of them that did not end well, by customer.',
        ({ failed }) => failed,
      ),
      counter(
        'tollgate_customer_tokens_total',
        'Tokens of all kinds that are known to be used, by customer.',
        ({ tokens }) => tokens,
      ),
      counter(
        'tollgate_customer_cost_usd_total',
        'Known cost of attempts by customer, in US dollars. The bill is in the warehouse.',
        ({ pico }) => Number(pico) / PICO_PER_USD,
      ),
    ];
  }

  #open(customerId: string): Series {
    // seam: customers-of-labels-are-bounded
    if (this.#customers.size >= this.#max) return this.#others;
    const series = seriesOf(customerId);
    this.#customers.set(customerId, series);
    return series;
  }
}

function seriesOf(customer: string): Series {
  return { labels: labelsOf({ customer }), attempts: 0, failed: 0, tokens: 0, pico: 0n };
}
