/**
 * The whole path on the embedded stores in one process, with the simulator as a process of its own:
 * two proxies on one data folder, the projector, closing. The processes of the command line are
 * tested elsewhere; here a test can look into every part.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledgerEventId } from '@tollgate/adapters/ledger/event-ids.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { createUpstream } from '@tollgate/adapters/provider/upstream.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { openEmptyWarehouse } from '@tollgate/adapters/warehouse/testing/empty-warehouse.ts';
import { makeId } from '@tollgate/domain/ids/ids.ts';
import { formatKeySecret } from '@tollgate/domain/key/key-secret.ts';
import { priceListsFromOverrides } from '@tollgate/domain/pricing/from-overrides.ts';
import { startProjector } from '@tollgate/projector/projector.ts';
import { type ProxyLimits, proxyLimits } from '@tollgate/proxy/limits.ts';
import { type ProxyOptions, startProxy } from '@tollgate/proxy/proxy.ts';
import type { Provider } from '@tollgate/proxy/routing/deployments.ts';
import { FairGate } from '@tollgate/proxy/routing/fair-gate.ts';
import { NOT_BILLED_STATUSES } from '@tollgate/schemas/config/tollgate-config.ts';
import { startSimulator } from '@tollgate/simulator/start.ts';
import OpenAI, { type ClientOptions } from 'openai';

const PARTITIONS = 16;
const POLL_PAUSE_MS_MAX = 150;

/** The simulated provider's price list, repeated here and not read from the simulator. */
const SIMULATOR_PRICES = [
  { model: 'sim-small', input: '0.15', cache_read: '0.075', output: '0.60' },
  { model: 'sim-large', input: '2.50', cache_read: '1.25', output: '10.00' },
  { model: 'sim-reasoner', input: '1.10', cache_read: '0.275', output: '4.40' },
  {
    model: 'sim-odd',
    input: '0.0333333',
    cache_read: '0.0166667',
    output: '0.1000001',
    request: '123.456789',
  },
  { model: 'sim-embed', input: '0.02' },
  {
    model: 'sim-claude',
    ...{ input: '3', cache_read: '0.30', cache_write: '3.75', cache_write_1h: '6', output: '15' },
    search: '10000',
  },
  { model: 'sim-moderation', input: '0' },
  {
    model: 'sim-image',
    ...{ input: '5', output: '10', image_input: '10', image_output: '40' },
  },
  {
    model: 'sim-painter',
    image: '40000',
    service_tiers: {
      'image-standard-1024x1024': { image: '40000', tiers: [] },
      'image-standard-1792x1024': { image: '80000', tiers: [] },
      'image-hd-1024x1024': { image: '80000', tiers: [] },
      'image-hd-1792x1024': { image: '120000', tiers: [] },
    },
  },
  { model: 'sim-tts', character: '15' },
  { model: 'sim-voice', input: '0.60', output: '12', audio_output: '12' },
  { model: 'sim-whisper', audio_second: '100' },
  { model: 'sim-transcribe', input: '2.50', output: '10', audio_input: '6' },
  { model: 'sim-gemini', input: '1.25', cache_read: '0.125', output: '10', search: '14000' },
].map((price) => ({
  ...price,
  provider: 'simulator',
  tiers: [],
  context_window: 400_000,
  max_output_tokens: price.model === 'sim-embed' ? 1 : 16_384,
}));

export type PlatformHouse = Awaited<ReturnType<typeof openPlatform>>;

export async function openPlatform() {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-e2e-'));
  const simulator = await startSimulator({ billPath: join(folder, 'bill.jsonl') });
  const path = join(folder, 'log.sqlite');
  const log = await openSqliteLog({ path, topic: 'usage', ordinal: 0, partitions: PARTITIONS });
  const topic = 'dead_letter';
  const deadLetters = await openSqliteLog({ path, topic, ordinal: 0, partitions: PARTITIONS });
  const ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  const warehouse = await openEmptyWarehouse(join(folder, 'warehouse'));
  const secrets = openSecrets(join(folder, 'secrets.json'));
  await publishSimulatorPrices(ledger);
  const messages: string[] = [];
  const say = (fields: object, message: string) =>
    messages.push(`${message} ${(fields as { err?: Error }).err?.stack ?? JSON.stringify(fields)}`);
  const logger = { warn: say, error: say };
  const projector = await startProjector({
    log,
    deadLetters,
    ledger,
    warehouse,
    owner: 'p1',
    logger,
  });

  /** A proxy with these providers, models and routes. */
  const start = async (
    routing: Pick<ProxyOptions, 'providers' | 'models' | 'routes'>,
    limits: ProxyLimits = proxyLimits,
    options: Partial<ProxyOptions> = {},
  ) => {
    const running = await startProxy({
      journalFolder: join(folder, 'journal'),
      ...{ ledger, log, secrets, logger },
      ...routing,
      limits: { ...limits, leaseIdleMs: 1_000 },
      onFatal: (error) => messages.push(`fatal: ${error.message}`),
      ...options,
    });
    const url = await running.app.listen({ port: 0, host: '127.0.0.1' });
    return { ...running, url };
  };

  const proxy = async (
    providerUrl = `${simulator.url}/v1`,
    more: Partial<Provider> = {},
    options: Partial<Parameters<typeof startProxy>[0]> = {},
  ) => {
    const upstream = createUpstream({
      baseUrl: providerUrl,
      apiKey: 'sk-simulator',
      connectionsMax: 256,
      connectTimeoutMs: 2_000,
      headersTimeoutMs: 10_000,
      bodyTimeoutMs: 10_000,
    });
    // The simulator can bill a call and answer 500.
    const notBilledStatuses = new Set(NOT_BILLED_STATUSES.filter((status) => status !== 500));
    const provider = {
      name: 'simulator',
      priceProvider: 'simulator',
      upstream,
      notBilledStatuses,
      outputLimitField: 'max_tokens',
      asksForUsage: true,
      connections: new FairGate(proxyLimits.upstreamConnectionsMax, proxyLimits.upstreamQueueMs),
      ...more,
    };
    const unpriced = {
      provider,
      model: 'sim-unpriced',
      contextWindow: null,
      maxOutputTokens: null,
      allowUnpriced: false,
    };
    const models = new Map([['sim-unpriced', unpriced]]);
    return await start({ providers: [provider], models }, proxyLimits, options);
  };

  const append = (stream: string, type: string, data: object, subject = '') =>
    ledger.append(stream, 'no_stream', [{ id: ledgerEventId(stream, type, subject), type, data }]);

  const budgetOf = async (scope: object, more: object): Promise<string> => {
    const id = makeId('bud', Date.now(), randomBytes(10));
    await append(`budget_definition-${id}`, 'BudgetDefined', {
      ...{ budget_id: id, scope, unit: 'usd', window: 'month', enforcement: 'hard' },
      ...{ basis: 'cost', time_zone: 'UTC' },
      ...more,
    });
    return id;
  };

  return {
    folder,
    simulator,
    log,
    deadLetters,
    ledger,
    warehouse,
    messages,
    start,
    proxy,
    projector,
    closing: { ledger, log, warehouse, clock: Date.now, randomBytes },
    sdk: (url: string, key: string, options: Pick<ClientOptions, 'maxRetries' | 'fetch'> = {}) =>
      new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0, ...options }),

    async customer(markupPpm = 0): Promise<string> {
      const id = makeId('cus', Date.now(), randomBytes(10));
      await append(`customer-${id}`, 'CustomerCreated', {
        customer_id: id,
        external_id: null,
        name: 'A customer',
        time_zone: 'Europe/Berlin',
        currency: 'USD',
        markup_ppm: markupPpm,
      });
      return id;
    },

    async key(customerId: string, onDisconnect: 'drain' | 'abort' = 'drain') {
      const id = makeId('key', Date.now(), randomBytes(10));
      const secret = formatKeySecret('test', randomBytes(32));
      await append(`key-${id}`, 'KeyIssued', {
        ...secrets.digestKey(secret),
        key_id: id,
        customer_id: customerId,
        team_id: null,
        name: 'A key',
        environment: 'test',
        tags: { feature: 'e2e' },
        last_four: secret.slice(-4),
        on_disconnect: onDisconnect,
        expires_at: null,
      });
      return { id, secret };
    },

    budget: (keyId: string, limit: string) => budgetOf({ type: 'key', id: keyId }, { limit }),
    budgetOf,

    /** Waits until every record of the log has its row. */
    async projected(): Promise<void> {
      await until('the projector has applied the log', async () => {
        const ends = await log.ends();
        const total = ends.reduce((sum, end) => sum + end, 0n);
        const [row] = await warehouse.query<{ n: string }>(
          'SELECT count() AS n FROM tollgate.raw_usage',
        );
        return BigInt(row?.n ?? 0) === total;
      });
    },

    async close() {
      await projector.stop();
      await simulator.stop();
      await Promise.all([log.close(), deadLetters.close(), ledger.close(), warehouse.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function publishSimulatorPrices(ledger: Ledger): Promise<void> {
  for (const data of priceListsFromOverrides(SIMULATOR_PRICES, () => 'test-1')) {
    const stream = `price_book-${data.provider}.${data.source}`;
    const type = 'PriceVersionPublished';
    const id = ledgerEventId(stream, type, data.version);
    await ledger.append(stream, 'no_stream', [{ id, type, data }]);
  }
}

/**
 * Polls, with a deadline that only a defect reaches. More and more slowly: what is asked for shares two
 * cores with what it waits for, and an answer of the warehouse takes longer than the first pause.
 */
export async function until(what: string, done: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  let pauseMs = 20;
  while (!(await done())) {
    if (performance.now() > deadlineMs) throw new Error(`not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pauseMs = Math.min(POLL_PAUSE_MS_MAX, pauseMs * 1.5);
  }
}
