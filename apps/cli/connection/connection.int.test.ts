/** Which installation is talked to, where its token is, and who may read that. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runInProcess, wordsOf } from '../testing/run-in-process.ts';
import { tokenFromKeychain } from './keychain.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-profiles-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = () => join(folder, 'tollgate', 'config.json');
/** Where a request went, and with which token. */
const asked: [url: string, token: string | null][] = [];
const send = (async (url: string, init: RequestInit) => {
  asked.push([new URL(url).origin, new Headers(init.headers).get('authorization')]);
  return Response.json({ data: [], has_more: false });
}) as typeof fetch;

async function typed(line: string, environment: Record<string, string> = {}) {
  asked.length = 0;
  const words = wordsOf(line).slice(1);
  const around = { XDG_CONFIG_HOME: folder, TZ: 'UTC', ...environment };
  return await runInProcess(words, { environment: around, fetch: send });
}

const TOKEN = 'tgadm_of_prod';
async function withProfiles(): Promise<void> {
  writeFileSync(join(folder, 'token'), `${TOKEN}\n`, { mode: 0o600 });
  await typed(`tollgate profiles set prod --url https://prod.test --token-file ${folder}/token`);
  await typed(
    'tollgate profiles set lab --url https://lab.test --token-env LAB_TOKEN --zone Asia/Tokyo',
  );
}

describe('the installation that is talked to', () => {
  type Row = [line: string, environment: Record<string, string>, url: string, token: string];
  const rows: Row[] = [
    ['tollgate keys list', {}, 'https://prod.test', TOKEN],
    ['tollgate keys list --profile lab', { LAB_TOKEN: 'l' }, 'https://lab.test', 'l'],
    ['tollgate keys list', { TOLLGATE_PROFILE: 'lab', LAB_TOKEN: 'l' }, 'https://lab.test', 'l'],
    [
      'tollgate keys list --profile prod',
      { TOLLGATE_API_URL: 'https://env.test', TOLLGATE_ADMIN_TOKEN: 'e' },
      'https://prod.test',
      TOKEN,
    ],
    [
      'tollgate keys list',
      { TOLLGATE_API_URL: 'https://env.test', TOLLGATE_ADMIN_TOKEN: 'e' },
      'https://env.test',
      'e',
    ],
    ['tollgate keys list', { TOLLGATE_ADMIN_TOKEN: 'e' }, 'http://127.0.0.1:8788', 'e'],
  ];
  it.each(rows)('%s with %j: %s', async (line, environment, url, token) => {
    await withProfiles();
    const { code, err } = await typed(line, environment);
    expect([code, err, asked]).toEqual([0, expect.any(String), [[url, `Bearer ${token}`]]]);
  });

  it('I12: the token of one place never goes to the address of another', async () => {
    await withProfiles();
    const { code, err } = await typed('tollgate keys list', {
      TOLLGATE_API_URL: 'https://env.test',
    });
    expect([code, asked]).toEqual([2, []]);
    expect(err).toContain('There is no admin token');
  });

  it('a profile says where the token is, never what it is, and belongs to its user', async () => {
    await withProfiles();
    expect(readFileSync(file(), 'utf8')).not.toContain(TOKEN);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    const { out } = await typed('tollgate profiles show');
    expect(out).toMatch(/api +https:\/\/prod\.test\n.*\ntoken +file .*\/token\n/);
    expect(out).not.toContain(TOKEN);
    await typed('tollgate profiles use lab');
    const shown = await typed('tollgate profiles show --json');
    expect(JSON.parse(shown.out)).toMatchObject({
      api_url: 'https://lab.test',
      time_zone: 'Asia/Tokyo',
    });
  });

  it('a profile that does not exist is refused with those that do', async () => {
    await withProfiles();
    const { code, err } = await typed('tollgate keys list --profile prdo');
    expect([code, err]).toEqual([2, expect.stringContaining('there are prod, lab')]);
  });

  it.each([
    ['{', /is no JSON/],
    ['{"profiles":{"a":{"api_url":"ftp://x"}}}', /write an http or https URL/],
    [
      '{"profiles":{"a":{"api_url":"http://x","token":"tgadm_1"}}}',
      /a token is not written into this file/,
    ],
  ])('a file of profiles that says %s is refused', async (text, message) => {
    mkdirSync(join(folder, 'tollgate'));
    writeFileSync(file(), text, { mode: 0o600 });
    const { code, err } = await typed('tollgate keys list');
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe('I12: a file with a token', () => {
  it('that everybody can read is refused, and of a group it is warned', async () => {
    await withProfiles();
    chmodSync(join(folder, 'token'), 0o644);
    const refused = await typed('tollgate keys list');
    expect([refused.code, refused.err, asked]).toEqual([
      ...[2, expect.stringMatching(/every user of this machine: `chmod 600 /), []],
    ]);
    chmodSync(join(folder, 'token'), 0o640);
    const warned = await typed('tollgate keys list');
    expect([warned.code, warned.err]).toEqual([0, expect.stringContaining('the group of')]);
  });

  it.each([
    ['', 'has no token in it'],
    ['two words', 'What should be a token has blanks in it'],
  ])('that says %j is refused', async (text, message) => {
    await withProfiles();
    writeFileSync(join(folder, 'token'), text, { mode: 0o600 });
    const { code, err } = await typed('tollgate keys list');
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('the keychain', () => {
  it.each([
    ['darwin', 'security find-generic-password -s tollgate -a prod -w'],
    ['linux', 'secret-tool lookup service tollgate account prod'],
  ] as const)('on %s is asked by: %s', async (platform, command) => {
    const ran: string[] = [];
    const run = async (name: string, args: readonly string[]) => {
      ran.push([name, ...args].join(' '));
      return 'tgadm_k\n';
    };
    expect([await tokenFromKeychain('prod', platform, run), ran]).toEqual(['tgadm_k', [command]]);
  });

  it('that has no token, or is not there, says what to do', async () => {
    const absent = Object.assign(new Error('spawn'), { code: 'ENOENT' });
    await expect(tokenFromKeychain('p', 'linux', () => Promise.reject(absent))).rejects.toThrow(
      '--token-file',
    );
    await expect(tokenFromKeychain('p', 'linux', async () => '')).rejects.toThrow(
      'secret-tool store',
    );
  });
});
