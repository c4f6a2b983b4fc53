/** A platform whose one proxy speaks every dialect, for clients as they are. */
import { join } from 'node:path';
import { createUpstream } from '@tollgate/adapters/provider/upstream.ts';
import { openSqliteStoredObjects } from '@tollgate/adapters/stored-objects/sqlite-stored-objects.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { proxyLimits } from '@tollgate/proxy/limits.ts';
import type { Provider } from '@tollgate/proxy/routing/deployments.ts';
import { FairGate } from '@tollgate/proxy/routing/fair-gate.ts';
import type { DialectName } from '@tollgate/schemas/config/provider-dialects.ts';
import { NOT_BILLED_STATUSES } from '@tollgate/schemas/config/tollgate-config.ts';
import { openPlatform, until } from '../e2e/platform-house.ts';
import type { Gate } from './client.ts';

export type ClientHouse = {
  gate: Gate & { providerUrl: string };
  /** What the provider has charged, and what the events say, by now: equal, or the test is red. */
  figures(): Promise<{ billed: string; events: string; unknown: number; calls: number }>;
  close(): Promise<void>;
};

export async function openClientHouse(): Promise<ClientHouse> {
  const house = await openPlatform();
  const provider = (name: string, baseUrl: string, dialects: readonly DialectName[]): Provider => ({
    ...{ name, priceProvider: 'simulator', outputLimitField: 'max_tokens', asksForUsage: true },
    upstream: createUpstream({
      ...{ baseUrl, apiKey: 'sk-simulator', connectionsMax: 64 },
      ...{ connectTimeoutMs: 5_000, headersTimeoutMs: 20_000, bodyTimeoutMs: 20_000 },
    }),
    notBilledStatuses: new Set(NOT_BILLED_STATUSES),
    connections: new FairGate(64, proxyLimits.upstreamQueueMs),
    dialects: new Set(dialects),
  });
  const { url: simulator } = house.simulator;
  const [first, google] = [
    provider('simulator', `${simulator}/v1`, ['openai', 'anthropic']),
    provider('google', `${simulator}/v1beta`, ['gemini']),
  ];
  const named = (by: Provider, model: string) => ({
    ...{ provider: by, model, contextWindow: null, maxOutputTokens: null, allowUnpriced: false },
  });
  const routing = {
    providers: [first, google],
    // Some clients decide by a model's name what they ask it for.
    models: new Map([
      ['gpt-4o-mini', named(first, 'sim-small')],
      ['claude-opus-4-5', named(first, 'sim-claude')],
      ['gemini-2.5-flash', named(google, 'sim-gemini')],
    ]),
  };
  const storedObjects = openSqliteStoredObjects({ path: join(house.folder, 'stored.sqlite') });
  const { url } = await house.start(routing, proxyLimits, { storedObjects });
  const customer = await house.customer();
  const [free, budgeted, poor] = [
    ...[await house.key(customer), await house.key(customer), await house.key(customer)],
  ] as const;
  if (free === undefined || budgeted === undefined || poor === undefined) throw new Error('no key');
  await house.budget(budgeted.id, '50.000000000000');
  await house.budget(poor.id, '0.000000000001');
  const steer = async (method: string, knobs?: object) => {
    const headers = { 'content-type': 'application/json' };
    const body = knobs === undefined ? {} : { headers, body: JSON.stringify(knobs) };
    const answer = await fetch(`${simulator}/sim/knobs`, { method, ...body });
    if (!answer.ok) throw new Error(`knobs: ${await answer.text()}`);
  };
  const faults = async () => {
    const answer = await fetch(`${simulator}/sim/status`);
    const status = (await answer.json()) as { unbilled_faults: Record<string, number> };
    return Object.values(status.unbilled_faults).reduce((sum, count) => sum + count, 0);
  };
  const gate = {
    providerUrl: simulator,
    ...{ url, secret: free.secret, budgeted: budgeted.secret, poor: poor.secret },
    async steered<T>(knobs: Readonly<Record<string, string | number>>, run: () => Promise<T>) {
      const before = await faults();
      await steer('POST', knobs);
      try {
        const result = await run();
        const { fault_count: count = 0 } = knobs;
        if ((await faults()) - before !== count) throw new Error('the fault did not strike');
        return result;
      } finally {
        await steer('DELETE');
      }
    },
  };
  return {
    gate,
    async figures() {
      const lines = await house.simulator.bill();
      const sum = lines.reduce((total, { cost }) => total + parseDecimal12(cost), 0n);
      type Row = { id: string; cost: string | null };
      let rows: Row[] = [];
      await until('each line of the bill has its event', async () => {
        rows = await house.warehouse.query<Row>(
          `SELECT id, toDecimalString(cost, 12) AS cost FROM tollgate.usage_events WHERE type = 'attempt'`,
        );
        const ids = new Set(rows.map(({ id }) => id));
        return lines.every(({ attempt_id }) => ids.has(attempt_id ?? ''));
      });
      const byId = new Map(rows.map(({ id, cost }) => [id, cost]));
      // What a client left in the middle is not known yet.
      const known = lines.filter(({ attempt_id }) => byId.get(attempt_id ?? '') != null);
      const ofEvents = known.reduce(
        (total, { attempt_id }) => total + parseDecimal12(byId.get(attempt_id ?? '') as string),
        0n,
      );
      const ofBill = known.reduce((total, { cost }) => total + parseDecimal12(cost), 0n);
      const unknown = lines.length - known.length;
      if (unknown === 0 && ofBill !== sum) throw new Error('the bill does not add up');
      return {
        ...{ billed: formatDecimal12(ofBill), events: formatDecimal12(ofEvents) },
        ...{ unknown, calls: lines.length },
      };
    },
    close: () => house.close(),
  };
}
