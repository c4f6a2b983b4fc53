/** The command line as people start it: the doctor on a running Tollgate, a pipe that closes. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPlatform } from '@tollgate/standalone/platform-process.ts';
import { expect, it } from 'vitest';

const BIN = fileURLToPath(new URL('../../apps/cli/bin/tollgate.cjs', import.meta.url));

type Finding = { check: string; status: string; what: string; advice: string | null };

function typed(words: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [BIN, ...words], { env: { ...process.env, ...env } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => (out += text));
  child.stderr.on('data', (text) => (err += text));
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

it('the doctor finds nothing wrong with a running Tollgate, and then what was made wrong', async () => {
  const data = mkdtempSync(join(tmpdir(), 'tollgate-doctor-'));
  const platform = await startPlatform({ data, proxies: 1 });
  try {
    const env = {
      ...{ TOLLGATE_API_URL: platform.apiUrl, TOLLGATE_PROXY_URL: platform.proxyUrl },
      ...{ TOLLGATE_ADMIN_TOKEN: platform.adminToken, HOME: data },
    };
    const look = async () => {
      const { out, err } = await typed(['doctor', '--json', '--data', data], env);
      expect(err).toMatch(/wrong|problems/);
      return out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Finding);
    };
    // What depends on the machine that runs the test.
    const ofMachine = new Set(['disk', 'open_files', 'configuration']);
    const wrong = (findings: readonly Finding[]) =>
      findings.filter(({ status, check }) => status !== 'ok' && !ofMachine.has(check));
    const healthy = await look();
    expect(wrong(healthy)).toEqual([]);
    expect(healthy.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        'provider',
        'clock',
        'processes',
        'projector_lag',
        'versions',
        'journals',
      ]),
    );
    const secrets = join(data, 'secrets.json');
    chmodSync(secrets, 0o644);
    expect(wrong(await look())).toMatchObject([
      {
        check: 'private_files',
        status: 'problem',
        advice: expect.stringContaining(`chmod 600 ${secrets}`),
      },
    ]);
  } finally {
    await platform.stop();
    rmSync(data, { recursive: true, force: true });
  }
});

it('a reader that leaves ends it quietly', () => {
  const script = `"${process.execPath}" "${BIN}" completion bash | true; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  expect([stdout.trim(), stderr]).toEqual(['0', '']);
});
