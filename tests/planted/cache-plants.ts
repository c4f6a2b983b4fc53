/** Mistakes of the cache of answers. */
import { at, type Plant } from './plant.ts';

const RULES_TEST = 'domain/cache/cache-rules.unit.test.ts';
const CALLS_TEST = 'apps/proxy/cache/cached-calls.int.test.ts';
const ROUTED_TEST = 'apps/proxy/cache/routed-calls.unit.test.ts';
const LEAKS_TEST = 'apps/proxy/cache/leaks.prop.test.ts';

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
  {
    bug: 'look answers up without whose they are',
    edits: at('cache-key-has-its-namespace', { swap: ['(namespace.text,', "('',"] }),
    test: {
      file: LEAKS_TEST,
      name: 'I10: no two calls share an entry unless they are the same call',
    },
  },
  {
    bug: 'leave a member of the request out of the key',
    edits: at('cache-key-has-the-whole-request', {
      swap: ['leftOut.has(name)', "leftOut.has(name) || name === 'tool_choice'"],
    }),
    test: {
      file: CALLS_TEST,
      name: 'with another spelling is the same, with another word, number or member is not',
    },
  },
  {
    bug: 'serve an answer that guardrails have not judged',
    edits: at('judged-answers-are-not-cached', { drop: true }),
    test: {
      file: CALLS_TEST,
      name: 'that guardrails would judge is not served unjudged: such a call is sent',
    },
  },
  {
    bug: 'serve what the store has under a wrong name',
    edits: at('entry-is-of-its-namespace', { drop: true }),
    test: { file: CALLS_TEST, name: 'that the store has under a wrong name is not served' },
  },
  {
    bug: 'serve the answer of a model that the name does not lead to any more',
    edits: at('answer-is-of-a-model-on-the-route', {
      swap: [' && model === servedBy', ''],
    }),
    test: {
      file: CALLS_TEST,
      name: 'a mapping: the answer of a model that the name led to is not served',
    },
  },
  {
    bug: 'store an answer that a limit has cut',
    edits: at('cut-answer-is-not-stored', {
      swap: ["!CHOSEN_ENDS.has(choice['finish_reason'])", "choice['finish_reason'] === null"],
    }),
    test: { file: CALLS_TEST, name: 'that its limit has cut' },
  },
  {
    bug: 'price a hit as its first call was',
    edits: at('hit-is-priced-as-of-now', {
      swap: [
        'costOf(price.price, entry.used)',
        'BigInt(entry.used.inputTokens + entry.used.outputTokens)',
      ],
    }),
    test: { file: CALLS_TEST, name: 'I7: a price: the hit is priced as of now' },
  },
  {
    bug: 'answer from the cache before the event is durable',
    edits: at('hit-is-durable-first', {
      before: 'send(call, hit, event, replay);',
    }),
    test: { file: CALLS_TEST, name: 'I9: gets no byte before its event is durable' },
  },
  {
    bug: 'give a call the answer of a candidate that cannot do what it needs',
    edits: at('answer-is-of-an-able-candidate', {
      swap: ['&& lacks.every(({ isSure }) => !isSure)', ''],
    }),
    test: { file: ROUTED_TEST, name: 'of one that cannot do it' },
  },
  {
    bug: 'price a call that waited for another one as of its arrival',
    edits: at('waiting-call-is-of-its-end', {
      swap: ['call.again()', 'call.aim'],
    }),
    test: {
      file: 'apps/proxy/cache/equal-calls.int.test.ts',
      name: 'that waited are of when they are answered or sent: at the price of then',
    },
  },
  {
    bug: 'forget a purge that the store did not carry out',
    edits: at('failed-purge-is-repeated', { swap: ['.set(name, purge)', '.delete(name)'] }),
    test: {
      file: 'apps/proxy/cache/store-purges.unit.test.ts',
      name: 'a purge is repeated until the store has carried it out, and no longer',
    },
  },
  {
    bug: 'charge a hit in two writes',
    edits: at('charged-record-is-one-write', { drop: true }),
    test: {
      file: 'adapters/journal/journal-codec.prop.test.ts',
      name: 'I3: what is recorded and charged at once is a start and an end of one group',
    },
  },
  {
    bug: 'leave answers from the cache out of the payload log',
    edits: at('hit-is-in-the-payload-log', { drop: true }),
    test: {
      file: CALLS_TEST,
      name: 'is in the payload log, as what left for its client, if its key has opted in',
    },
  },
  {
    bug: 'give a question the answer to its negation',
    edits: at('marks-are-in-the-frame', { swap: [', marked.marks', ''] }),
    test: { file: 'apps/proxy/cache/near-calls.unit.test.ts', name: 'that negates it' },
  },
  {
    bug: 'take a call that may use tools for a question',
    edits: at('tools-are-no-question', { drop: true }),
    test: { file: 'apps/proxy/cache/near-calls.unit.test.ts', name: 'that may use tools' },
  },
  {
    bug: 'take the last turn of a conversation for a question',
    edits: at('turns-are-told-from-questions', {
      swap: ['!INSTRUCTING.has(role)', 'role === null'],
    }),
    test: { file: 'apps/proxy/cache/near-calls.unit.test.ts', name: 'in a conversation' },
  },
  {
    bug: 'leave it to vectors which question is the same',
    edits: at('words-tell-questions-apart', { drop: true }),
    test: {
      file: 'tests/contract/embedded-cache.contract.test.ts',
      name: 'that words tell apart are not found, however near they are',
    },
  },
  {
    bug: 'take small words for nothing',
    edits: at('small-words-decide', { drop: true }),
    test: { file: 'domain/cache/likeness/lexical-guard.unit.test.ts', name: 'by whom it is about' },
  },
  {
    bug: "give who waited the answer to another question that only the other one's rule allows",
    edits: at('other-questions-are-for-their-rule', { drop: true }),
    test: {
      file: 'apps/proxy/cache/near-calls.unit.test.ts',
      name: 'a call that waited for an equal one is not given the answer to another question, unless its own rule says so',
    },
  },
  {
    bug: 'let one word that differs decide nothing',
    edits: at('few-words-decide', { swap: ['differing <= FEW || ', ''] }),
    test: { file: 'domain/cache/likeness/lexical-guard.unit.test.ts', name: 'by another word' },
  },
  {
    bug: 'leave the questions of a customer who was erased',
    edits: at('purge-reaches-what-questions-mean', { drop: true }),
    test: {
      file: 'tests/contract/embedded-cache.contract.test.ts',
      name: 'are removed by a purge of their customer or their model',
    },
  },
  {
    bug: 'give an answer again that said nothing',
    edits: at('empty-answer-is-not-stored', {
      swap: ["name !== 'role' && ", "name === 'role' || "],
    }),
    test: { file: CALLS_TEST, name: 'that is whole and says nothing' },
  },
  {
    bug: 'let answers wait for the file without bound',
    edits: at('waiting-answers-are-bounded', { drop: true }),
    test: {
      file: 'adapters/cache/waiting-answers.unit.test.ts',
      name: 'is bounded in number and in bytes, and takes more when those are written or have failed',
    },
  },
  {
    bug: 'believe forever that the file lacks what another proxy has stored since',
    edits: at('absence-is-believed-for-a-moment', { drop: true }),
    test: {
      file: 'tests/contract/embedded-cache.contract.test.ts',
      name: 'is one store for all processes, and has one entry of a key: the last one',
    },
  },
  {
    bug: 'write an answer after it was purged',
    edits: at('purge-follows-what-waits', { drop: true }),
    test: {
      file: 'tests/contract/embedded-cache.contract.test.ts',
      name: 'a purge reaches what is on its way to the file',
    },
  },
  {
    bug: 'let those wait on who waited for a call that has ended',
    edits: at('flight-ends-for-all', { drop: true }),
    test: {
      file: 'apps/proxy/cache/equal-calls.int.test.ts',
      name: 'leave nothing behind when they end, and a client has left',
    },
  },
];
