/**
 * The control plane on its stores: it publishes the configured prices, serves the API and resolves
 * unknown attempts. The core process and the separate billing API both start it here.
 */
import { randomBytes } from 'node:crypto';
import { readCatalogue } from '@tollgate/adapters/catalogue/genai-prices.ts';
import type { HttpSettings } from '@tollgate/adapters/config/http-settings.ts';
import { sha256Hex } from '@tollgate/adapters/digest/sha256.ts';
import { ecbRates } from '@tollgate/adapters/exchange-rates/ecb.ts';
import { checkedLedger } from '@tollgate/adapters/ledger/checked-ledger.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { RunningProcess } from '@tollgate/adapters/ledger/process-manager.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import type { PayloadStore } from '@tollgate/adapters/payloads/payloads.ts';
import type { Secrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { openReplayKeys } from '@tollgate/adapters/secrets/replay-keys.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { destinations } from '@tollgate/adapters/webhooks/destinations.ts';
import { createWebhookSender } from '@tollgate/adapters/webhooks/webhook-sender.ts';
import { ID_RANDOM_BYTES, makeId } from '@tollgate/domain/ids/ids.ts';
import { priceListsFromOverrides } from '@tollgate/domain/pricing/from-overrides.ts';
import { type PriceVersionPublished, priceBookStream } from '@tollgate/domain/pricing/price.ts';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { AlarmWatch } from './alarms/alarm-watch.ts';
import { type BillingApi, buildApi } from './app.ts';
import type { ApiContext, ApiDeps } from './context.ts';
import { startRateFetcher } from './exchange-rates/rate-fetcher.ts';
import { startDunning } from './payments/dunning.ts';
import type { PaymentDeps } from './payments/payment-deps.ts';
import { publishPrices } from './price-book/publish-prices.ts';
import { startResolver } from './reconciliation/resolver.ts';
import { DeliveryRun } from './webhooks/delivery-run.ts';
import { messageOf } from './webhooks/message.ts';

export type BillingOptions = {
  ledger: Ledger;
  log: Log;
  warehouse: Warehouse;
  secrets: Secrets;
  /** Folder of the keys that secrets are derived from; null: they end with the process. */
  replayFolder: string | null;
  logger: { error(fields: object, message: string): void };
  health: ApiDeps['health'];
  /** What /metrics answers. Default: what the API measures. */
  metrics?: () => Promise<string>;
  topicPrefix?: string | undefined;
  /** Names, addresses and networks that webhooks may lead to, besides public ones. */
  webhooksAllow?: readonly string[];
  /** Who is asked for exchange rates. Default: nobody. */
  exchangeRates?: TollgateConfig['exchange_rates'];
  /** Those that the configuration names. Default: none. */
  models?: ApiDeps['models'];
  /** Default: nobody sells. */
  invoicing?: ApiDeps['invoicing'];
  /** Default: any name is answered, and no token is asked for. */
  http?: HttpSettings | undefined;
  /** Where invoices are exported to. Default: nowhere. */
  payments?: PaymentDeps | undefined;
  /** Closed with it. Default: no payloads are kept. */
  payloads?: PayloadStore | undefined;
};

/** Before any proxy starts: none of them serves a model without a price (I8). */
export async function publishConfiguredPrices(
  ledger: Ledger,
  config: TollgateConfig,
): Promise<void> {
  const fingerprint = sha256Hex(JSON.stringify(config.prices));
  const version = (provider: string) => `config-${fingerprint.slice(0, 12)}-${provider}`;
  const lists = priceListsFromOverrides(config.prices, version);
  await publishPrices(ledger, [
    ...(await readCatalogue()),
    ...lists,
    ...(await withdrawn(ledger, config, lists, version)),
  ]);
}

/**
 * A list stays in force until another replaces it, so a list that left the file gets an empty one.
 */
async function withdrawn(
  ledger: Ledger,
  config: TollgateConfig,
  lists: readonly PriceVersionPublished['data'][],
  version: (provider: string) => string,
): Promise<PriceVersionPublished['data'][]> {
  const stated = new Set(lists.map(({ provider }) => provider));
  const priced = Object.entries(config.providers).map(([name, entry]) => entry.catalogue ?? name);
  const empty: PriceVersionPublished['data'][] = [];
  for (const provider of new Set(priced)) {
    if (stated.has(provider)) continue;
    const [earlier] = await ledger.read(priceBookStream(provider, 'config'), { limit: 1 });
    if (earlier === undefined) continue;
    const fields = { source: 'config', effective_from: null, models: [] } as const;
    empty.push({ ...fields, models: [], provider, version: version(provider) });
  }
  return empty;
}

/** The warehouse must have its tables. */
export async function startBilling(
  options: BillingOptions,
): Promise<Pick<BillingApi, 'app' | 'families' | 'stop'>> {
  const { log, warehouse, logger, secrets, health, metrics, topicPrefix, http } = options;
  const ledger = checkedLedger(options.ledger);
  const replayKeys = openReplayKeys(options.replayFolder, Date.now);
  const onError = (message: string, err: unknown) => logger.error({ err }, message);
  const api = await buildApi({
    destinations: destinations(options.webhooksAllow ?? []),
    ledger,
    log,
    warehouse,
    secrets,
    replayKeys,
    clock: Date.now,
    randomBytes: (length) => randomBytes(length),
    onError,
    health,
    payloads: options.payloads,
    payments: options.payments,
    invoicing: options.invoicing,
    ...http,
    ...(metrics === undefined ? {} : { metrics }),
    ...(topicPrefix === undefined ? {} : { topicPrefix }),
    ...(options.models === undefined ? {} : { models: options.models }),
  });
  const { limits, directory } = api.context;
  const resolver = startResolver({
    ledger,
    log,
    warehouse,
    imports: () => directory.imports.all().map(({ state }) => state),
    pollMs: limits.resolverIdleMs,
    batchEvents: limits.resolverBatchEvents,
    onError,
  });
  const fetcher = startFetcher(options, api.context);
  const runId = makeId('run', Date.now(), randomBytes(ID_RANDOM_BYTES));
  const watch = startAlarmWatch(api.context, runId);
  const deliveries = startDeliveries(api.context, runId);
  const dunning = startDunningOf(api.context);
  return {
    app: api.app,
    families: api.families,
    async stop() {
      await api.stop();
      await resolver.stop();
      await Promise.all([watch.stop(), deliveries.stop(), dunning?.stop()]);
      await fetcher?.stop();
      await Promise.all([watch.stop(), deliveries.stop()]);
      replayKeys.close();
      await options.payloads?.close();
    },
  };
}

/** The only source that there is. */
function startFetcher({ exchangeRates }: BillingOptions, { ledger, limits, onError }: ApiContext) {
  if (exchangeRates === undefined) return undefined;
  const pace = {
    everyMs: limits.ratesEveryMs,
    retryMs: limits.ratesRetryMs,
    ledgerPageEvents: limits.ledgerPageEvents,
  };
  return startRateFetcher({ source: ecbRates(exchangeRates.url), ledger, pace, onError });
}

function startAlarmWatch(context: ApiContext, runId: string): AlarmWatch {
  const { ledger, warehouse, directory, limits, onError } = context;
  const watch = new AlarmWatch({
    ...{ ledger, warehouse, directory, limits, onError, runId },
    ...{ index: context.alarms, stats: context.alarmStats, clock: Date.now },
  });
  watch.start();
  return watch;
}

/** @returns undefined where nothing is exported */
function startDunningOf(context: ApiContext): RunningProcess | undefined {
  const { ledger, directory, exports, limits, onError, clock, payments } = context;
  if (payments === undefined) return undefined;
  const { suspendAfterMs } = payments;
  return startDunning({ ledger, directory, exports, limits, onError, clock, suspendAfterMs });
}

function startDeliveries(context: ApiContext, runId: string): { stop(): Promise<void> } {
  const { ledger, limits, alarms, alarmStats, secrets, directory, onError } = context;
  const sender = createWebhookSender({
    destinations: context.destinations,
    timeoutMs: limits.webhookTimeoutMs,
    answerBytesMax: limits.webhookAnswerBytesMax,
  });
  const run = new DeliveryRun({
    ...{ ledger, sender, secrets, runId, limits, onError },
    ...{ index: alarms, stats: alarmStats, clock: Date.now, random: Math.random },
    bodyOf: (item) => messageOf(item, directory),
  });
  run.start();
  return {
    async stop() {
      await run.stop();
      await sender.close();
    },
  };
}
