/** Bugs of calls that are translated: what is lost on the way, and what is held for it. */
import { at, type Plant } from './plant.ts';

const CALLS_TEST = 'apps/proxy/translate/translated-calls.int.test.ts';

export const translated: readonly Plant[] = [
  {
    bug: 'send a call to who needs a translation of it, although another one speaks its dialect',
    edits: at('own-dialect-goes-first', {
      instead: 'if (to !== undefined) return { ...found, translatedTo: to };',
    }),
    test: {
      file: 'apps/proxy/routing/deployments.unit.test.ts',
      name: 'goes to one that speaks it before one that is sent another, in whatever order they are',
    },
  },
  {
    bug: 'leave out of a translated request what the other dialect has no words for',
    edits: at('what-is-lost-is-refused', { drop: true }),
    test: {
      file: CALLS_TEST,
      name: 'is refused by the field’s name what that provider has no words for',
    },
  },
  {
    bug: 'leave out of a translated answer what its client’s dialect has no words for',
    edits: at('what-cannot-be-told-is-an-error', { drop: true }),
    test: { file: CALLS_TEST, name: 'gets no answer that looks whole and is not' },
  },
  {
    bug: 'hold for a translated request what the client sent, and not what the provider gets',
    edits: at('hold-is-of-what-is-sent', {
      swap: ['inner.inputTokensMax', 'outer.inputTokensMax'],
    }),
    test: { file: CALLS_TEST, name: 'I3: is held at the worst case of what its provider gets' },
  },
];
