/** Bugs of guardrails: what is blocked too late, sent all the same, or not paid for. */
import { at, type Plant } from './plant.ts';

const WHOLE_CALLS = 'apps/proxy/guardrails/guardrails.int.test.ts';
const FAIRNESS = 'apps/proxy/guardrails/fair-guardrails.unit.test.ts';

export const guards: readonly Plant[] = [
  {
    bug: 'send what a guardrail denies',
    edits: at('denied-input-is-refused', { drop: true }),
    test: {
      file: WHOLE_CALLS,
      name: 'was never sent or held, is a refusal with its rule on the event, and costs nothing',
    },
  },
  {
    bug: 'count what is redacted, and send the original',
    edits: at('redacted-is-what-is-sent', { instead: 'return { body, redactions: count };' }),
    test: {
      file: WHOLE_CALLS,
      name: 'what is redacted is what is sent, held for and told to webhooks; the event says how much',
    },
  },
  {
    bug: 'say nothing of what was redacted',
    edits: at('redaction-is-on-the-event', { swap: ['=== 0', '>= 0'] }),
    test: {
      file: WHOLE_CALLS,
      name: 'what is redacted is what is sent, held for and told to webhooks; the event says how much',
    },
  },
  {
    bug: 'let an answer leave while it is judged',
    edits: at('judged-answer-is-held', { before: 'this.#listener.onBytes(bytes);' }),
    test: {
      file: WHOLE_CALLS,
      name: 'an answer that passes leaves whole, byte for byte, and not before it was judged',
    },
  },
  {
    bug: 'keep a held answer of any length in memory',
    edits: at('held-answer-has-a-bound', { swap: ['> judgedTextBytesMax', '> Infinity'] }),
    test: {
      file: WHOLE_CALLS,
      name: 'an answer above the bound is not kept in memory, is not given, and is metered',
    },
  },
  {
    bug: 'take any verdict that can be read for consent',
    edits: at('verdict-is-read', { instead: "return { kind: 'allow' };" }),
    test: {
      file: WHOLE_CALLS,
      name: 'by its webhook, which is shown the request, signed, and may say why',
    },
  },
  {
    bug: 'let a call without an output limit pass a cap of it',
    edits: at('no-output-limit-is-above-a-cap', {
      swap: [
        'outputTokensMax === null || outputTokensMax > outputTokens',
        'Number(outputTokensMax) > outputTokens',
      ],
    }),
    test: {
      file: 'domain/guardrail/guardrail.unit.test.ts',
      name: 'a call that states no output limit is above every cap, and below none that is not there',
    },
  },
  {
    bug: 'ask every key for what its guardrail asks of some',
    edits: at('guardrail-scope', { instead: 'return true;' }),
    test: {
      file: WHOLE_CALLS,
      name: 'a key that no guardrail applies to is served as without any',
    },
  },
  {
    bug: 'start with a pattern that is none',
    edits: at('bad-pattern-ends-the-start', { instead: 'return;' }),
    test: {
      file: 'adapters/config/check-guardrails.unit.test.ts',
      name: 'names the field of a pattern that is none, of an address inside, and of a bad secret',
    },
  },
  {
    bug: 'let one customer ask all the questions to webhooks',
    edits: at('questions-are-of-a-customer', { swap: ['customerId', "'all'"] }),
    test: { file: FAIRNESS, name: 'leaves questions for others, however many it asks' },
  },
  {
    bug: 'let the first who come have the sockets to a webhook',
    edits: at('sockets-are-of-a-customer', { swap: ['customerId', "'all'"] }),
    test: {
      file: FAIRNESS,
      name: 'answers the others at once while one asks more than it has sockets for',
    },
  },
  {
    bug: 'give a question that has waited its whole time once more',
    edits: at('waiting-is-within-the-time', { swap: ['timeoutMs - waitedMs', 'timeoutMs'] }),
    test: {
      file: FAIRNESS,
      name: 'is never asked more than it has sockets for, and who waited has so much less time',
    },
  },
  {
    bug: 'let held answers of one customer take all the room',
    edits: at('room-is-left-for-others', { swap: ['own > PER_FREE_BYTE * free', 'free < 0'] }),
    test: {
      file: FAIRNESS,
      name: 'of one customer leave room for those of others, and all keep to the bound',
    },
  },
];
