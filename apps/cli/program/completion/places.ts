/** What can follow what has been typed, for the scripts of the shells. */
import type { Command, Option } from '../../command.ts';
import { sharedOptions } from '../../shared-options.ts';
import { groups } from '../groups.ts';

export type Word = { word: string; help: string };
export type PlaceOption = {
  name: string;
  help: string;
  takesValue: boolean;
  oneOf: readonly string[];
};
export type Place = {
  /** Words of the command so far, such as `keys` or `keys list`; empty at the start. */
  path: string;
  /** Words that lead on, or that the first parameter may be. */
  words: readonly Word[];
  options: readonly PlaceOption[];
};

export function places(commands: readonly Command[]): Place[] {
  const shared = optionsOf({
    ...sharedOptions,
    help: { type: 'boolean', help: 'the help text' },
  });
  const paths = ['', ...Object.keys(groups).filter((group) => isUsed(group, commands))];
  const above = paths.map((path) => ({ path, words: wordsAfter(path, commands), options: shared }));
  const leaves = commands.map(({ name, options = {}, parameters = [] }) => ({
    path: name,
    words: (parameters[0]?.oneOf ?? []).map((word) => ({ word, help: '' })),
    options: [...optionsOf(options), ...shared],
  }));
  return [...above, ...leaves];
}

function isUsed(group: string, commands: readonly Command[]): boolean {
  return commands.some(({ name }) => name.startsWith(`${group} `));
}

function wordsAfter(path: string, commands: readonly Command[]): Word[] {
  const before = path === '' ? '' : `${path} `;
  const found = new Map<string, string>();
  for (const { name, summary } of commands) {
    if (!name.startsWith(before)) continue;
    const [word = '', ...more] = name.slice(before.length).split(' ');
    found.set(word, more.length === 0 ? summary : (groups[word] ?? summary));
  }
  return [...found].map(([word, help]) => ({ word, help }));
}

function optionsOf(options: Readonly<Record<string, Option>>): PlaceOption[] {
  return Object.entries(options).map(([name, { type, help, oneOf = [] }]) => ({
    ...{ name, help, oneOf },
    takesValue: type === 'string',
  }));
}
