/** Bugs of the languages on the wire: calls that go where nobody understands them, figures that are misread. */
import { at, type Plant } from './plant.ts';

export const dialects: readonly Plant[] = [
  {
    bug: 'send a call to a provider that does not speak its dialect',
    edits: at('provider-speaks-the-dialect', {
      instead: 'return this.#configured(configured, model, nowMs);',
    }),
    test: {
      file: 'apps/proxy/routing/deployments.unit.test.ts',
      name: 'goes only to a provider that speaks it, whatever lists the model',
    },
  },
];
