/** Bugs of pictures, speech, transcripts and forms: kinds that are mixed up, forms with two readings. */
import { at, type Plant } from './plant.ts';

const USAGE_TEST = 'domain/usage/media-usage.unit.test.ts';
const CALLS_TEST = 'apps/proxy/dialects/openai/media/media.int.test.ts';
const FORMS_TEST = 'apps/proxy/relay/form-parts.unit.test.ts';

export const media: readonly Plant[] = [
  {
    bug: 'bill the tokens of a picture as text, where its answer does not tell them apart',
    edits: at('picture-tokens-are-no-text', {
      swap: ['{ imageOutputTokens: output }', '{ outputTokens: output }'],
    }),
    test: { file: CALLS_TEST, name: 'are charged by their tokens, each kind at its price' },
  },
  {
    bug: 'round the length of a recording up to what nobody bills',
    edits: at('seconds-are-whole', { swap: ['!isCount(seconds)', "typeof seconds !== 'number'"] }),
    test: { file: USAGE_TEST, name: 'I8: seconds that nobody bills' },
  },
  {
    bug: 'take a judgement for free although its model is sold by the token',
    edits: at('what-says-nothing-of-tokens-is-no-usage-of-tokens', {
      swap: ['answer?.states?.tokens === false', 'answer === undefined'],
    }),
    test: {
      file: CALLS_TEST,
      name: 'I8: of a model that is sold by the token is not known without its usage',
    },
  },
  {
    bug: 'take pictures that are sold by the piece for free, because tokens alone are stated',
    edits: at('usage-states-what-its-model-is-sold-by', {
      swap: ['lacksMeasure(facts, stated)', 'false'],
    }),
    test: { file: CALLS_TEST, name: 'I8: by the piece, where free tokens alone are stated' },
  },
  {
    bug: 'take the last of several statements about pictures for all of them',
    edits: at('usage-of-several-pictures-is-not-added', {
      swap: ['this.#statements === 1', 'this.#statements > 0'],
    }),
    test: {
      file: CALLS_TEST,
      name: 'I8: of several that state their usage each, nobody knows whose it is',
    },
  },
  {
    bug: 'charge all pictures of a model the same, whatever their size and quality',
    edits: at('picture-has-its-own-price', {
      swap: ['!names.some((name) => name.startsWith(PICTURES))', 'names !== undefined'],
    }),
    test: { file: CALLS_TEST, name: 'by the piece, as asked for' },
  },
  {
    bug: 'hold nothing for a recording whose length nobody bounds',
    edits: at('length-of-a-recording-has-no-bound', {
      swap: ['audioSecondsMax === undefined', 'audioSecondsMax === 0'],
    }),
    test: {
      file: CALLS_TEST,
      name: 'I3: is refused under a hard budget that nobody has bounded its length for',
    },
  },
  {
    bug: 'let a recording leave whole before its usage event is durable',
    edits: at('last-byte-of-a-recording-waits', { swap: ['chunk.subarray(0, -1)', 'chunk'] }),
    test: {
      file: 'apps/proxy/dialects/openai/media/opaque-answer.unit.test.ts',
      name: 'I9: a recording passes as it comes, but for its last byte',
    },
  },
  {
    bug: 'take the first of two models that a form names',
    edits: at('form-has-a-field-once', { swap: ['|| fields.has(name)', ''] }),
    test: { file: CALLS_TEST, name: 'of a form with two readings is refused, and nothing is sent' },
  },
  {
    bug: 'read a form although something follows its end',
    edits: at('nothing-follows-a-form', {
      swap: ["rest === '' || rest === CRLF", 'rest !== undefined'],
    }),
    test: { file: FORMS_TEST, name: 'behind it' },
  },
  {
    bug: 'look over a boundary that ends a line in another way',
    edits: at('boundary-begins-a-line', {
      swap: ["body.toString('latin1', next - 2, next) !== CRLF || ", ''],
    }),
    test: { file: FORMS_TEST, name: 'within a file that some take for its end' },
  },
  {
    bug: 'show a guardrail the bytes of a recording as if they were a text',
    edits: at('recording-is-judged-by-nobody', { drop: true }),
    test: {
      file: 'apps/proxy/dialects/openai/media/media.int.test.ts',
      name: 'a recording that a guardrail is to judge is kept from its client, unless it lets pass what it cannot',
    },
  },
  {
    bug: 'look for what is denied in JSON alone, and not in a form',
    edits: at('denied-field-of-a-form-is-refused', {
      swap: ['denied !== undefined', "denied === ''"],
    }),
    test: {
      file: 'apps/proxy/guardrails/scan-body.unit.test.ts',
      name: 'a field of a form is denied and redacted like any text, and no file is read',
    },
  },
];
