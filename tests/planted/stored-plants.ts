/** What a provider stores, and whose it is. */
import { at, type Plant } from './plant.ts';

const OWNERS_TEST = 'apps/proxy/stored/owned-objects.unit.test.ts';

const BACKGROUND_TEST = 'apps/proxy/stored/background.unit.test.ts';

const inBackground: readonly Plant[] = [
  {
    bug: 'take a response that goes on for an empty answer',
    edits: at('what-goes-on-is-no-empty-answer', { swap: [' && !goesOn', ''] }),
    test: {
      file: BACKGROUND_TEST,
      name: 'I1, I8: is an attempt whose usage is not known yet, charged the hold, before its client is answered',
    },
  },
  {
    bug: 'never bill the end of a background response',
    edits: at('background-end-is-billed', {
      swap: ['await this.#resolve(attempt, record, ended, provider);', ''],
    }),
    test: {
      file: BACKGROUND_TEST,
      name: 'I2: is billed once as its provider says, and its budget follows, whichever proxies look',
    },
  },
  {
    bug: 'resolve an attempt that the log may not have yet',
    edits: at('attempt-is-before-its-resolution', {
      swap: ['await this.#record(partition, event);', ''],
    }),
    test: {
      file: BACKGROUND_TEST,
      name: 'its attempt comes before what resolves it, though another proxy’s journal may be late',
    },
  },
  {
    bug: 'delete a background response whose usage nobody knows yet',
    edits: at('deleted-when-it-is-billed', {
      swap: ["=== 'done'", '!== undefined'],
    }),
    test: {
      file: 'apps/proxy/stored/stored-calls.int.test.ts',
      name: 'I1: what goes on is deleted once it is billed, and not before',
    },
  },
  {
    bug: 'generate in the background what guardrails would never see',
    edits: at('background-is-no-way-around-a-guardrail', { swap: ['guard !== null', 'false'] }),
    test: {
      file: BACKGROUND_TEST,
      name: 'is refused to keys that guardrails apply to: nothing would look at its answer',
    },
  },
];

export const stored: readonly Plant[] = [
  {
    bug: 'pass on what a chat names that is stored',
    edits: at('chat-names-what-is-stored-too', { swap: ['names === undefined', 'true'] }),
    test: {
      file: OWNERS_TEST,
      name: 'a chat that names another customer’s response is refused too',
    },
  },
  ...inBackground,
  {
    bug: "let a call go on from another customer's response",
    edits: at('stored-object-is-its-owners-alone', { swap: [' || at.owner !== customerId', ''] }),
    test: { file: OWNERS_TEST, name: 'the response before it' },
  },
  {
    bug: "let a tool work on with another customer's files",
    edits: at('container-is-its-owners-alone', { swap: ["typeof id === 'string'", 'id === null'] }),
    test: { file: OWNERS_TEST, name: 'the files of a tool' },
  },
  {
    bug: 'ask another provider than the one that has the object',
    edits: at('follow-up-goes-where-the-object-is', {
      swap: ['storedAt === undefined', 'true'],
    }),
    test: { file: OWNERS_TEST, name: 'and is refused where its model is another’s' },
  },
  {
    bug: 'read one of two ids',
    edits: at('an-id-is-stated-once', { swap: ['mayName && hasTwice(request, bytes)', 'false'] }),
    test: { file: OWNERS_TEST, name: 'an id twice' },
  },
  {
    bug: 'forget what the store of owners could not be told',
    edits: at('owner-is-told-again', { swap: ['limits.storedUntoldMax', '0'] }),
    test: { file: OWNERS_TEST, name: 'a store that is away is told when it is back' },
  },
  {
    bug: 'pass a conversation on whose owner nobody knows',
    edits: at('conversations-have-no-owner-here', { swap: ['isAsked(conversation)', 'false'] }),
    test: { file: OWNERS_TEST, name: 'a conversation is refused: nobody knows whose it is' },
  },
  {
    bug: 'give what is stored to keys that guardrails apply to',
    edits: at('stored-is-no-way-around-a-guardrail', {
      swap: ['guardrails.guardOf(key) !== null', 'false'],
    }),
    test: {
      file: 'apps/proxy/stored/stored-calls.int.test.ts',
      name: 'keys that guardrails apply to get nothing: nothing would look at it',
    },
  },
];
