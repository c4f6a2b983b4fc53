/** Mistakes in what is told of budgets, calls and keys: to operators, and to the bearers of keys. */
import { at, type Plant } from './plant.ts';

const WHY_TEST = 'apps/billing-api/routes/calls/why.int.test.ts';
const ME_TEST = 'apps/proxy/me/me.int.test.ts';
const OWN_TEST = 'apps/billing-api/routes/me/me.int.test.ts';

const OTHERS_ARE_TOLD = at('others-amounts-are-not-told', {
  swap: ["scope.type === 'installation'", 'false'],
});

export const telling: readonly Plant[] = [
  {
    bug: 'refuse and record no limit',
    edits: at('refusal-says-which-limit', { swap: ['facts.limit === undefined', 'true'] }),
    test: {
      file: 'apps/proxy/call/call-refusal.int.test.ts',
      name: 'for its budget says which limit was hit, and is an event',
    },
  },
  {
    bug: 'explain a refusal by what the ledger says today',
    edits: at('only-what-the-proxy-had-read', { drop: true }),
    test: {
      file: WHY_TEST,
      name: 'of a budget that could not pay: who held what of it when the proxy refused',
    },
  },
  {
    bug: 'adjust a budget of tokens by its hold where its tokens were charged',
    edits: at('what-was-charged-before', { swap: ['parts, stated', 'parts, null'] }),
    test: {
      file: 'domain/budget/amounts.unit.test.ts',
      name: 'I3: a bill for a model without a price moves no budget that its stated tokens were charged to',
    },
  },
  {
    bug: 'believe what the warehouse reports of budgets',
    edits: at('reported-spend-is-compared', { swap: ['is !== should', 'false'] }),
    test: {
      file: 'tests/e2e/audit.e2e.test.ts',
      name: 'I3: names a budget whose spend in the warehouse is not that of the ledger',
    },
  },
  {
    bug: 'work out what a key may know whenever it asks',
    edits: at('answer-is-kept', { drop: true }),
    test: {
      file: 'adapters/process/kept-answers.unit.test.ts',
      name: 'one who asks all the time has one answer worked out in each moment',
    },
  },
  {
    bug: 'tell a customer what all customers spend together',
    edits: OTHERS_ARE_TOLD,
    test: {
      file: ME_TEST,
      name: 'I10: of a budget that customers share it says only whether it can pay',
    },
  },
  {
    bug: 'refuse a customer with what all customers spend together',
    edits: OTHERS_ARE_TOLD,
    test: {
      file: 'apps/proxy/call/refusal.unit.test.ts',
      name: 'I10: for a budget of all customers is told no amounts of it',
    },
  },
  {
    bug: 'answer a customer with what is left for all customers together',
    edits: OTHERS_ARE_TOLD,
    test: {
      file: 'apps/proxy/call/headers.unit.test.ts',
      name: 'I10: what is left of a budget of all customers is not said',
    },
  },
  {
    bug: 'tell what calls without an end user have spent of a budget per end user as that of all',
    edits: at('template-has-no-amounts', { swap: ['&& endUser === null', '&& false'] }),
    test: {
      file: ME_TEST,
      name: 'of a budget per end user it tells what is left of the one who is named, else no amount',
    },
  },
  {
    bug: 'give one end user the answer about another',
    edits: at('me-is-of-this-key', { swap: ['key.keyId + ofEndUser', 'key.keyId'] }),
    test: {
      file: ME_TEST,
      name: 'I10: tells of each end user by itself, however soon another is asked about',
    },
  },
  {
    bug: 'give a key the answer of the key before',
    edits: at('me-is-of-this-key', { swap: ['get(key.keyId +', "get('me' +"] }),
    test: { file: ME_TEST, name: 'I10: gives nobody the answer of another, however soon it asks' },
  },
  {
    bug: 'tell a suspended key what it has used',
    edits: at('key-must-be-live', { swap: ["|| keyStatus(key, nowMs) !== 'active'", ''] }),
    test: {
      file: OWN_TEST,
      name: 'is for virtual keys that open something, and for no admin token',
    },
  },
  {
    bug: 'tell a key what its whole customer has used',
    edits: at('own-usage-is-of-the-key', { swap: ['{ customer_id, key_id }', '{ customer_id }'] }),
    test: {
      file: OWN_TEST,
      name: 'I10: says nothing of another key, of the same customer or of another',
    },
  },
];
