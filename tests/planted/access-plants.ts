/** Mistakes about what a key may use, and what a new key gets. */
import { at, type Plant } from './plant.ts';

export const access: readonly Plant[] = [
  {
    bug: 'ask a deny list for the client’s name of a model alone',
    edits: at('denial-of-either-name-binds', {
      swap: ['fits(requested) || fits(served)', 'fits(requested)'],
    }),
    test: {
      file: 'domain/routing/model-access.unit.test.ts',
      name: 'a denial of either name binds, so that no alias is a way around',
    },
  },
  {
    bug: 'send a call whatever its key may use',
    edits: at('key-may-use-the-model', {
      swap: ['allowedRoute(access, request, found)', 'found'],
    }),
    test: {
      file: 'apps/proxy/call/model-access.unit.test.ts',
      name: 'takes nothing of its budgets and its rate limits',
    },
  },
  {
    bug: 'list models that the key may not use',
    edits: at('listed-is-allowed', { drop: true }),
    test: {
      file: 'apps/proxy/routes/routes.int.test.ts',
      name: 'a key that may not use it does not see it, and is told why when it asks for it',
    },
  },
  {
    bug: 'issue a key without its default budgets',
    edits: at('default-budgets-come-first', { drop: true }),
    test: {
      file: 'apps/billing-api/routes/keys/key-defaults.int.test.ts',
      name: 'because they are in the ledger before it is',
    },
  },
];
