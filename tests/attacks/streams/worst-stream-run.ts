/**
 * A proxy as `npm start` runs it under the worst answers that were found, several at once and again and
 * again, next to an honest tenant: how long its event loop was kept, and what the other calls noticed.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { until } from '@tollgate/audit/bill/steps.ts';
import { tollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { startSimulator } from '@tollgate/simulator/start.ts';
import { startPlatform } from '@tollgate/standalone/platform-process.ts';
import { withSimulator } from '@tollgate/standalone/simulator-provider.ts';
import { HONEST_MODELS } from '../product/attacked-house.ts';
import { HonestTenant } from '../product/honest-tenant.ts';
import { type Figures, figuresOf } from '../product/untouched.ts';
import { type LoopBlock, LoopWatch, watchedEnvironment } from './loop-watch.ts';
import type { Recipe } from './recipe.ts';

export type UnderWorst = {
  recipe: string;
  /** Of hostile answers, as far as they came. */
  mib: number;
  block: LoopBlock;
  honest: Figures;
  failures: string[];
};

/** Of the hostile provider's answers, at once. */
const AT_ONCE = 6;

export type WorstHouse = {
  /** Without any hostile answer. */
  quiet(ms: number): Promise<UnderWorst>;
  /** @param index of the recipe */
  under(index: number, ms: number): Promise<UnderWorst>;
  stop(): Promise<void>;
};

export async function openWorstHouse(recipes: readonly Recipe[]): Promise<WorstHouse> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-worst-'));
  const watched = join(folder, 'loops');
  mkdirSync(watched);
  const bill = join(folder, 'bill.jsonl');
  const simulator = await startSimulator({ billPath: bill });
  const provider = fork(new URL('./stream-provider-main.ts', import.meta.url), {
    stdio: 'inherit',
  });
  provider.send(recipes);
  const [{ port }] = (await once(provider, 'message')) as [{ port: number }];
  const config = join(folder, 'tollgate.yaml');
  writeFileSync(config, configText(simulator.url, port, recipes));
  Object.assign(process.env, watchedEnvironment(watched), { TOLLGATE_SIMULATOR_KEY: 'sk-x' });
  const data = join(folder, 'data');
  const platform = await startPlatform({ data, proxies: 1, config, bill });
  delete process.env['NODE_OPTIONS'];
  const api = adminClient(platform.apiUrl, platform.adminToken);
  const issue = async (name: string) => {
    const customer = await api.post<{ id: string }>('/v1/customers', { name });
    return api.post<{ secret: string }>('/v1/keys', { customer_id: customer.id, name });
  };
  const hostile = await issue('hostile');
  const honest = await issue('honest');
  await until('the newest key works', async () => {
    const headers = { authorization: `Bearer ${honest.secret}` };
    return (await fetch(`${platform.proxyUrl}/v1/models`, { headers })).ok;
  });
  const { proxyUrl: url } = platform;
  const tenant = await HonestTenant.start({
    ...{ url, secret: honest.secret, ...HONEST_MODELS, plain: simulator.url },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  await tenant.run();
  const watch = async (recipe: string, work: () => Promise<number>): Promise<UnderWorst> => {
    await tenant.window();
    const loop = new LoopWatch(watched, platform.proxyPids()[0] as number);
    const mib = await work();
    const block = await loop.stop();
    const window = await tenant.window();
    return { recipe, mib, block, honest: figuresOf(window), failures: window.failures };
  };
  return {
    quiet: (ms) => watch('quiet', () => sleep(ms, 0)),
    under(index, ms) {
      const client = { url, secret: hostile.secret, agent };
      return watch((recipes[index] as Recipe).name, () => flood(index, ms, client));
    },
    async stop() {
      await tenant.pause();
      tenant.stop();
      agent.destroy();
      await platform.stop();
      provider.disconnect();
      await simulator.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Client = { url: string; secret: string; agent: Agent };

/** Asks for this answer all the time. @returns how many MiB came */
async function flood(index: number, ms: number, client: Client): Promise<number> {
  const over = AbortSignal.timeout(ms);
  let bytes = 0;
  const ask = async () => {
    while (!over.aborted) bytes += await answer(index, client, over);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  return bytes / 2 ** 20;
}

/** @returns how many bytes of it came */
function answer(index: number, client: Client, over: AbortSignal): Promise<number> {
  const { url, secret, agent } = client;
  const body = JSON.stringify({
    ...{ model: `worst-${index}`, stream: true, max_tokens: 10 },
    messages: [{ role: 'user', content: 'hi' }],
  });
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  return new Promise((resolve) => {
    let bytes = 0;
    const options = { method: 'POST', agent, headers, signal: over };
    const sent = request(`${url}/v1/chat/completions`, options);
    sent.once('error', () => resolve(bytes));
    sent.once('response', (response) => {
      response
        .on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        })
        .once('error', () => resolve(bytes))
        .once('close', () => resolve(bytes));
    });
    sent.end(body);
  });
}

/** JSON is YAML. */
function configText(simulatorUrl: string, port: number, recipes: readonly Recipe[]): string {
  const config = withSimulator(tollgateConfig.parse({}), simulatorUrl);
  const prices = recipes.map((_, index) => ({
    ...{ provider: 'hostile', model: `worst-${index}`, input: '1', output: '1' },
    ...{ context_window: 100_000, max_output_tokens: 1_000 },
  }));
  return JSON.stringify({
    ...config,
    providers: { ...config.providers, hostile: { base_url: `http://127.0.0.1:${port}/v1` } },
    prices: [...config.prices, ...prices],
  });
}
