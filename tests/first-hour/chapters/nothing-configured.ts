/** `npm ci && npm start`, and nothing else was read. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Hour } from '../hour.ts';
import { Installation } from '../installation.ts';
import { typed } from '../terminal.ts';

const PORTS = ['--proxy-port', '0', '--api-port', '0'];

export async function nothingConfigured(hour: Hour, folder: string): Promise<void> {
  const data = join(folder, 'first');
  const begun = await hour.step(
    'npm start says where all is, and that there is no model',
    async () => {
      const installation = await Installation.start(data, PORTS);
      assert.match(
        installation.terminal.output,
        /^No provider is configured: calls go to the built/m,
      );
      assert.ok(installation.token);
      assert.equal(installation.terminal.errors, '');
      return installation;
    },
  );
  if (begun === undefined) return;
  try {
    await useIt(hour, begun);
    await hour.step('the next start shows no token again, and serves', async () => {
      const next = await Installation.start(data, PORTS);
      assert.equal(next.token, null);
      assert.equal((await fetch(`${next.proxyUrl}/readyz`)).status, 200);
      await next.interrupt();
    });
  } finally {
    begun.end();
  }
}

async function useIt(hour: Hour, begun: Installation): Promise<void> {
  const { data, terminal } = begun;
  await hour.step('the curl command works as it was printed', async () => {
    const command = terminal.output.slice(terminal.output.indexOf('curl '));
    assert.match(command, /^curl \S+\/v1\/chat\/completions/);
    const { output } = await typed(['sh', '-c', `${command.trim()} --silent`]);
    const { choices, usage } = JSON.parse(output);
    assert.match(choices[0].message.content, /\w/);
    assert.ok(usage.total_tokens > 0);
  });
  await hour.step('the documentation, and the API with the token that was shown', async () => {
    assert.equal((await fetch(`${begun.apiUrl}/docs`)).status, 200);
    const { data: keys } = await begun.api().get<{ data: object[] }>('/v1/keys');
    assert.equal(keys.length, 1);
  });
  await hour.step('a second npm start says that one runs', async () => {
    const again = await typed(['npm', 'start', '--silent', '--', '--data', data, ...PORTS]);
    assert.deepEqual([again.code, again.errors], [2, `another Tollgate runs on ${data}\n`]);
  });
  await hour.step('Ctrl-C ends it, and says so', async () => {
    await begun.interrupt();
    assert.match(terminal.errors, /Stopping: running calls may end/);
  });
}
