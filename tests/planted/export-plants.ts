/** Bugs by which a file would be somebody else's, open forever, or dangerous to open. */
import { at, type Plant } from './plant.ts';

const LINKS_TEST = 'apps/billing-api/links/links.unit.test.ts';

export const exported: readonly Plant[] = [
  {
    bug: 'open downloads by any signature',
    edits: at('link-is-signed', { drop: true }),
    test: {
      file: LINKS_TEST,
      name: 'opens nothing else: no other path or parameter, and no later end',
    },
  },
  {
    bug: 'open downloads by links that have expired',
    edits: at('link-expires', { drop: true }),
    test: { file: LINKS_TEST, name: 'opens the file that it was made for, until it expires' },
  },
  {
    bug: 'keep the key of signed links when they are revoked',
    edits: at('link-key-of-its-generation', {
      swap: ['generation !== known.generation', 'known.generation < 0'],
    }),
    test: {
      file: 'apps/billing-api/exports/exports.int.test.ts',
      name: 'opens nothing once all links were revoked, and those made later do',
    },
  },
  {
    bug: 'send a file that does not add up to its snapshot',
    edits: at('file-adds-up', { drop: true }),
    test: {
      file: 'apps/billing-api/exports/exports.int.test.ts',
      name: 'that do not add up to the snapshot break off, so that the file never looks whole',
    },
  },
  {
    bug: 'write formulas into a spreadsheet',
    edits: at('csv-formulas', { instead: 'return given;' }),
    test: {
      file: 'apps/billing-api/exports/csv.unit.test.ts',
      name: 'with a separator in it is in quotes, apostrophe and all',
    },
  },
];
