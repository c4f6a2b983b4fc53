/** Mistakes of routes. */
import { at, type Plant } from './plant.ts';

const CASCADE_TEST = 'apps/proxy/call/cascade-call.unit.test.ts';
const CALL_TEST = 'apps/proxy/call/routed-call.unit.test.ts';
const HEDGE_TEST = 'apps/proxy/call/hedged-call.unit.test.ts';
const ADMISSION_TEST = 'apps/proxy/call/routed-admission.unit.test.ts';

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
    bug: 'work out prices that no strategy compares',
    edits: at('prices-are-known-where-they-are-compared', {
      swap: ['if (isTold ||', 'if (!isTold ||'],
    }),
    test: {
      file: 'apps/proxy/routing/cheapest-able.prop.test.ts',
      name: 'fixed: works out no price, unless it is asked for',
    },
  },
  {
    bug: 'take a null that a schema allows for a failed schema',
    edits: at('nullable-takes-null', { drop: true }),
    test: {
      file: 'domain/routing/cascade/json-schema.unit.test.ts',
      name: 'takes null for what a schema says is nullable, and nothing else',
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
    bug: 'send hard requests to the cheapest candidate',
    edits: at('hard-request-goes-to-the-most-expensive', {
      swap: ['isHard ? byPriceDown : byPrice', 'byPrice'],
    }),
    test: {
      file: 'apps/proxy/call/complexity-call.unit.test.ts',
      name: 'an easy request goes to the cheapest candidate, a hard one to the most expensive',
    },
  },
  {
    bug: 'judge a short reply without what it answers',
    edits: at('short-reply-is-read-with-what-it-answers', { instead: 'break;' }),
    test: {
      file: 'apps/proxy/dialects/openai/prompt.unit.test.ts',
      name: 'with what came before, if it is short',
    },
  },
  {
    bug: 'compare the shadow with nothing that was paid',
    edits: at('shadow-is-compared-with-what-was-paid', { drop: true }),
    test: {
      file: 'apps/proxy/metrics/route-metrics.unit.test.ts',
      name: 'says how often complexity would have chosen otherwise, and what the same tokens would have cost',
    },
  },
  {
    bug: 'give an error although an answer is kept',
    edits: at('kept-answer-is-better-than-none', { instead: 'return null;' }),
    test: { file: CASCADE_TEST, name: 'if the other candidate fails' },
  },
  {
    bug: 'ask for a better answer to one that its own limit has cut',
    edits: at('cut-by-its-limit-is-as-asked', { swap: ['wanted.cutByLimit ? null : ', ''] }),
    test: {
      file: CASCADE_TEST,
      name: 'is none, if the limit of the call has cut it: the next one would be cut as well',
    },
  },
  {
    bug: 'let answers of cascades wait without a bound',
    edits: at('waiting-answer-has-a-bound', { drop: true }),
    test: { file: CASCADE_TEST, name: 'if it is too large to wait' },
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
  {
    bug: 'bind a budget of a model by two of its three names',
    edits: at('budget-binds-by-any-name', { swap: [' || limits(alias)', ''] }),
    test: { file: ADMISSION_TEST, name: 'a budget of that name' },
  },
  {
    bug: 'bind a rate limit of a model by two of its three names',
    edits: at('rate-limit-binds-by-any-name', { swap: [' || matches(alias)', ''] }),
    test: { file: ADMISSION_TEST, name: 'a rate limit of it' },
  },
  {
    bug: 'tell of the last candidate that can never be asked',
    edits: at('first-refusal-is-told', { instead: 'this.#refusal = refusal;' }),
    test: {
      file: ADMISSION_TEST,
      name: 'is what the client is told of, the first of them, if there is no other',
    },
  },
  {
    bug: 'take a prompt that a content policy refuses for an account that is refused',
    edits: at('flagged-request-is-no-refused-account', { instead: 'return false;' }),
    test: { file: ADMISSION_TEST, name: 'is gone around where the operator says so' },
  },
  {
    bug: 'look at the deadline of a call only when it has what it waited for',
    edits: at('deadline-interrupts-what-is-waited-for', {
      instead: 'return this.#attempt?.timeOut();',
    }),
    test: {
      file: ADMISSION_TEST,
      name: 'does not wait for what is still being taken: the client is told, and all is given back',
    },
  },
  {
    bug: 'take a quick refusal for a quick answer',
    edits: at('quick-refusal-is-no-quick-answer', { instead: 'latency.ended(tookMs, nowMs);' }),
    test: {
      file: ADMISSION_TEST,
      name: 'a quick refusal of a wrong request draws no calls to its deployment',
    },
  },
  {
    bug: 'blame the first candidate for a request that fails at all of them',
    edits: at('request-that-fails-everywhere-blames-nobody', { drop: true }),
    test: {
      file: 'apps/proxy/routing/itinerary.unit.test.ts',
      name: 'blames nobody if it fails everywhere',
    },
  },
  {
    bug: 'take a provider for ill because routes gave its calls no time',
    edits: at('deadline-of-the-call-blames-nobody', {
      swap: [' || error_type === CALL_DEADLINE', ''],
    }),
    test: {
      file: 'apps/proxy/routing/provider-health.unit.test.ts',
      name: 'a provider is ill while its last answers all failed, and not for longer than it is known',
    },
  },
  {
    bug: 'let a route take the calls of a configured model unasked',
    edits: at('route-hides-no-model', { drop: true }),
    test: {
      file: 'apps/billing-api/routes/routes/routes.int.test.ts',
      name: 'takes the calls of a model of the configuration only if it is told to',
    },
  },
  {
    bug: 'let an answer of before it failed close a breaker',
    edits: at('answer-of-before-closes-nothing', { drop: true }),
    test: {
      file: 'domain/routing/breaker.unit.test.ts',
      name: 'is not held open longer by those that were sent before it opened, nor closed by them',
    },
  },
  {
    bug: 'let the attempt that another one overtook run on',
    edits: at('loser-is-given-up', { drop: true }),
    test: {
      file: HEDGE_TEST,
      name: 'wins: the other one is given up, recorded as unknown, and charged its hold',
    },
  },
  {
    bug: 'charge nothing for the attempt that another one overtook',
    edits: at('given-up-is-not-unsent', {
      swap: ['failure?.unsent ?? false', 'failure?.unsent || this.#hasLost'],
    }),
    test: {
      file: HEDGE_TEST,
      name: 'wins: the other one is given up, recorded as unknown, and charged its hold',
    },
  },
  {
    bug: 'free the place of a call whose other attempt still runs',
    edits: at('place-is-of-all-attempts', { swap: [' && this.#others === 0', ''] }),
    test: {
      file: HEDGE_TEST,
      name: 'wins: the other one is given up, recorded as unknown, and charged its hold',
    },
  },
];
