/** What is billed besides tokens of text: buckets and prices of their own. */
import { at, type Plant } from './plant.ts';

const RESPONSES_TEST = 'apps/proxy/dialects/openai/responses/response-answers.unit.test.ts';
const SETTLE_TEST = 'apps/proxy/call/settle.unit.test.ts';

export const billed: readonly Plant[] = [
  {
    bug: 'take a write for an hour for one of five minutes',
    edits: at('unpriced-bucket-is-unknown', {
      swap: ['?? NOT_PRICED', '?? compileTiers(price.cache_write) ?? input'],
    }),
    test: {
      file: 'domain/pricing/compile.unit.test.ts',
      name: 'writes for an hour',
    },
  },
  {
    bug: 'leave a later bucket out of the event',
    edits: at('later-bucket-is-written', { swap: ['!mayBeAbsent || value', '!mayBeAbsent'] }),
    test: {
      file: 'adapters/warehouse/quantities.int.test.ts',
      name: 'is written into the text of an attempt, in the order of the list',
    },
  },
  {
    bug: 'price a more expensive tier of service as the list does',
    edits: at('tier-has-its-own-price', { swap: ['?? null', '?? found.price'] }),
    test: {
      file: SETTLE_TEST,
      name: 'I8: is priced at the tier that served it, or has no known cost: never at another tier’s price',
    },
  },
  {
    bug: 'price pictures as text',
    edits: at('pictures-are-not-priced-as-text', { swap: ['pricesImages(price)', 'false'] }),
    test: {
      file: SETTLE_TEST,
      name: 'I8: has no known cost where pictures have a price and nobody says how many tokens they are',
    },
  },
  {
    bug: 'let the last event of a response leave before its usage event is durable',
    edits: at('last-event-by-type-waits', { swap: ["'hold'", "'pass'"] }),
    test: { file: RESPONSES_TEST, name: 'response.completed' },
  },
  {
    bug: 'read the usage of completed responses alone',
    edits: at('every-end-states-usage', {
      swap: ['ENDS.has(type)', "type === 'response.completed'"],
    }),
    test: { file: RESPONSES_TEST, name: 'that is incomplete' },
  },
  {
    bug: 'bill no search of a response',
    edits: at('searches-are-billed-as-stated', {
      swap: ['{ ...quantities, searches: this.#searches }', 'quantities'],
    }),
    test: { file: RESPONSES_TEST, name: 'searches as they are billed, not as they are shown' },
  },
  {
    bug: 'take a fee that no answer states for nothing',
    edits: at('fee-of-a-tool-is-not-nothing', {
      swap: ['this.#sawFee || lacksSearches', 'false'],
    }),
    test: { file: RESPONSES_TEST, name: 'searches that nobody states' },
  },
  {
    bug: 'estimate a response by what is shown of it',
    edits: at('hidden-thoughts-are-no-estimate', { swap: ['!VISIBLE.has(type) || ', ''] }),
    test: { file: RESPONSES_TEST, name: 'a summary of thoughts' },
  },
  {
    bug: 'hold nothing for candidates that are dropped',
    edits: at('dropped-candidates-are-billed', {
      swap: ['Math.max(request.n ?? 1, request.best_of ?? 1)', '(request.n ?? 1)'],
    }),
    test: {
      file: 'apps/proxy/dialects/openai/completions.unit.test.ts',
      name: 'candidates that are dropped',
    },
  },
  {
    bug: 'estimate a response that broke off',
    edits: at('response-without-an-end-is-no-answer', {
      swap: ["this.#isEnded ? null : 'error'", 'null'],
    }),
    test: { file: RESPONSES_TEST, name: 'broken off before its end' },
  },
];
