/** Bugs that would show an operator a wrong picture. */
import { at, type Plant } from './plant.ts';

export const operation: readonly Plant[] = [
  {
    bug: 'forget what a killed proxy had counted',
    edits: at('counts-of-the-dead-are-kept', { drop: true }),
    test: {
      file: 'apps/standalone/fleet-metrics.unit.test.ts',
      name: 'a killed process takes no count with it: its successor goes on where it was',
    },
  },
  {
    bug: 'give every model that a client names a series of its own',
    edits: at('models-of-labels-are-bounded', { instead: 'const isByName = true;' }),
    test: {
      file: 'apps/proxy/metrics/metrics.unit.test.ts',
      name: 'have labels of the configured models and of a bounded number of others',
    },
  },
  {
    bug: 'give every customer a series of its own',
    edits: at('customers-of-labels-are-bounded', { drop: true }),
    test: {
      file: 'apps/proxy/metrics/customer-metrics.unit.test.ts',
      name: 'a bounded number of customers has a name, and nothing of the others is lost',
    },
  },
  {
    bug: 'count customers by name for anybody who asks',
    edits: at('customers-are-counted-behind-a-token', {
      swap: ['http?.metricsToken !== undefined', 'true'],
    }),
    test: {
      file: 'apps/proxy/metrics/customers-behind-a-token.int.test.ts',
      name: 'I10: customers are counted by name only where a token guards the port that they call',
    },
  },
  {
    bug: 'record what a client decided not to record',
    edits: at('sampling-decision-is-kept', { drop: true }),
    test: {
      file: 'apps/proxy/tracing/tracing.int.test.ts',
      name: 'is kept: a trace that is not recorded stays so, here and at the provider',
    },
  },
  {
    bug: 'end a trace at the gateway',
    edits: at('trace-goes-on-at-the-provider', { drop: true }),
    test: {
      file: 'apps/proxy/tracing/tracing.int.test.ts',
      name: 'goes on in the trace of its client, and the provider in that of the attempt',
    },
  },
  {
    bug: 'let traces wait without a bound',
    edits: at('traces-that-wait-are-bounded', { drop: true }),
    test: {
      file: 'apps/proxy/tracing/tracing.int.test.ts',
      name: 'that is slow fills a bounded room; what is beyond it is dropped and counted',
    },
  },
  {
    bug: 'put the prompt into a span',
    edits: at('span-of-a-call-has-no-text', {
      swap: ['end.refusal', 'String((request as { body?: unknown } | null)?.body)'],
    }),
    test: {
      file: 'apps/proxy/tracing/tracing.int.test.ts',
      name: 'I12: no prompt, answer, key or error text is in a span, of failed attempts neither',
    },
  },
];
