/** The product under fault: started with the preloaded points, its customers, keys and budgets. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AdminClient, adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { loadConfig } from '@tollgate/adapters/config/load-config.ts';
import { type BillLine, readBill } from '@tollgate/audit/bill/figures.ts';
import { until } from '@tollgate/audit/bill/steps.ts';
import { tollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { type Started, startPlatform } from '@tollgate/standalone/platform-process.ts';
import { configureProviders } from '@tollgate/standalone/scenario/simulators.ts';
import { type Engines, startEngines } from '../engines/stack.ts';
import { environmentOf, SEAM_PRELOAD } from '../seams/loading.ts';
import { pointEdits } from './points.ts';
import { FailingProviders, routesOf } from './routed.ts';

/** Keys over all customers: on servers there are many, so that every projector has work. */
const KEYS = 30;
const POLICIES = ['drain', 'abort', 'drain'];
const PARTITIONS = 16;
/** Enough for every call of a run; the slices of idle keys go back, so grants happen all the time. */
const AMPLE = '50';
/** A budget that runs out early: from then on it must refuse, whatever dies. */
const TIGHT = '0.020000000000';

/** NODE_OPTIONS of a process of the product under fault. */
export const PRELOADED = `${SEAM_PRELOAD} --import ${new URL('./preload-main.ts', import.meta.url).href}`;

export type ChaosKey = { id: string; secret: string; budgetId: string; limit: string };
export type Customer = { customerId: string; keys: ChaosKey[] };
export type House = {
  platform: Started;
  /** Engines in processes of their own, which outlive the product; null: all embedded. */
  engines: Engines | null;
  /** Each call is repeated while the core is down. */
  api: AdminClient;
  customers: Customer[];
  data: string;
  /** What each provider bills. */
  bills: { provider: string; lines: () => BillLine[] }[];
  /** Null: there is one provider, and calls go by no route. */
  failing: FailingProviders | null;
};

export type HouseOptions = {
  proxies: number;
  projectors: number;
  distributed: boolean;
  /** All that a call by a route may take, ms; null: calls go by none. */
  routeTimeoutMs: number | null;
};

export async function openHouse(folder: string, options: HouseOptions): Promise<House> {
  const { proxies, projectors, routeTimeoutMs } = options;
  const engines = options.distributed
    ? await startEngines({ folder: join(folder, 'engines'), partitions: PARTITIONS, projectors })
    : null;
  const failing = routeTimeoutMs === null ? null : await FailingProviders.start(folder);
  const given = providersOf(folder, engines, failing, routeTimeoutMs);
  process.env['TOLLGATE_CHAOS_FOLDER'] = folder;
  Object.assign(process.env, environmentOf(pointEdits));
  process.env['NODE_OPTIONS'] = PRELOADED;
  const data = join(folder, 'data');
  const platform = await startPlatform({ data, proxies, ...given });
  delete process.env['NODE_OPTIONS'];
  const api = patient(adminClient(platform.apiUrl, platform.adminToken));
  const customers: Customer[] = [];
  const count = options.distributed ? 15 : POLICIES.length;
  for (let index = 0; index < count; index++) {
    const keys = { count: KEYS / count, tight: index < POLICIES.length };
    customers.push(await makeCustomer(api, POLICIES[index % POLICIES.length] as string, keys));
  }
  const last = customers.at(-1)?.keys.at(-1) as ChaosKey;
  await until('the newest key works', async () => {
    const headers = { authorization: `Bearer ${last.secret}` };
    return (await fetch(`${platform.proxyUrl}/v1/models`, { headers })).ok;
  });
  const bills = failing?.providers.map(({ name, bill }) => ({ provider: name, lines: bill })) ?? [
    { provider: 'simulator', lines: () => readBill(platform.bill) },
  ];
  return { platform, engines, api, customers, data, bills, failing };
}

/** What the product is told of them; nothing: it starts the simulator. */
function providersOf(
  folder: string,
  engines: Engines | null,
  failing: FailingProviders | null,
  timeoutMs: number | null,
): { config?: string; bill?: string } {
  if (failing === null || timeoutMs === null) {
    return engines === null ? {} : { config: engines.config };
  }
  const { routes } = tollgateConfig.parse({ routes: routesOf(timeoutMs) });
  const base = engines === null ? tollgateConfig.parse({}) : loadConfig(engines.config);
  const config = configureProviders(folder, { ...base, routes }, failing.providers);
  return { config, bill: failing.providers[0]?.billFile ?? '' };
}

/** All that any provider bills. */
export function billOf({ bills }: House): BillLine[] {
  return bills.flatMap(({ lines }) => lines());
}

async function makeCustomer(
  api: AdminClient,
  onDisconnect: string,
  { count, tight }: { count: number; tight: boolean },
): Promise<Customer> {
  const { id: customerId } = await api.post<{ id: string }>('/v1/customers', {
    name: `chaos, ${onDisconnect}`,
    markup_ppm: 150_000,
  });
  const keys: ChaosKey[] = [];
  for (let index = 0; index < count; index++) {
    const key = await api.post<{ id: string; secret: string }>('/v1/keys', {
      customer_id: customerId,
      name: `key ${index}`,
      environment: 'test',
      on_disconnect: onDisconnect,
    });
    const limit = tight && index === 0 ? TIGHT : AMPLE;
    const scope = { type: 'key', id: key.id };
    const budget = await api.post<{ id: string }>('/v1/budgets', { scope, limit });
    keys.push({ ...key, budgetId: budget.id, limit });
  }
  return { customerId, keys };
}

export type Children = {
  core: number | null;
  projectors: (number | null)[];
  proxies: (number | null)[];
};

/** Process ids, as last written by the supervisor. */
export function childrenOf({ data }: House): Children {
  return JSON.parse(readFileSync(join(data, 'run', 'state.json'), 'utf8')) as Children;
}

/** A dead core is restarted within seconds; requests in between are repeated. */
function patient(api: AdminClient): AdminClient {
  const again = async <T>(work: () => Promise<T>): Promise<T> => {
    const deadlineMs = Date.now() + 60_000;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        const network = error instanceof TypeError;
        if (!network || Date.now() > deadlineMs) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };
  return {
    get: (path) => again(() => api.get(path)),
    post: (path, body) => again(() => api.post(path, body)),
    patch: (path, body) => again(() => api.patch(path, body)),
  };
}
