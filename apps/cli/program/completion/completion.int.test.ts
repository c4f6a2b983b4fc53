/** Completion as the shells do it: in bash itself, in zsh and fish as far as they are on this machine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { commands } from '../../commands.ts';
import { bashCompletion } from './bash.ts';
import { fishCompletion } from './fish.ts';
import { places } from './places.ts';
import { zshCompletion } from './zsh.ts';

const all = places(commands);
const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

/** In one shell, because each takes a while to start. */
function bashAll(all: readonly (readonly string[])[]): string[][] {
  const asks = all.map((words) => {
    const typed = ['tollgate', ...words].map((word) => `'${word}'`).join(' ');
    return `COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; COMPREPLY=(); _tollgate; echo "\${COMPREPLY[*]}"`;
  });
  const script = `${bashCompletion(places(commands))}\n${asks.join('\n')}`;
  const out = execFileSync('bash', ['-s'], { encoding: 'utf8', input: script });
  return out
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '));
}

const bash = (...words: string[]) => bashAll([words])[0];

describe('bash completes', () => {
  it.each([
    [['bud'], ['budgets']],
    [['budgets', 'r'], ['raise']],
    [['budgets', 'create', '--win'], ['--window']],
    [['budgets', 'create', '$5', '--window', 'w'], ['week']],
    [['--profile', 'keys', 'keys', 'rot'], ['rotate']],
    [['keys', 'create', '--customer', 'list', 'ci', '--env'], ['--env']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['limits', 'create', ''], ['']],
  ])('%j to %j', (words, expected) => {
    expect(bash(...words)).toEqual(expected);
  });

  it('every command and every option', () => {
    const asked = all.flatMap(({ path, words, options }) => {
      const before = path === '' ? [] : path.split(' ');
      const flags = { typed: [...before, '--'], expected: options.map(({ name }) => `--${name}`) };
      const next = { typed: [...before, ''], expected: words.map(({ word }) => word) };
      return words.length > 0 ? [flags, next] : [flags];
    });
    const lines = bashAll(asked.map(({ typed }) => typed));
    expect(lines).toEqual(asked.map(({ expected }) => expected));
  });
});

it.each([
  ['zsh', zshCompletion(all)],
  ['fish', fishCompletion(all)],
])('%s takes its script', (shell, script) => {
  for (const { name } of commands) expect(script).toContain(name.split(' ').at(-1));
  if (!has(shell)) return console.warn(`SKIPPED: ${shell} is not on this machine`);
  const { status, stderr } = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
});
