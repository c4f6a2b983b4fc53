/** Mistakes of the cache of answers. */
import { at, type Plant } from './plant.ts';

const RULES_TEST = 'domain/cache/cache-rules.unit.test.ts';

export const cached: readonly Plant[] = [
  {
    bug: 'serve what was purged',
    edits: at('purged-is-never-served', { drop: true }),
    test: { file: RULES_TEST, name: 'from before a purge is not' },
  },
  {
    bug: 'state the tokens of a cached answer again',
    edits: at('hit-used-nothing', {
      swap: [
        'zeroQuantities()',
        'Object.fromEntries(quantities.map(({ name, field }) => [name, facts.used[field]]))',
      ],
    }),
    test: {
      file: 'domain/usage/event/cache-hit-event.unit.test.ts',
      name: 'states no usage: no provider was asked',
    },
  },
];
