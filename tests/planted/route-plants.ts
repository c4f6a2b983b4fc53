/** Mistakes of routes. */
import { at, type Plant } from './plant.ts';

const CALL_TEST = 'apps/proxy/call/routed-call.unit.test.ts';

export const routes: readonly Plant[] = [
  {
    bug: 'ask another provider although a byte was relayed',
    edits: at('no-attempt-after-a-relayed-byte', { drop: true }),
    test: {
      file: CALL_TEST,
      name: 'a stream that breaks off after its first token breaks off here too',
    },
  },
  {
    bug: 'go around any failure, whatever the route lists',
    edits: at('only-listed-failures-are-gone-around', {
      swap: ['!fallbackOn.includes(failure)', 'fallbackOn.length === 0'],
    }),
    test: {
      file: CALL_TEST,
      name: 'is followed only by what its route lists',
    },
  },
  {
    bug: 'try again before a provider says',
    edits: at('retry-waits-for-its-provider', {
      instead: 'const waitMs = backoff;',
    }),
    test: { file: CALL_TEST, name: 'waits as long as its provider says' },
  },
  {
    bug: 'send calls to a deployment that is left alone',
    edits: at('open-deployments-are-left-alone', { instead: 'const tried = able;' }),
    test: {
      file: CALL_TEST,
      name: 'is left alone after some failures, tried by one call after its cool-down, and then served again',
    },
  },
  {
    bug: 'take a capability that nobody knows of for one that is there',
    edits: at('unknown-is-unable', { swap: ['!== true', '=== false'] }),
    test: {
      file: CALL_TEST,
      name: 'a request that no candidate can serve is refused with what each of them lacks',
    },
  },
  {
    bug: 'choose the cheapest whether it has room or not',
    edits: at('candidate-has-room', { drop: true }),
    test: {
      file: 'apps/proxy/routing/cheapest-able.prop.test.ts',
      name: 'cheapest able: never one that cannot, and none that can is cheaper',
    },
  },
  {
    bug: 'fire a rule for a used budget too early',
    edits: at('budget-rule-is-strict', { swap: ['() > budget', '() >= budget'] }),
    test: {
      file: 'domain/routing/rules.unit.test.ts',
      name: 'for a used budget does not fire before it is used by more than that',
    },
  },
  {
    bug: 'let a version of a route begin before its date',
    edits: at('version-starts-at-its-date', { instead: 'return dated.at(-1);' }),
    test: {
      file: 'domain/routing/published-route.unit.test.ts',
      name: 'take effect at their dates, and each until the next',
    },
  },
];
