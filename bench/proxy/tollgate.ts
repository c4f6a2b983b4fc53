/** Tollgate as a subject: proxies behind one port, on a data folder that has a key with a hard budget. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { type Subject, start } from '../harness/process.ts';

export type Tollgate = { subjects: Subject[]; secret: string };

export type TollgateOptions = {
  /** The tree whose product it is. */
  root: string;
  proxies: number;
  nodeArgs: readonly string[];
};

/** The whole product first, to make the key as an operator would; then its proxies by themselves. */
export async function startTollgate(
  folder: string,
  upstreamUrl: string,
  { root, proxies, nodeArgs }: TollgateOptions,
): Promise<Tollgate> {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'tollgate.json');
  const data = join(folder, 'data');
  const settings = {
    data,
    providers: { bench: { base_url: `${upstreamUrl}/v1`, api_key: { env: 'BENCH_PROVIDER_KEY' } } },
    models: { 'bench-small': { provider: 'bench', max_output_tokens: 4096 } },
    prices: [{ provider: 'bench', model: 'bench-small', input: '0.15', output: '0.60' }],
  };
  writeFileSync(config, JSON.stringify(settings));
  const env = { ...process.env, BENCH_PROVIDER_KEY: 'bench', UV_THREADPOOL_SIZE: '16' };
  const platform = await start({
    name: 'platform',
    command: process.execPath,
    args: [
      join(root, 'apps/standalone/main.ts'),
      ...['--config', config, '--json', '--proxy-port', '0', '--api-port', '0'],
    ],
    env,
  });
  const secret = await createKey(platform.ready);
  await platform.stop();
  const proxyOn = (port: string) =>
    start({
      name: 'tollgate',
      command: process.execPath,
      args: [...nodeArgs, join(root, 'apps/proxy/main.ts'), '--config', config, '--port', port],
      env,
      ready: (line) => (line.includes('the proxy listens') ? JSON.parse(line) : null),
    });
  const first = await proxyOn('0');
  const { port } = new URL(first.ready['url'] ?? '');
  const others = Array.from({ length: proxies - 1 }, () => proxyOn(port));
  return { subjects: [first, ...(await Promise.all(others))], secret };
}

async function createKey(ready: Record<string, string>): Promise<string> {
  const api = adminClient(ready['api_url'] ?? '', ready['admin_token'] ?? '');
  const customer = await api.post<{ id: string }>('/v1/customers', { name: 'bench' });
  const key = await api.post<{ id: string; secret: string }>('/v1/keys', {
    customer_id: customer.id,
    name: 'bench',
    environment: 'test',
  });
  const scope = { type: 'key', id: key.id };
  await api.post('/v1/budgets', { scope, limit: '1000000' });
  return key.secret;
}
