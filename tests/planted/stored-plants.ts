/** What a provider stores, and whose it is. */
import { at, type Plant } from './plant.ts';

const OWNERS_TEST = 'apps/proxy/stored/owned-objects.unit.test.ts';

export const stored: readonly Plant[] = [
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
