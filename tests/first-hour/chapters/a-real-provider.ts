/**
 * A provider with a price list, two proxies, a key with a budget of $1: the first calls, the budget to
 * its end, a provider that fails, Ctrl-C, a restart and a lost token.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatDecimal12, parseDecimal } from '@tollgate/domain/money/money.ts';
import { startSimulator } from '@tollgate/simulator/start.ts';
import type { Hour } from '../hour.ts';
import { Installation, writeConfig } from '../installation.ts';
import { ROOT, typed } from '../terminal.ts';
import { firstCalls } from './first-calls.ts';
import { PROVIDER_KEY, type Scene } from './scene.ts';
import { smallBudget } from './small-budget.ts';
import { stopAndGoOn } from './stop-and-go-on.ts';

export async function aRealProvider(hour: Hour, folder: string): Promise<void> {
  const provider = await startSimulator({ billPath: join(folder, 'bill.jsonl') });
  const data = join(folder, 'data');
  const config = writeConfig(folder, provider.url);
  try {
    const title = 'npm start with a tollgate.yaml: two proxies, no warning';
    const scene = await hour.step(title, async (): Promise<Scene> => {
      const installation = await Installation.start(data, ['--config', config], PROVIDER_KEY);
      assert.equal(installation.terminal.errors, '');
      assert.doesNotMatch(installation.terminal.output, /No provider is configured/);
      const token = installation.token ?? assert.fail('no admin token was shown');
      const key = { id: '', secret: '' };
      return { folder, config, data, provider, installation, token, key, budgetId: '' };
    });
    if (scene !== undefined) await live(hour, scene);
  } finally {
    await provider.stop();
  }
}

async function live(hour: Hour, scene: Scene): Promise<void> {
  try {
    await hour.step('the README’s commands: a customer, a key, a budget of $1, a call', () =>
      firstCommands(scene),
    );
    await firstCalls(hour, scene);
    await smallBudget(hour, scene);
    await hour.step('the provider’s bill is what the API says was used', () => billIsUsage(scene));
    await stopAndGoOn(hour, scene);
  } finally {
    scene.installation.end();
  }
}

/** As they are printed there; only the ports and what the answers say are put in. */
async function firstCommands(scene: Scene): Promise<string> {
  const { installation, token } = scene;
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const section = readme.slice(readme.indexOf('### The first call'));
  const commands = section.match(/^curl (?:.*\\\n)*.*$/gm) ?? [];
  assert.equal(commands.length, 4);
  const answers: Record<string, unknown>[] = [];
  let said = '';
  for (const command of commands) {
    const [, key] = answers;
    const filled = command
      .replace('http://127.0.0.1:8788', installation.apiUrl)
      .replace('http://127.0.0.1:8787', installation.proxyUrl)
      .replace('key_…', String(key?.['id']))
      .replace('tg_…', String(key?.['secret']));
    const { output } = await typed(['sh', '-c', filled], { TOLLGATE_ADMIN_TOKEN: token });
    said = output;
    answers.push(JSON.parse(output.slice(output.indexOf('{'))));
  }
  const [, key, budget] = answers;
  scene.key = { id: String(key?.['id']), secret: String(key?.['secret']) };
  scene.budgetId = String(budget?.['id']);
  assert.match(said, /^HTTP\/1\.1 200 OK\r$/m);
  assert.match(said, /^x-tollgate-output-limit: \d+\r$/m);
  return /^x-tollgate-cost: \S+/m.exec(said)?.[0] ?? assert.fail('it states no cost');
}

/** Of all that was called with whatever key: nothing is in one and not in the other. */
async function billIsUsage({ installation, token, provider }: Scene): Promise<string> {
  const bill = await provider.bill();
  const cost = formatDecimal12(bill.reduce((sum, line) => sum + parseDecimal(line.cost, 12), 0n));
  const api = installation.api(token);
  const sql = "SELECT count(), sum(cost) FROM usage_events WHERE type = 'attempt' AND cost > 0";
  const endMs = performance.now() + 30_000;
  for (;;) {
    const { rows } = await api.post<{ rows: string[][] }>('/v1/sql', { sql });
    const used = rows[0]?.map(String);
    const isSame = used?.[0] === String(bill.length) && used[1] === cost;
    if (isSame) return `${bill.length} calls, $${cost}`;
    // The usage is on its way to the warehouse for a moment.
    if (performance.now() > endMs) assert.deepEqual(used, [String(bill.length), cost]);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
