import { describe, expect, it } from 'vitest';
import { UsageError } from './command.ts';
import { helpText, parseCommandLine } from './command-line.ts';
import { commands } from './commands.ts';

const parsed = (text: string) => parseCommandLine(commands, text.split(' '));

describe('the command line', () => {
  it('finds the command and its options in any order', () => {
    for (const text of [
      'audit --json --data d',
      '--data d audit --json',
      '--json --data d audit',
    ]) {
      const line = parsed(text);
      if (line === 'help') throw new Error('no help was asked for');
      expect([line.command.name, { ...line.values }]).toEqual(['audit', { json: true, data: 'd' }]);
    }
  });

  it('gives a command the words that follow it, if it takes any', () => {
    expect(parsed('admin-token add ci --expires-in 9')).toMatchObject({
      ...{ command: { name: 'admin-token' }, words: ['add', 'ci'], values: { 'expires-in': '9' } },
    });
  });

  it.each(['audit --help', '-h', '--help nonsense'])('%s asks for help', (text) => {
    expect(parsed(text)).toBe('help');
  });

  it.each([
    ['--json', 'Name a command.'],
    ['nonsense', 'There is no command nonsense. There are: audit, '],
    ['audit more', 'audit takes no more.'],
    ['audit --data', /--data/],
    ['audit --nonsense', /--nonsense/],
  ])('%s is refused, and the message names what is wrong', (text, message) => {
    expect(() => parsed(text)).toThrow(message);
    expect(() => parsed(text)).toThrow(UsageError);
  });

  it('the help names every command and every option', () => {
    const help = helpText(commands);
    for (const { name, options } of commands) {
      for (const word of [name, ...Object.keys(options).map((option) => `--${option}`)]) {
        expect(help).toContain(word);
      }
    }
  });
});
