/** Bugs of calls that are translated: what is lost on the way, and what is held for it. */
import { at, type Plant } from './plant.ts';

const CALLS_TEST = 'apps/proxy/translate/translated-calls.int.test.ts';
const ANSWERS_TEST = 'apps/proxy/translate/answers.unit.test.ts';

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
  {
    bug: 'let a translated stream that failed look whole',
    edits: at('failed-stream-has-no-end', { swap: ['!this.#hasFailed', 'true'] }),
    test: {
      file: 'apps/proxy/translate/broken-answers.unit.test.ts',
      name: 'in the middle of a stream end it, and nothing behind them looks like its end',
    },
  },
  {
    bug: 'tell a client of another dialect the tokens of a cache twice',
    edits: at('told-input-is-without-the-cache', {
      swap: ['inputTokens +', 'inputTokens + quantities.cacheReadTokens +'],
    }),
    test: {
      file: ANSWERS_TEST,
      name: 'has each token once, in the way of the client’s dialect',
    },
  },
  {
    bug: 'give two calls of a translated answer the same id',
    edits: at('calls-have-ids-of-their-own', { swap: ['this.#ids.has(stated)', 'false'] }),
    test: {
      file: ANSWERS_TEST,
      name: 'have ids of their own, although their provider gave two of them the same, or none',
    },
  },
  {
    bug: 'take the end that a server states of an answer that calls tools for the end of the turn',
    edits: at('calls-are-why-it-stopped', { swap: ["'calls' :", "'end' :"] }),
    test: {
      file: ANSWERS_TEST,
      name: 'are why the message stopped, whatever reason is stated, and no empty text is before them',
    },
  },
];
