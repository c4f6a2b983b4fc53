import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { expect, it } from 'vitest';
import { CustomerMetrics } from './customer-metrics.ts';

const outcome = (fields: Partial<AttemptOutcome> = {}) =>
  ({ status: 'ok', input_tokens: 3, output_tokens: 2, ...fields }) as AttemptOutcome;

const values = (metrics: CustomerMetrics) =>
  Object.fromEntries(
    metrics
      .families()
      .map(({ name, samples }) => [
        name.replace(/^tollgate_customer_|_total$/g, ''),
        samples.map(([, labels, value]) => `${labels} ${value}`),
      ]),
  );

it('each customer has its attempts, tokens and known cost; what is unknown adds nothing', () => {
  const metrics = new CustomerMetrics(10);
  metrics.settled('cus_a', outcome(), { cost: 1_500_000_000_000n });
  metrics.settled('cus_a', outcome({ status: 'timeout', input_tokens: null }), { cost: null });
  metrics.settled('cus_b', outcome({ cache_read_tokens: 5 }), { cost: 0n });
  expect(values(metrics)).toEqual({
    attempts: ['customer="cus_a" 2', 'customer="cus_b" 1'],
    failed_attempts: ['customer="cus_a" 1', 'customer="cus_b" 0'],
    tokens: ['customer="cus_a" 7', 'customer="cus_b" 10'],
    cost_usd: ['customer="cus_a" 1.5', 'customer="cus_b" 0'],
  });
});

// litellm#12159, litellm PR#27272: a series for each caller, and memory grew until a restart.
it('a bounded number of customers has a name, and nothing of the others is lost', () => {
  const metrics = new CustomerMetrics(2);
  for (let i = 0; i < 10_000; i++) metrics.settled(`cus_${i}`, outcome(), { cost: 0n });
  metrics.settled('cus_1', outcome(), { cost: 0n });
  expect(values(metrics)['attempts']).toEqual([
    ...['customer="cus_0" 1', 'customer="cus_1" 2', 'customer="other" 9998'],
  ]);
});
