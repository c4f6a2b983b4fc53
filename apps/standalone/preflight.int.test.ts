/** A configuration that cannot work: one sentence, before anything is made. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryLock } from '@tollgate/adapters/lock/file-lock.ts';
import { type TollgateConfig, tollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { supervisorLimits } from './limits.ts';
import { checkStart } from './preflight.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-preflight-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const provider = (api_key: object) => ({
  providers: { p: { base_url: 'http://h:1/v1', api_key } },
});
const fault = (given: object): string => {
  const config: TollgateConfig = tollgateConfig.parse({ data: join(folder, 'data'), ...given });
  try {
    checkStart(config, { EMPTY: ' ' });
    return 'starts';
  } catch (error) {
    return (error as Error).message;
  }
};

it.each<[string, object, RegExp]>([
  ['a secret that is not set', provider({ env: 'NO_KEY' }), /^providers\.p\.api_key: .* NO_KEY/],
  ['a secret that is empty', provider({ env: 'EMPTY' }), /^providers\.p\.api_key: .* EMPTY/],
  ['a secret file that is not there', provider({ file: 'no-file' }), /^providers\.p\.api_key: /],
  [
    'a password of a server that is not set',
    { engines: { warehouse: { clickhouse: { url: 'http://h:1', password: { env: 'NO_PW' } } } } },
    /^engines\.warehouse\.clickhouse\.password: .* NO_PW/,
  ],
  ['equal ports', { proxy_port: 9, api_port: 9 }, /^proxy_port and api_port are both 9/],
  ['a folder that cannot be made', { data: '/proc/tollgate' }, /^the data folder \/proc\/tollgate/],
  ['a folder of secrets that cannot be made', { secrets_file: '/proc/t/s.json' }, /secrets_file/],
])('%s', (_, given, message) => {
  const said = fault(given);
  expect(said).toMatch(message);
  expect(said).not.toContain('\n');
  expect(readdirSync(folder)).toEqual([]);
});

it('a file in the place of the folder', () => {
  writeFileSync(join(folder, 'data'), '');
  expect(fault({})).toMatch(/is no folder$/);
});

it('a disk without room', () => {
  const { diskFreeBytesMin } = supervisorLimits;
  supervisorLimits.diskFreeBytesMin = Number.MAX_SAFE_INTEGER;
  try {
    expect(fault({})).toMatch(/too little room: the disk has \d+ MiB of the \d+ MiB/);
  } finally {
    supervisorLimits.diskFreeBytesMin = diskFreeBytesMin;
  }
});

it('a folder on which a Tollgate runs', () => {
  mkdirSync(join(folder, 'data'));
  const lock = tryLock(join(folder, 'data', 'supervisor.lock'));
  expect(fault({})).toMatch(/^another Tollgate runs on /);
  lock?.release();
  expect(fault({})).toBe('starts');
});

it('one that can work: nothing is made yet', () => {
  expect(fault({})).toBe('starts');
  expect(existsSync(join(folder, 'data'))).toBe(false);
});
