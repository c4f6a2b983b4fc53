/** What a command says that cannot do its work: one line; and the tokens of the administration. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { operatorCommand } from './operator-command.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-commands-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  [['nonsense'], /^There is no command nonsense\./],
  [['audit', '--nonsense'], /--nonsense/],
  [['backup'], /^--to: where does the backup go\?/],
  [['admin-token', 'renew'], /^There is no command admin-token renew\..* There are: reset, add/],
  [['check-config', '--config', 'no-file.yaml'], /^no-file\.yaml: no such file$/],
])('%j cannot run, and says so in one line', async (words, message) => {
  const [code, said] = await operatorCommand(...words);
  expect([code, said.split('\n')]).toEqual([2, [expect.stringMatching(message)]]);
});

it('check-config says what will not work', async () => {
  const config = join(folder, 'tollgate.yaml');
  writeFileSync(config, 'providers: { p: { base_url: "http://127.0.0.1:1" } }');
  const [code, said] = await operatorCommand('check-config', '--config', config);
  expect(code).toBe(1);
  expect(said).toMatch(/warning: providers\.p\.base_url: has no \/v1.*\nwarning: providers\.p: /);
  writeFileSync(config, 'providers: { p: { base_url: "http://h/v1", api_key: { env: NO_KEY } } }');
  expect(await operatorCommand('check-config', '--config', config)).toEqual([
    ...[2, 'providers.p.api_key: the environment variable NO_KEY is not set'],
  ]);
});

it('an admin token that was lost is reset', async () => {
  const path = join(folder, 'secrets.json');
  const { newAdminToken } = openSecrets(path);
  const [code, said] = await operatorCommand('admin-token', 'reset', '--data', folder);
  const token = /^tgadm_[\w-]{43}$/m.exec(said)?.[0] ?? '';
  const { isAdminToken } = openSecrets(path);
  expect([code, isAdminToken(token), isAdminToken(newAdminToken ?? '')]).toEqual([0, true, false]);
});
