/**
 * Configurations that cannot work, as newcomers write them. Each ends the start with one sentence that
 * says what to write, and leaves the folder as it was.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { typed } from './terminal.ts';

export type WrongStart = {
  title: string;
  /** `tollgate.yaml`; undefined: none is written. `{folder}` and `{taken}` are filled in. */
  config?: string;
  /** Words on the command line, beyond the folder and the file. */
  words?: string[];
  prepare?: (folder: string) => void;
  says: RegExp;
};

const provider = (lines: string) => `providers:\n  openai:\n${lines}`;
const URL_LINE = '    base_url: https://api.openai.com/v1\n';

export const WRONG_STARTS: readonly WrongStart[] = [
  {
    title: 'the provider’s key itself in the file',
    config: provider(`${URL_LINE}    api_key: sk-proj-s3cret\n`),
    says: /tollgate\.yaml:4:5: providers\.openai\.api_key: write \{ env: NAME \} or \{ file: PATH \}/,
  },
  {
    title: 'a key in a variable that is not set',
    config: provider(`${URL_LINE}    api_key: { env: MY_OPENAI_KEY }\n`),
    says: /^providers\.openai\.api_key: the environment variable MY_OPENAI_KEY is not set$/,
  },
  {
    title: 'a key in a file that is not there',
    config: provider(`${URL_LINE}    api_key: { file: {folder}/openai.key }\n`),
    says: /^providers\.openai\.api_key: the secret file .*openai\.key cannot be read$/,
  },
  {
    title: 'a base URL that is none',
    config: provider('    base_url: api.openai.com\n'),
    says: /tollgate\.yaml:3:5: providers\.openai\.base_url: write an http or https URL, such as https:/,
  },
  {
    title: 'a field that is misspelt',
    config: 'proxys: 2\n',
    says: /tollgate\.yaml:1:1: proxys: there is no such field; did you mean proxies\?$/,
  },
  {
    title: 'a price that is a number',
    config: `${provider(URL_LINE)}prices:\n  - { provider: openai, model: m, input: 0.15 }\n`,
    says: /tollgate\.yaml:5:\d+: prices\.0\.input: a decimal number in quotes, such as '0\.15'/,
  },
  {
    title: 'a model of a provider that is not there',
    config: `${provider(URL_LINE)}models:\n  fast: { provider: opena1, model: gpt-4o }\n`,
    says: /tollgate\.yaml:5:\d+: models\.fast\.provider: there is no provider opena1; .*: openai$/,
  },
  {
    title: 'a tab in the file',
    config: 'providers:\n\topenai: {}\n',
    says: /tollgate\.yaml:2:1: Tabs are not allowed as indentation$/,
  },
  {
    title: 'the same port twice',
    config: 'proxy_port: 9000\napi_port: 9000\n',
    says: /^proxy_port and api_port are both 9000: choose another for one$/,
  },
  {
    title: 'a port that is taken',
    config: 'proxy_port: {taken}\napi_port: 0\n',
    says: /^proxy_port: \d+ on 127\.0\.0\.1 cannot be used \(another process has it\): choose another$/,
  },
  {
    title: 'a file where the folder shall be',
    prepare: (folder) => writeFileSync(join(folder, 'data'), 'notes'),
    says: /^the data folder .* cannot be used: .*data is no folder$/,
  },
  {
    // Nobody may make a folder there, root neither.
    title: 'a folder that cannot be made',
    words: ['--data', '/proc/tollgate'],
    says: /^the data folder \/proc\/tollgate cannot be written: /,
  },
  {
    title: 'a file that does not exist',
    words: ['--config', 'tollgate-of-mine.yaml'],
    says: /^tollgate-of-mine\.yaml: no such file$/,
  },
  {
    title: 'an option that does not exist',
    words: ['--port', '9000'],
    says: /^Unknown option '--port': `npm start -- --help` lists the options$/,
  },
  {
    title: 'a number that is none',
    words: ['--proxies', 'two'],
    says: /^--proxies: a whole number from 0 to 64, not two$/,
  },
];

/** Makes the start, and holds what came of it against what is promised. */
export async function assertRefused(wrong: WrongStart): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-wrong-'));
  const taken = createServer().listen(0, '127.0.0.1');
  try {
    await new Promise((resolve) => taken.once('listening', resolve));
    const address = taken.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const file = join(folder, 'tollgate.yaml');
    const text = wrong.config?.replace('{taken}', port).replace('{folder}', folder);
    if (text !== undefined) writeFileSync(file, text);
    mkdirSync(join(folder, 'elsewhere'));
    wrong.prepare?.(folder);
    const before = readdirSync(folder, { recursive: true });
    const config = text === undefined ? [] : ['--config', file];
    const words = ['--data', join(folder, 'data'), ...config, ...(wrong.words ?? [])];
    const { code, output, errorLines } = await typed(['npm', 'start', '--silent', '--', ...words]);
    // Said once, in one line; ready was never said.
    assert.deepEqual([code, output, errorLines.length], [2, '', 1], errorLines.join('\n'));
    assert.match(errorLines[0] ?? '', wrong.says);
    assert.doesNotMatch(errorLines[0] ?? '', /s3cret/);
    assert.deepEqual(readdirSync(folder, { recursive: true }), before);
  } finally {
    taken.close();
    rmSync(folder, { recursive: true });
  }
}
