import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPlatform } from '@tollgate/standalone/platform-process.ts';
import { describe, expect, it } from 'vitest';
import { kafkaUnavailable } from '../engines/kafka-jars.ts';

const unavailable = kafkaUnavailable();
if (unavailable !== null) console.error(`NOT TESTED: the demo on Kafka. ${unavailable}`);

const moduleOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

describe('the product in one command', () => {
  it('I1–I6: the demo, with a proxy killed midway, ends in equal figures', async () => {
    await endsInEqualFigures([]);
  });

  it.skipIf(unavailable !== null)(
    'I1–I6: the demo ends in equal figures on a real Kafka broker and a stand-in for EventStoreDB',
    async () => {
      const output = await endsInEqualFigures(['--engines', 'distributed']);
      expect(output).toContain('On Kafka, a stand-in for EventStoreDB, ');
    },
  );

  it('says at once what to do where the embedded engine is not installed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-no-engine-'));
    // What Node says about a missing package.
    const hook = `import { registerHooks } from 'node:module';
      registerHooks({ resolve(name, context, next) {
        if (!name.startsWith('chdb')) return next(name, context);
        throw Object.assign(new Error("Cannot find package 'chdb'"), { code: 'ERR_MODULE_NOT_FOUND' });
      } });`;
    const module = join(folder, 'no-engine.mjs');
    writeFileSync(module, hook);
    const main = moduleOf('../../apps/standalone/main.ts');
    const flags = ['--proxy-port', '0', '--api-port', '0', '--data', join(folder, 'data')];
    const env = { ...process.env, NODE_OPTIONS: `--import=${module}` };
    const child = spawn(process.execPath, [main, ...flags], { env });
    let said = '';
    child.stderr.on('data', (text) => (said += text));
    const [code] = await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true });
    expect(code).toBe(1);
    expect(said).toMatch(/^core cannot run: .* chdb, .*Cannot find package 'chdb'/);
    expect(said).toContain('npm ci --include=optional');
    expect(said).toContain('engines.warehouse.clickhouse.url');
  });

  it('refuses a second start on the same folder, and continues where it was after a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-start-test-'));
    const data = join(folder, 'data');
    const platform = await startPlatform({ data, proxies: 1 });
    const second = spawn(process.execPath, [
      moduleOf('../../apps/standalone/main.ts'),
      '--data',
      data,
      '--json',
    ]);
    let said = '';
    second.stderr.on('data', (text) => (said += text));
    const [code] = await once(second, 'exit');
    const headers = { authorization: `Bearer ${platform.adminToken}` };
    const created = await fetch(`${platform.apiUrl}/v1/customers`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'kept' }),
    });
    const { id } = (await created.json()) as { id: string };
    await platform.stop();
    const again = await startPlatform({ data, proxies: 1 });
    const found = await fetch(`${again.apiUrl}/v1/customers/${id}`, { headers });
    await again.stop();
    rmSync(folder, { recursive: true, force: true });
    expect([code, said.trim(), found.status]).toEqual([2, `another Tollgate runs on ${data}`, 200]);
  });
});

/** @returns what the demo printed */
async function endsInEqualFigures(more: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-demo-test-'));
  const json = join(folder, 'figures.json');
  const main = moduleOf('../../apps/standalone/demo/main.ts');
  const flags = ['--calls', '80', '--data', join(folder, 'data'), '--json', json, ...more];
  const child = spawn(process.execPath, [main, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(output);
  const figures = JSON.parse(readFileSync(json, 'utf8')) as {
    places: Record<string, object>;
    resolved: number;
  };
  rmSync(folder, { recursive: true, force: true });
  const distinct = new Set(Object.values(figures.places).map((place) => JSON.stringify(place)));
  expect([Object.keys(figures.places).length, distinct.size]).toEqual([6, 1]);
  expect(figures.resolved).toBeGreaterThan(0);
  expect(output).toContain("simulator's bill = events = roll-ups = snapshot = invoice = Stripe");
  return output;
}
