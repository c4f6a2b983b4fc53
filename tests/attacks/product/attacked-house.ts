/**
 * The product under attack: one proxy, the meter and the billing API as `npm start` runs them, a
 * simulated provider and a hostile one, the honest tenant's key and the attackers' keys.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AdminClient, adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { until } from '@tollgate/audit/bill/steps.ts';
import { formatKeySecret } from '@tollgate/domain/key/key-secret.ts';
import { tollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { startSimulator } from '@tollgate/simulator/start.ts';
import { type Started, startPlatform } from '@tollgate/standalone/platform-process.ts';
import { withSimulator } from '@tollgate/standalone/simulator-provider.ts';
import { HOSTILE_MODELS, startHostileProvider } from './hostile-provider.ts';

/** Nobody but the honest tenant calls these, so that the provider's bill tells who pays. */
export const HONEST_MODELS = { call: 'sim-large', stream: 'sim-odd' } as const;
/** Of the attackers' calls that are served. */
export const ATTACKERS_MODEL = 'sim-small';

export type AttackedKey = { id: string; secret: string; customerId: string; budgetId: string };

export type AttackedHouse = {
  platform: Started;
  /** The simulated provider's own address. */
  providerUrl: string;
  api: AdminClient;
  data: string;
  honest: AttackedKey;
  /** An attacker whose every request must be refused: this key may never be charged anything. */
  stranger: AttackedKey;
  /** Attackers' calls that reach a provider, and are charged. */
  caller: AttackedKey;
  /** Cannot pay for anything. */
  poor: AttackedKey;
  revoked: AttackedKey;
  /** Well formed, and of nobody. */
  unknownSecret: string;
  /** No answer and no log line may have one of these in it. */
  secrets(): string[];
  stop(): Promise<void>;
};

const HOSTILE_KEY = 'sk-hostile-provider';
const SIMULATOR_KEY = 'sk-simulator-of-the-attacks';

export async function openAttackedHouse(folder: string): Promise<AttackedHouse> {
  mkdirSync(folder, { recursive: true });
  const bill = join(folder, 'bill.jsonl');
  const simulator = await startSimulator({ billPath: bill });
  const provider = await startHostileProvider();
  process.env['TOLLGATE_SIMULATOR_KEY'] = SIMULATOR_KEY;
  process.env['TOLLGATE_HOSTILE_KEY'] = HOSTILE_KEY;
  const data = join(folder, 'data');
  const config = join(folder, 'tollgate.yaml');
  writeFileSync(config, configText(simulator.url, provider.url));
  const platform = await startPlatform({ data, proxies: 1, config, bill });
  const api = adminClient(platform.apiUrl, platform.adminToken);
  const honest = await makeKey(api, 'honest', '5');
  const stranger = await makeKey(api, 'stranger', '1');
  const caller = await makeKey(api, 'caller', '50', stranger.customerId);
  const poor = await makeKey(api, 'poor', '0.000000000001', stranger.customerId);
  const revoked = await makeKey(api, 'revoked', '1', stranger.customerId);
  await api.post(`/v1/keys/${revoked.id}/revoke`, {});
  const unknownSecret = formatKeySecret('live', randomBytes(32));
  await until('the newest key works', async () => {
    const headers = { authorization: `Bearer ${poor.secret}` };
    return (await fetch(`${platform.proxyUrl}/v1/models`, { headers })).ok;
  });
  const keys = [honest, stranger, caller, poor, revoked].map(({ secret }) => secret);
  return {
    providerUrl: simulator.url,
    ...{ platform, api, data, honest, stranger, caller, poor, revoked, unknownSecret },
    secrets: () => [
      // The random part alone is the secret.
      ...[...keys, unknownSecret].map((secret) => secret.slice(8, -6)),
      ...[platform.adminToken, HOSTILE_KEY, SIMULATOR_KEY],
      ...Object.values(
        JSON.parse(readFileSync(join(data, 'secrets.json'), 'utf8')) as Record<string, unknown>,
      ).filter((value): value is string => typeof value === 'string' && value.length > 16),
    ],
    async stop() {
      await platform.stop();
      await simulator.stop();
      await provider.close();
    },
  };
}

/** JSON is YAML. */
function configText(simulatorUrl: string, hostileUrl: string): string {
  const config = withSimulator(tollgateConfig.parse({}), simulatorUrl);
  const hostile = HOSTILE_MODELS.map((model) => ({
    ...{ provider: 'hostile', model, input: '10', output: '10' },
    ...{ context_window: 100_000, max_output_tokens: 1_000 },
  }));
  return JSON.stringify({
    ...config,
    providers: {
      ...config.providers,
      hostile: { base_url: `${hostileUrl}/v1`, api_key: { env: 'TOLLGATE_HOSTILE_KEY' } },
    },
    prices: [...config.prices, ...hostile],
  });
}

/** Of a new customer, or of this one, with a hard budget. */
async function makeKey(
  api: AdminClient,
  name: string,
  limit: string,
  customer?: string,
): Promise<AttackedKey> {
  const customerId =
    customer ?? (await api.post<{ id: string }>('/v1/customers', { name, markup_ppm: 150_000 })).id;
  const key = await api.post<{ id: string; secret: string }>('/v1/keys', {
    ...{ customer_id: customerId, name, environment: 'test' },
  });
  const scope = { type: 'key', id: key.id };
  const budget = await api.post<{ id: string }>('/v1/budgets', { scope, limit });
  return { id: key.id, secret: key.secret, customerId, budgetId: budget.id };
}
