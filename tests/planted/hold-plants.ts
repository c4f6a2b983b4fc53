/** Bugs that would hold less than a call may cost, or more than its client asked for. */
import { at, type Plant } from './plant.ts';

const WORST_CASE_TEST = 'domain/budget/worst-case.prop.test.ts';
const NEAR_LIMIT_TEST = 'apps/proxy/call/near-limit.unit.test.ts';
const OPEN_BOUNDS_TEST = 'apps/proxy/call/open-bounds.unit.test.ts';

export const holds: readonly Plant[] = [
  {
    bug: 'hold what may be written to a cache at the price of plain input',
    edits: at('hold-is-at-the-highest-rates', { swap: ["'cache_write', ", ''] }),
    test: {
      file: WORST_CASE_TEST,
      name: 'I3: a hold is never below what a provider bills within the bound, however it splits it',
    },
  },
  {
    bug: 'raise a client’s output limit to what its budget can pay for',
    edits: at('clamp-is-below-the-clients-limit', {
      swap: ['Math.min(tokens, statedIn(body, member) ?? tokens)', 'tokens'],
    }),
    test: {
      file: 'apps/proxy/dialects/openai/clamp-edits.unit.test.ts',
      name: 'is never above the one that the client set',
    },
  },
  {
    bug: 'clamp a call at a budget that refuses',
    edits: at('only-a-budget-that-says-so-clamps', { swap: ['!clamps(account) || ', ''] }),
    test: { file: NEAR_LIMIT_TEST, name: 'refuses what it cannot pay for, if it does not clamp' },
  },
  {
    bug: 'count by a vocabulary that need not be the provider’s',
    edits: at('only-a-known-tokenizer-counts', { swap: ['?? null', "?? 'o200k_base'"] }),
    test: {
      file: NEAR_LIMIT_TEST,
      name: 'is counted in the provider’s own vocabulary or not at all',
    },
  },
  {
    bug: 'take an operator’s bound for nothing',
    edits: at('open-parts-are-held-at-their-bounds', {
      swap: ['inputTokensMax + open.inputTokens', 'inputTokensMax'],
    }),
    test: { file: OPEN_BOUNDS_TEST, name: 'is held at the operator’s bound' },
  },
  {
    bug: 'take the tokens of a call that searched for all that it cost',
    edits: at('unstated-fee-is-no-cost', { swap: ['answer?.states?.searches !== true', 'false'] }),
    test: {
      file: OPEN_BOUNDS_TEST,
      name: 'I8: has no known cost, since no answer states a fee; its budget is charged the hold',
    },
  },
];
