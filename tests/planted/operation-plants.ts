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
];
