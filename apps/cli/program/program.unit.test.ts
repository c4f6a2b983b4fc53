import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commands } from '../commands.ts';
import { UsageError } from '../errors.ts';
import { commandsDocument } from './docs.ts';
import { parseCommandLine } from './program.ts';

const parsed = (...words: string[]) => parseCommandLine(commands, words, 80);
const spaced = (text: string) => parsed(...text.split(' '));

describe('the command line', () => {
  it('finds the command and its options in any order', () => {
    for (const text of [
      'audit --json --data d',
      '--data d audit --json',
      '--json --data d audit',
    ]) {
      const line = spaced(text);
      if ('help' in line) throw new Error('no help was asked for');
      const given = Object.entries(line.values).filter(([, value]) => value !== undefined);
      expect([line.command.name, Object.fromEntries(given)]).toEqual([
        'audit',
        { json: true, data: 'd' },
      ]);
    }
  });

  it('gives a command the words that follow it, if it takes any', () => {
    expect(spaced('admin-token add ci --expires-in 9')).toMatchObject({
      ...{ command: { name: 'admin-token add' }, words: ['ci'], values: { 'expires-in': '9' } },
    });
  });

  it('an option that may be repeated takes one value each time', () => {
    expect(spaced('keys create --tag a=1 --tag b=2 ci')).toMatchObject({
      ...{ words: ['ci'], values: { tag: ['a=1', 'b=2'] } },
    });
  });

  it.each(['--help', '-h', 'audit --help', 'keys --help', 'keys list -h'])(
    '%s asks for help',
    (text) => {
      expect(spaced(text)).toMatchObject({ help: expect.stringContaining('Usage: tollgate') });
    },
  );

  it.each([
    ['--json', 'Name a command.'],
    ['nonsense', /^There is no command nonsense\. There are: start, demo/],
    ['audti', 'There is no command audti. Did you mean audit?'],
    ['keys lsit', 'There is no command keys lsit. Did you mean keys list? There are: list, show'],
    ['keys', 'Name a command.'],
    ['audit more', /audit/],
    ['audit --data', /--data/],
    ['audit --nonsense', /--nonsense/],
    ['audit --jsno', 'Did you mean --json?'],
    ['budgets create $5 --window fortnight', /Write one of hour, day, week, month, total/],
    ['keys show', /KEY/],
  ])('%s is refused, and the message names what is wrong', (text, message) => {
    expect(() => spaced(text)).toThrow(message);
    expect(() => spaced(text)).toThrow(UsageError);
  });

  it.each(['keys list --token tgadm_1', '--token tgadm_1 keys list', 'keys list --token=tgadm_1'])(
    'I12: %s is refused, with the reason and without the token',
    (text) => {
      expect(() => spaced(text)).toThrow(/seen by every user of this machine.*--token-file/);
      expect(() => spaced(text)).not.toThrow(/tgadm_1/);
    },
  );

  it('each command says in its help what it takes, and shows an example', () => {
    for (const { name, options = {}, parameters = [], examples } of commands) {
      const answer = parsed(...name.split(' '), '--help');
      if (!('help' in answer)) throw new Error('no help');
      const words = [
        ...Object.keys(options).map((option) => `--${option}`),
        ...parameters.map((parameter) => parameter.name),
        ...examples.map(({ line }) => line),
        '--json',
      ];
      for (const word of words) expect(answer.help).toContain(word);
    }
  });

  it('no line of a help is longer than the terminal, but for an example', () => {
    for (const { name, examples } of commands) {
      const answer = parseCommandLine(commands, [...name.split(' '), '--help'], 80);
      if (!('help' in answer)) throw new Error('no help');
      const shown = examples.reduce((text, { line }) => text.replace(line, ''), answer.help);
      const long = shown.split('\n').filter((line) => line.length > 80);
      expect([name, long]).toEqual([name, []]);
    }
  });
});

it('docs/cli.md is what the declarations say', () => {
  const path = new URL('../../../docs/cli.md', import.meta.url);
  expect(readFileSync(path, 'utf8')).toBe(commandsDocument(commands));
});
