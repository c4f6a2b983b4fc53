/** Mistakes of rate limits. */
import { at, type Plant } from './plant.ts';

const BOOK_TEST = 'apps/proxy/rates/rate-book.unit.test.ts';
const EMBEDDED_TEST = 'tests/contract/embedded-rates.contract.test.ts';

export const rates: readonly Plant[] = [
  {
    bug: 'give more of a rate than is left',
    edits: at('share-within-the-limit', { swap: ['Math.min(most, available)', 'most'] }),
    test: {
      file: BOOK_TEST,
      name: 'holds over all proxies together, and all of it can be used',
    },
  },
  {
    bug: 'let a dead proxy keep its slots',
    edits: at('dead-proxy-leaves-its-slots', { drop: true }),
    test: { file: EMBEDDED_TEST, name: 'a process that has ended has no slots' },
  },
  {
    bug: 'take a window that the store does not know for an unused one',
    edits: at('store-knows-the-window', { swap: ['startMs <= this.#knownFromMs', 'startMs < 0'] }),
    test: {
      file: 'adapters/rates/kept-counters.int.test.ts',
      name: 'after any other end, nothing is given of the window that was running',
    },
  },
  {
    bug: 'give what an earlier window left to this one',
    edits: at('correction-stays-in-its-window', { drop: true }),
    test: {
      file: BOOK_TEST,
      name: 'gives nothing to another window than the one in which the call counts',
    },
  },
  {
    bug: 'take an estimate of tokens for what was used',
    edits: at('estimate-is-no-use', { drop: true }),
    test: { file: BOOK_TEST, name: 'keeps the reserve of a call whose usage nobody stated' },
  },
  {
    bug: 'give back twice what a call took that was not sent',
    edits: at('taken-is-given-back-once', { drop: true }),
    test: {
      file: 'apps/proxy/call/rates.unit.test.ts',
      name: 'a call that waited and finds the next second full gives its minute back once',
    },
  },
  {
    bug: 'send in the next window what was counted in the last one',
    edits: at('sent-in-the-window-it-counts-in', { drop: true }),
    test: {
      file: 'apps/proxy/call/rates.unit.test.ts',
      name: 'is not sent if that is full: a 429 like any other, and nothing is held or billed',
    },
  },
  {
    bug: 'let a call that fails by a defect keep its slot',
    edits: at('defect-gives-back-its-place', { drop: true }),
    test: {
      file: 'apps/proxy/call/peer-budgets.unit.test.ts',
      name: 'gives back all that it took when it is a defect of ours',
    },
  },
];
