/** What is billed besides tokens of text: buckets and prices of their own. */
import { at, type Plant } from './plant.ts';

const SETTLE_TEST = 'apps/proxy/call/settle.unit.test.ts';

export const billed: readonly Plant[] = [
  {
    bug: 'take a write for an hour for one of five minutes',
    edits: at('unpriced-bucket-is-unknown', {
      swap: ['?? NOT_PRICED', '?? compileTiers(price.cache_write) ?? input'],
    }),
    test: {
      file: 'domain/pricing/compile.unit.test.ts',
      name: 'writes for an hour',
    },
  },
  {
    bug: 'leave a later bucket out of the event',
    edits: at('later-bucket-is-written', { swap: ['!mayBeAbsent || value', '!mayBeAbsent'] }),
    test: {
      file: 'adapters/warehouse/quantities.int.test.ts',
      name: 'is written into the text of an attempt, in the order of the list',
    },
  },
  {
    bug: 'price a more expensive tier of service as the list does',
    edits: at('tier-has-its-own-price', { swap: ['?? null', '?? found.price'] }),
    test: {
      file: SETTLE_TEST,
      name: 'I8: is priced at the tier that served it, or has no known cost: never at another tier’s price',
    },
  },
  {
    bug: 'price pictures as text',
    edits: at('pictures-are-not-priced-as-text', { swap: ['pricesImages(price)', 'false'] }),
    test: {
      file: SETTLE_TEST,
      name: 'I8: has no known cost where pictures have a price and nobody says how many tokens they are',
    },
  },
];
