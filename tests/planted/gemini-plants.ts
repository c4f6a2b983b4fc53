/** Bugs of Gemini's dialect: counts that are misread, bytes that leave too soon, keys that stay in a URL. */
import { at, type Plant } from './plant.ts';

const USAGE_TEST = 'domain/usage/gemini-usage.unit.test.ts';
const ANSWERS_TEST = 'apps/proxy/dialects/gemini/answers.unit.test.ts';

export const gemini: readonly Plant[] = [
  {
    bug: 'add up the running totals of Gemini',
    edits: at('gemini-running-totals-are-not-added', {
      swap: ['Math.max(this.#counts[name] ?? 0, value)', '(this.#counts[name] ?? 0) + value'],
    }),
    test: {
      file: USAGE_TEST,
      name: 'running totals are not added up, and zeros or less behind them replace nothing',
    },
  },
  {
    bug: 'take the thoughts of Gemini for next to the candidates, whatever the total says',
    edits: at('total-tells-where-thoughts-are', { swap: [' || rest === candidates', ''] }),
    test: { file: USAGE_TEST, name: 'thoughts within them, by the total' },
  },
  {
    bug: 'let the last element of an array leave before its usage event is durable',
    edits: at('end-of-an-array-is-held-back', { swap: ["'hold'", "'part'"] }),
    test: {
      file: ANSWERS_TEST,
      name: 'I9: the elements of an array pass as they come, and the last one waits',
    },
  },
  {
    bug: 'charge a stream of Gemini that breaks off for its running total',
    edits: at('running-totals-of-gemini-are-not-final', { swap: ['this.#isTotal', 'true'] }),
    test: { file: ANSWERS_TEST, name: 'I8: what it used is unknown if it breaks off' },
  },
  {
    bug: 'take the tokens of a call of Gemini that searched for all that it cost',
    edits: at('searches-of-gemini-are-not-free', { swap: ['this.#searched', 'false'] }),
    test: {
      file: ANSWERS_TEST,
      name: 'that searched has tokens that are known, and a cost that is not',
    },
  },
  {
    bug: 'raise the output limit of a call of Gemini to what its budget can pay for',
    edits: at('gemini-clamp-is-below-the-stated-limit', {
      swap: ['Math.min(tokens, before)', 'tokens'],
    }),
    test: {
      file: 'apps/proxy/dialects/gemini/requests.unit.test.ts',
      name: 'but for an output limit, where the settings have a smaller one',
    },
  },
  {
    bug: 'take calls with the same body for one call, whatever their paths say',
    edits: at('path-is-part-of-what-is-asked', { swap: ['JSON.stringify(target)', "''"] }),
    test: {
      file: 'apps/proxy/idempotency/idempotent-calls.int.test.ts',
      name: 'a call whose path says what it asks for is another one under another path, with the same body',
    },
  },
  {
    bug: 'leave a key in the URL that it came in',
    edits: at('key-leaves-the-url', { drop: true }),
    test: {
      file: 'apps/proxy/auth/key-in-url.int.test.ts',
      name: 'I12: a key in the query opens calls and lists, and nobody behind the gate sees it there',
    },
  },
];
