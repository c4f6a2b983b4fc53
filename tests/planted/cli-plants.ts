/** Bugs of the command line. */
import { at, type Plant } from './plant.ts';

export const commandLine: readonly Plant[] = [
  {
    bug: 'write the secrets of imported keys into a file that others can read',
    edits: at('secrets-file-is-private', { instead: '' }),
    test: {
      file: 'apps/cli/commands/import/import.int.test.ts',
      name: 'writes no secret into a file that others can read, and makes no key then (I12)',
    },
  },
  {
    bug: 'make an imported key without the budget that it had',
    edits: at('key-without-its-budget', { instead: '' }),
    test: {
      file: 'apps/cli/commands/import/import.int.test.ts',
      name: 'makes keys with the limits that they had, once, and none without the budget that it had',
    },
  },
  {
    bug: 'ask the default profile although the environment names another address',
    edits: at('connection-is-whole', { swap: ["(url !== '' || token !== '')", "token !== ''"] }),
    test: {
      file: 'apps/cli/connection/connection.int.test.ts',
      name: 'I12: the token of one place never goes to the address of another',
    },
  },
  {
    bug: 'take a token from a file that everybody can read',
    edits: at('token-file-is-private', { drop: true }),
    test: {
      file: 'apps/cli/connection/connection.int.test.ts',
      name: 'that everybody can read is refused, and of a group it is warned',
    },
  },
  {
    bug: 'cut a figure in half where there is no room for it',
    edits: at('figures-are-not-cut', { drop: true }),
    test: {
      file: 'apps/cli/output/table.unit.test.ts',
      name: 'cuts with an ellipsis, leaves out what is spare, and never cuts what is copied',
    },
  },
  {
    bug: 'leave a terminal without its cursor',
    edits: at('screen-is-left', { drop: true }),
    test: {
      file: 'apps/cli/commands/top/top.unit.test.ts',
      name: 'Ctrl-C leaves the terminal as it was: the cursor shown, and what was there before',
    },
  },
];
