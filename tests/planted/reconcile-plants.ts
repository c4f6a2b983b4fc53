/** Bugs that would make the comparison with a provider's bill say what does not follow from it. */
import { at, type Plant } from './plant.ts';

const COMPARE_TEST = 'domain/reconciliation/totals/compare.unit.test.ts';

export const reconciled: readonly Plant[] = [
  {
    bug: 'take usage of other credentials for the gateway’s own',
    edits: at('other-credentials-are-the-gap', { instead: 'return false && row !== undefined;' }),
    test: {
      file: COMPARE_TEST,
      name: 'usage of other credentials is the gap, and what is left is of our estimates',
    },
  },
  {
    bug: 'guess which of two causes explains the same tokens',
    edits: at('undecided-is-not-guessed', { instead: 'return share(only, quantities);' }),
    test: {
      file: COMPARE_TEST,
      name: 'an unknown attempt is one call on the bill at most; without a count it may be the gap',
    },
  },
  {
    bug: 'call money that the bill does not have another price',
    edits: at('what-is-not-on-the-bill-is-unexplained', { instead: 'const isOnBill = true;' }),
    test: {
      file: COMPARE_TEST,
      name: 'what the bill does not have is unexplained, and never hidden',
    },
  },
  {
    bug: 'drop malformed records of an export without naming them',
    edits: at('malformed-records-are-named', { drop: true }),
    test: {
      file: 'adapters/bills/read-bill.unit.test.ts',
      name: 'names malformed lines, counts what is not compared, and lists columns that nobody reads',
    },
  },
];
