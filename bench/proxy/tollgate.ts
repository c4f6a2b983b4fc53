/** Tollgate as a subject: proxies behind one port, on a data folder that has a key with a hard budget. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AdminClient, adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { type StartOptions, type Subject, start } from '../harness/process.ts';

export type Tollgate = { subjects: Subject[]; secret: string };

export type TollgateOptions = {
  /** The tree whose product it is. */
  root: string;
  proxies: number;
  nodeArgs: readonly string[];
};

/** A data folder in which an operator has made what the measurement needs. */
export type Prepared<T> = { config: string; env: NodeJS.ProcessEnv; made: T };

/**
 * Runs the whole product, for as long as `make` takes to make keys as an operator would.
 *
 * @param more of the configuration
 */
export async function prepareTollgate<T>(
  folder: string,
  upstreamUrl: string,
  root: string,
  make: (api: AdminClient) => Promise<T>,
  more: object = {},
): Promise<Prepared<T>> {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'tollgate.json');
  const data = join(folder, 'data');
  const settings = {
    data,
    providers: { bench: { base_url: `${upstreamUrl}/v1`, api_key: { env: 'BENCH_PROVIDER_KEY' } } },
    models: { 'bench-small': { provider: 'bench', max_output_tokens: 4096 } },
    prices: [{ provider: 'bench', model: 'bench-small', input: '0.15', output: '0.60' }],
    ...more,
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
  const { api_url, admin_token } = platform.ready;
  const made = await make(adminClient(api_url ?? '', admin_token ?? ''));
  await platform.stop();
  return { config, env, made };
}

/** A proxy by itself on what was prepared. */
export async function startProxyOn(
  { config, env }: Pick<Prepared<unknown>, 'config' | 'env'>,
  { root, nodeArgs }: Pick<TollgateOptions, 'root' | 'nodeArgs'>,
  port: string,
  hear?: StartOptions['hear'],
): Promise<Subject> {
  return start({
    name: 'tollgate',
    command: process.execPath,
    args: [...nodeArgs, join(root, 'apps/proxy/main.ts'), ...['--config', config, '--port', port]],
    env,
    ready: (line) => (line.includes('the proxy listens') ? JSON.parse(line) : null),
    ...(hear === undefined ? {} : { hear }),
  });
}

export async function startTollgate(
  folder: string,
  upstreamUrl: string,
  options: TollgateOptions,
): Promise<Tollgate> {
  const prepared = await prepareTollgate(folder, upstreamUrl, options.root, createKey);
  const first = await startProxyOn(prepared, options, '0');
  const { port } = new URL(first.ready['url'] ?? '');
  const others = Array.from({ length: options.proxies - 1 }, () =>
    startProxyOn(prepared, options, port),
  );
  return { subjects: [first, ...(await Promise.all(others))], secret: prepared.made };
}

export async function createKey(api: AdminClient): Promise<string> {
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
